-- Passkeys as a second factor for support agents and admins, and for signing in. Expand step. The SQLite file with the same
-- number does the same.

-- What is needed to verify signatures of an authenticator. The private key never leaves it.
CREATE TABLE passkeys (
    id            UUID    NOT NULL CONSTRAINT pk_passkeys PRIMARY KEY,
    account_id    UUID    NOT NULL CONSTRAINT fk_passkeys_account REFERENCES accounts (id),
    credential_id BYTEA   NOT NULL,
    credential    TEXT    NOT NULL,
    sign_count    BIGINT  NOT NULL,
    name          TEXT    NOT NULL,
    created_at    BIGINT  NOT NULL,
    last_used_at  BIGINT,
    CONSTRAINT ck_passkeys_sign_count CHECK (sign_count >= 0),
    CONSTRAINT uq_passkeys_credential UNIQUE (credential_id)
);

CREATE INDEX ix_passkeys_account ON passkeys (account_id, id);

-- SHA-256 hashes of codes with at least 112 random bits, each of which can replace a passkey once.
CREATE TABLE recovery_codes (
    code_hash  BYTEA   NOT NULL CONSTRAINT pk_recovery_codes PRIMARY KEY,
    account_id UUID    NOT NULL CONSTRAINT fk_recovery_codes_account REFERENCES accounts (id),
    created_at BIGINT  NOT NULL,
    used_at    BIGINT,
    CONSTRAINT ck_recovery_codes_hash CHECK (octet_length(code_hash) = 32)
);

CREATE INDEX ix_recovery_codes_account ON recovery_codes (account_id);

-- Challenges that authenticators have yet to sign. A session has one for each purpose. A browser that is not signed in has
-- one for signing in, found by the hash of its cookie.
CREATE TABLE passkey_ceremonies (
    id           UUID    NOT NULL CONSTRAINT pk_passkey_ceremonies PRIMARY KEY,
    purpose      TEXT    NOT NULL,
    account_id   UUID    CONSTRAINT fk_passkey_ceremonies_account REFERENCES accounts (id),
    session_id   UUID    CONSTRAINT fk_passkey_ceremonies_session REFERENCES sessions (id) ON DELETE CASCADE,
    browser_hash BYTEA,
    state        TEXT    NOT NULL,
    expires_at   BIGINT  NOT NULL,
    CONSTRAINT ck_passkey_ceremonies_purpose CHECK (
        (purpose IN ('enroll', 'confirm') AND account_id IS NOT NULL AND session_id IS NOT NULL AND browser_hash IS NULL)
        OR (purpose = 'sign_in' AND account_id IS NULL AND session_id IS NULL AND browser_hash IS NOT NULL)
    ),
    CONSTRAINT uq_passkey_ceremonies_session UNIQUE (session_id, purpose),
    CONSTRAINT uq_passkey_ceremonies_browser UNIQUE (browser_hash)
);

CREATE INDEX ix_passkey_ceremonies_expires ON passkey_ceremonies (expires_at);

-- When the second factor was presented. A session has it exactly if its assurance is 2.
ALTER TABLE sessions ADD COLUMN second_factor_at BIGINT;

-- Until when the session may enroll the first passkey of a support agent or admin: it was opened with a link from the host.
ALTER TABLE sessions ADD COLUMN may_enroll_until BIGINT;
