-- Customers replace a key, as the pages say.
ALTER TABLE policies RENAME COLUMN customer_rotates_key TO customer_replaces_key;

-- People sign in with a link: there is no login. SQLite cannot rename constraints, so the table is made anew.
CREATE TABLE sign_in_requests (
    id            BLOB    NOT NULL CONSTRAINT pk_sign_in_requests PRIMARY KEY,
    kind          TEXT    NOT NULL,
    account_id    BLOB    CONSTRAINT fk_sign_in_requests_account REFERENCES accounts (id),
    email         TEXT    NOT NULL,
    token_hash    BLOB    NOT NULL,
    code_hash     BLOB,
    browser_hash  BLOB,
    next_path     TEXT,
    tries         INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    used_at       INTEGER,
    superseded_at INTEGER,
    CONSTRAINT ck_sign_in_requests_id CHECK (length(id) = 16),
    CONSTRAINT ck_sign_in_requests_kind CHECK (
        (kind = 'browser' AND code_hash IS NOT NULL AND browser_hash IS NOT NULL)
        OR (kind = 'host' AND code_hash IS NULL AND browser_hash IS NULL AND account_id IS NOT NULL)
    ),
    CONSTRAINT ck_sign_in_requests_hashes CHECK (length(token_hash) = 32 AND length(code_hash) = 32 AND length(browser_hash) = 32),
    CONSTRAINT ck_sign_in_requests_tries CHECK (tries BETWEEN 0 AND 5),
    CONSTRAINT ck_sign_in_requests_used CHECK (used_at IS NULL OR superseded_at IS NULL),
    CONSTRAINT uq_sign_in_requests_token UNIQUE (token_hash),
    CONSTRAINT uq_sign_in_requests_browser UNIQUE (browser_hash)
) STRICT;

INSERT INTO sign_in_requests
SELECT id, kind, account_id, email, token_hash, code_hash, browser_hash, next_path, tries, created_at, expires_at, used_at,
       superseded_at
FROM login_requests;

DROP TABLE login_requests;

CREATE INDEX ix_sign_in_requests_email ON sign_in_requests (email);
CREATE INDEX ix_sign_in_requests_expires ON sign_in_requests (expires_at);
