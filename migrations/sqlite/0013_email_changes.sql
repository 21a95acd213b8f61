-- Changes of e-mail addresses, and the browsers in which accounts were used. Expand step. The PostgreSQL file with the same
-- number does the same.

-- A change is made when the old and the new address have confirmed it. Each has a link, of whose secret only the SHA-256 hash
-- is kept. Rows are kept until they expire, so that a used link can say what became of the change.
CREATE TABLE email_changes (
    id               BLOB    NOT NULL CONSTRAINT pk_email_changes PRIMARY KEY,
    account_id       BLOB    NOT NULL CONSTRAINT fk_email_changes_account REFERENCES accounts (id),
    old_email        TEXT    NOT NULL,
    new_email        TEXT    NOT NULL,
    old_token_hash   BLOB    NOT NULL,
    new_token_hash   BLOB    NOT NULL,
    old_confirmed_at INTEGER,
    new_confirmed_at INTEGER,
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    done_at          INTEGER,
    canceled_at      INTEGER,
    CONSTRAINT ck_email_changes_id CHECK (length(id) = 16),
    CONSTRAINT ck_email_changes_hashes CHECK (length(old_token_hash) = 32 AND length(new_token_hash) = 32),
    CONSTRAINT ck_email_changes_done CHECK (
        done_at IS NULL OR (old_confirmed_at IS NOT NULL AND new_confirmed_at IS NOT NULL AND canceled_at IS NULL)
    ),
    CONSTRAINT uq_email_changes_old_token UNIQUE (old_token_hash),
    CONSTRAINT uq_email_changes_new_token UNIQUE (new_token_hash)
) STRICT;

CREATE UNIQUE INDEX uq_email_changes_open ON email_changes (account_id) WHERE done_at IS NULL AND canceled_at IS NULL;
CREATE INDEX ix_email_changes_expires ON email_changes (expires_at);

-- Where an account was signed in: the SHA-256 hash of the browser's description and its network. Signing in from anywhere
-- else is reported to the person.
CREATE TABLE known_browsers (
    account_id   BLOB    NOT NULL CONSTRAINT fk_known_browsers_account REFERENCES accounts (id),
    browser_hash BLOB    NOT NULL,
    seen_at      INTEGER NOT NULL,
    CONSTRAINT pk_known_browsers PRIMARY KEY (account_id, browser_hash),
    CONSTRAINT ck_known_browsers_hash CHECK (length(browser_hash) = 32)
) STRICT;

CREATE INDEX ix_known_browsers_seen ON known_browsers (seen_at);
