-- The first schema: catalog, accounts, licenses, machines, sign-in, outbox, audit, rate limits.
-- Expand step; nothing existed before. Times are microseconds since the Unix epoch, UTC. Ids are
-- UUID version 7. The SQLite file of the same number says the same.

-- One row: what tells whether a process holds the master secret that this database was made with.
CREATE TABLE instance (
    id           BIGINT NOT NULL CONSTRAINT pk_instance PRIMARY KEY,
    secret_check BYTEA NOT NULL,
    created_at   BIGINT NOT NULL,
    CONSTRAINT ck_instance_id CHECK (id = 1),
    CONSTRAINT ck_instance_secret_check CHECK (octet_length(secret_check) = 32)
);

CREATE TABLE accounts (
    id          UUID    NOT NULL CONSTRAINT pk_accounts PRIMARY KEY,
    email       TEXT    NOT NULL,
    name        TEXT,
    role        TEXT    NOT NULL,
    disabled_at BIGINT,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    CONSTRAINT ck_accounts_email CHECK (length(email) BETWEEN 3 AND 254 AND email = lower(email)),
    CONSTRAINT ck_accounts_role CHECK (role IN ('customer', 'support', 'admin')),
    CONSTRAINT uq_accounts_email UNIQUE (email)
);

CREATE TABLE products (
    id         UUID    NOT NULL CONSTRAINT pk_products PRIMARY KEY,
    code       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    key_prefix TEXT    NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT ck_products_key_prefix CHECK (length(key_prefix) BETWEEN 2 AND 8),
    CONSTRAINT uq_products_code UNIQUE (code)
);

CREATE TABLE entitlements (
    id         UUID    NOT NULL CONSTRAINT pk_entitlements PRIMARY KEY,
    code       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT uq_entitlements_code UNIQUE (code)
);

CREATE TABLE policies (
    id                 UUID    NOT NULL CONSTRAINT pk_policies PRIMARY KEY,
    product_id         UUID    NOT NULL CONSTRAINT fk_policies_product REFERENCES products (id),
    code               TEXT    NOT NULL,
    name               TEXT    NOT NULL,
    duration_us        BIGINT,
    max_machines       BIGINT,
    is_floating        BOOLEAN NOT NULL,
    is_strict          BOOLEAN NOT NULL,
    expiry_strategy    TEXT    NOT NULL,
    overage_strategy   TEXT    NOT NULL,
    requires_heartbeat BOOLEAN NOT NULL,
    heartbeat_us       BIGINT NOT NULL,
    heartbeat_cull     TEXT    NOT NULL,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    CONSTRAINT ck_policies_duration CHECK (duration_us > 0),
    CONSTRAINT ck_policies_max_machines CHECK (max_machines BETWEEN 0 AND 2147483647),
    CONSTRAINT ck_policies_node_locked CHECK (is_floating OR max_machines = 1),
    CONSTRAINT ck_policies_heartbeat CHECK (heartbeat_us >= 60000000),
    CONSTRAINT ck_policies_expiry CHECK (
        expiry_strategy IN ('RESTRICT_ACCESS', 'REVOKE_ACCESS', 'MAINTAIN_ACCESS', 'ALLOW_ACCESS')
    ),
    CONSTRAINT ck_policies_overage CHECK (
        overage_strategy IN ('NO_OVERAGE', 'ALLOW_1_25X', 'ALLOW_1_5X', 'ALLOW_2X', 'ALWAYS_ALLOW')
    ),
    CONSTRAINT ck_policies_cull CHECK (heartbeat_cull IN ('DEACTIVATE_DEAD', 'KEEP_DEAD')),
    CONSTRAINT uq_policies_code UNIQUE (code),
    CONSTRAINT uq_policies_product UNIQUE (id, product_id)
);

CREATE TABLE policy_entitlements (
    policy_id      UUID NOT NULL CONSTRAINT fk_policy_entitlements_policy REFERENCES policies (id),
    entitlement_id UUID NOT NULL CONSTRAINT fk_policy_entitlements_entitlement REFERENCES entitlements (id),
    CONSTRAINT pk_policy_entitlements PRIMARY KEY (policy_id, entitlement_id)
);

-- A license's product is its policy's product: the pair is one foreign key.
CREATE TABLE licenses (
    id                UUID    NOT NULL CONSTRAINT pk_licenses PRIMARY KEY,
    account_id        UUID    NOT NULL CONSTRAINT fk_licenses_account REFERENCES accounts (id),
    product_id        UUID    NOT NULL,
    policy_id         UUID    NOT NULL,
    key_ciphertext    BYTEA    NOT NULL,
    key_lookup        BYTEA    NOT NULL,
    key_prefix        TEXT    NOT NULL,
    key_tail          TEXT    NOT NULL,
    suspended_at      BIGINT,
    revoked_at        BIGINT,
    expires_at        BIGINT,
    max_machines      BIGINT,
    last_validated_at BIGINT,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    CONSTRAINT ck_licenses_key_lookup CHECK (octet_length(key_lookup) = 32),
    CONSTRAINT ck_licenses_standing CHECK (suspended_at IS NULL OR revoked_at IS NULL),
    CONSTRAINT ck_licenses_max_machines CHECK (max_machines BETWEEN 0 AND 2147483647),
    CONSTRAINT fk_licenses_policy FOREIGN KEY (policy_id, product_id) REFERENCES policies (id, product_id),
    CONSTRAINT uq_licenses_key UNIQUE (key_lookup)
);

CREATE INDEX ix_licenses_account ON licenses (account_id, id);

CREATE TABLE license_entitlements (
    license_id     UUID NOT NULL CONSTRAINT fk_license_entitlements_license REFERENCES licenses (id),
    entitlement_id UUID NOT NULL CONSTRAINT fk_license_entitlements_entitlement REFERENCES entitlements (id),
    CONSTRAINT pk_license_entitlements PRIMARY KEY (license_id, entitlement_id)
);

-- A row stays when its machine is deactivated. A fingerprint may be long, so its hash is indexed.
-- An active machine holds a numbered slot; the index makes a second holder impossible.
CREATE TABLE machines (
    id                UUID    NOT NULL CONSTRAINT pk_machines PRIMARY KEY,
    license_id        UUID    NOT NULL CONSTRAINT fk_machines_license REFERENCES licenses (id),
    slot              BIGINT NOT NULL,
    fingerprint       TEXT    NOT NULL,
    fingerprint_hash  BYTEA    NOT NULL,
    name              TEXT,
    hostname          TEXT,
    platform          TEXT,
    cores             BIGINT,
    app_version       TEXT,
    metadata          TEXT    NOT NULL,
    last_heartbeat_at BIGINT,
    last_seen_at      BIGINT NOT NULL,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    deactivated_at    BIGINT,
    deactivated_by    TEXT,
    CONSTRAINT ck_machines_slot CHECK (slot BETWEEN 1 AND 2147483647),
    CONSTRAINT ck_machines_fingerprint CHECK (length(fingerprint) >= 1 AND octet_length(fingerprint_hash) = 32),
    CONSTRAINT ck_machines_deactivated CHECK ((deactivated_at IS NULL) = (deactivated_by IS NULL)),
    CONSTRAINT ck_machines_deactivated_by CHECK (deactivated_by IN ('app', 'customer', 'admin', 'server'))
);

CREATE UNIQUE INDEX uq_machines_active_fingerprint ON machines (license_id, fingerprint_hash) WHERE deactivated_at IS NULL;
CREATE UNIQUE INDEX uq_machines_active_slot ON machines (license_id, slot) WHERE deactivated_at IS NULL;

-- What is kept of the secrets of a sign-in cannot be replayed: hashes of the token and of the asking
-- browser's cookie, a keyed hash of the code. A request made on the host has a token alone.
CREATE TABLE login_requests (
    id            UUID    NOT NULL CONSTRAINT pk_login_requests PRIMARY KEY,
    kind          TEXT    NOT NULL,
    account_id    UUID    CONSTRAINT fk_login_requests_account REFERENCES accounts (id),
    email         TEXT    NOT NULL,
    token_hash    BYTEA    NOT NULL,
    code_hash     BYTEA,
    browser_hash  BYTEA,
    next_path     TEXT,
    tries         BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    used_at       BIGINT,
    superseded_at BIGINT,
    CONSTRAINT ck_login_requests_kind CHECK (
        (kind = 'browser' AND code_hash IS NOT NULL AND browser_hash IS NOT NULL)
        OR (kind = 'host' AND code_hash IS NULL AND browser_hash IS NULL AND account_id IS NOT NULL)
    ),
    CONSTRAINT ck_login_requests_hashes CHECK (octet_length(token_hash) = 32 AND octet_length(code_hash) = 32 AND octet_length(browser_hash) = 32),
    CONSTRAINT ck_login_requests_tries CHECK (tries BETWEEN 0 AND 5),
    CONSTRAINT ck_login_requests_used CHECK (used_at IS NULL OR superseded_at IS NULL),
    CONSTRAINT uq_login_requests_token UNIQUE (token_hash),
    CONSTRAINT uq_login_requests_browser UNIQUE (browser_hash)
);

CREATE INDEX ix_login_requests_email ON login_requests (email);
CREATE INDEX ix_login_requests_expires ON login_requests (expires_at);

CREATE TABLE sessions (
    id               UUID    NOT NULL CONSTRAINT pk_sessions PRIMARY KEY,
    token_hash       BYTEA    NOT NULL,
    account_id       UUID    NOT NULL CONSTRAINT fk_sessions_account REFERENCES accounts (id),
    assurance        BIGINT NOT NULL,
    agent            TEXT    NOT NULL,
    network          TEXT    NOT NULL,
    authenticated_at BIGINT NOT NULL,
    last_seen_at     BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    CONSTRAINT ck_sessions_token_hash CHECK (octet_length(token_hash) = 32),
    CONSTRAINT ck_sessions_assurance CHECK (assurance IN (1, 2)),
    CONSTRAINT uq_sessions_token UNIQUE (token_hash)
);

CREATE INDEX ix_sessions_account ON sessions (account_id);
CREATE INDEX ix_sessions_expires ON sessions (expires_at);

-- The payload is encrypted, because it holds sign-in secrets, and is erased once the mail is gone.
CREATE TABLE outbox (
    id              UUID    NOT NULL CONSTRAINT pk_outbox PRIMARY KEY,
    kind            TEXT    NOT NULL,
    recipient       TEXT    NOT NULL,
    payload         BYTEA,
    attempts        BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    sent_at         BIGINT,
    failed_at       BIGINT,
    last_error      TEXT,
    created_at      BIGINT NOT NULL,
    CONSTRAINT ck_outbox_attempts CHECK (attempts >= 0),
    CONSTRAINT ck_outbox_done CHECK (sent_at IS NULL OR failed_at IS NULL),
    CONSTRAINT ck_outbox_payload CHECK ((payload IS NULL) = (sent_at IS NOT NULL OR failed_at IS NOT NULL))
);

CREATE INDEX ix_outbox_due ON outbox (next_attempt_at) WHERE sent_at IS NULL AND failed_at IS NULL;

CREATE TABLE audit_log (
    id           UUID    NOT NULL CONSTRAINT pk_audit_log PRIMARY KEY,
    at           BIGINT NOT NULL,
    actor_kind   TEXT    NOT NULL,
    actor_id     TEXT,
    verb         TEXT    NOT NULL,
    subject_kind TEXT    NOT NULL,
    subject_id   TEXT    NOT NULL,
    detail       TEXT    NOT NULL,
    CONSTRAINT ck_audit_log_actor CHECK (actor_kind IN ('host', 'visitor', 'customer', 'support', 'admin', 'app', 'server'))
);

CREATE INDEX ix_audit_log_subject ON audit_log (subject_kind, subject_id, id);

CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is append-only';
END
$$;

CREATE TRIGGER tr_audit_log_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();

-- GCRA: one number a bucket, the theoretical arrival time of the next request.
CREATE TABLE rate_limits (
    bucket TEXT    NOT NULL CONSTRAINT pk_rate_limits PRIMARY KEY,
    tat    BIGINT NOT NULL
);

CREATE INDEX ix_rate_limits_tat ON rate_limits (tat);
