-- Imports stage their rows here in short transactions and make all of them real in one last one, so that
-- other writers pass in between. Expand step: nothing else reads these tables. The PostgreSQL file of the
-- same number says the same.

-- A license that is no license to anyone yet, and the account that is made for it unless its address has one.
-- What is checked is checked where it becomes real; no foreign key keeps the catalog from changing until then.
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

-- Lines for the audit log. One that names an account is written only if the import made that account.
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
