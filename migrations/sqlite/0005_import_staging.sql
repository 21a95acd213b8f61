-- Imports stage their rows here in short transactions and publish all of them in one last short transaction, so that
-- other writers do not wait for a whole import. Expand step: nothing else reads these tables. The PostgreSQL file with the
-- same number does the same.

-- A staged license, and the account to create unless its address already has one. The constraints apply when the import
-- is published. Until then, no foreign key prevents changes of the catalog.
CREATE TABLE import_rows (
    import_id            BLOB    NOT NULL,
    number               INTEGER NOT NULL,
    line                 INTEGER NOT NULL,
    account_id           BLOB    NOT NULL,
    email                TEXT    NOT NULL,
    role                 TEXT    NOT NULL,
    license_id           BLOB    NOT NULL,
    product_id           BLOB    NOT NULL,
    policy_id            BLOB    NOT NULL,
    key_ciphertext       BLOB    NOT NULL,
    key_lookup           BLOB    NOT NULL,
    key_prefix           TEXT    NOT NULL,
    key_tail             TEXT    NOT NULL,
    signed_by            BLOB,
    is_key_made          INTEGER NOT NULL,
    suspended_at         INTEGER,
    revoked_at           INTEGER,
    expires_at           INTEGER,
    ends_after_first_use INTEGER NOT NULL,
    max_machines         INTEGER,
    max_cores            INTEGER,
    max_uses             INTEGER,
    uses                 INTEGER NOT NULL,
    metadata             TEXT    NOT NULL,
    last_check_in_at     INTEGER,
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL,
    CONSTRAINT pk_import_rows PRIMARY KEY (import_id, number),
    CONSTRAINT uq_import_rows_license UNIQUE (import_id, license_id),
    CONSTRAINT uq_import_rows_key UNIQUE (import_id, key_lookup)
) STRICT;

CREATE TABLE import_entitlements (
    import_id      BLOB    NOT NULL,
    number         INTEGER NOT NULL,
    entitlement_id BLOB    NOT NULL,
    CONSTRAINT pk_import_entitlements PRIMARY KEY (import_id, number, entitlement_id),
    CONSTRAINT fk_import_entitlements_row FOREIGN KEY (import_id, number)
        REFERENCES import_rows (import_id, number) ON DELETE CASCADE
) STRICT;

-- Rows for the audit log. One with an account is written only if the import creates that account.
CREATE TABLE import_audits (
    import_id       BLOB    NOT NULL,
    number          INTEGER NOT NULL,
    made_account_id BLOB,
    id              BLOB    NOT NULL,
    at              INTEGER NOT NULL,
    actor_kind      TEXT    NOT NULL,
    actor_id        TEXT,
    verb            TEXT    NOT NULL,
    subject_kind    TEXT    NOT NULL,
    subject_id      TEXT    NOT NULL,
    detail          TEXT    NOT NULL,
    CONSTRAINT pk_import_audits PRIMARY KEY (import_id, number, id),
    CONSTRAINT fk_import_audits_row FOREIGN KEY (import_id, number)
        REFERENCES import_rows (import_id, number) ON DELETE CASCADE
) STRICT;
