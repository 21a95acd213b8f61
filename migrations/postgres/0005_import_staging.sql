-- Imports stage their rows here in short transactions and publish all of them in one last short transaction, so that
-- other writers do not wait for a whole import. Expand step: nothing else reads these tables. The SQLite file with the
-- same number does the same.

-- A staged license, and the account to create unless its address already has one. The constraints apply when the import
-- is published. Until then, no foreign key prevents changes of the catalog.
CREATE TABLE import_rows (
    import_id            UUID    NOT NULL,
    number               BIGINT  NOT NULL,
    line                 BIGINT  NOT NULL,
    account_id           UUID    NOT NULL,
    email                TEXT    NOT NULL,
    role                 TEXT    NOT NULL,
    license_id           UUID    NOT NULL,
    product_id           UUID    NOT NULL,
    policy_id            UUID    NOT NULL,
    key_ciphertext       BYTEA   NOT NULL,
    key_lookup           BYTEA   NOT NULL,
    key_prefix           TEXT    NOT NULL,
    key_tail             TEXT    NOT NULL,
    signed_by            UUID,
    is_key_made          BOOLEAN NOT NULL,
    suspended_at         BIGINT,
    revoked_at           BIGINT,
    expires_at           BIGINT,
    ends_after_first_use BOOLEAN NOT NULL,
    max_machines         BIGINT,
    max_cores            BIGINT,
    max_uses             BIGINT,
    uses                 BIGINT  NOT NULL,
    metadata             TEXT    NOT NULL,
    last_check_in_at     BIGINT,
    created_at           BIGINT  NOT NULL,
    updated_at           BIGINT  NOT NULL,
    CONSTRAINT pk_import_rows PRIMARY KEY (import_id, number),
    CONSTRAINT uq_import_rows_license UNIQUE (import_id, license_id),
    CONSTRAINT uq_import_rows_key UNIQUE (import_id, key_lookup)
);

CREATE TABLE import_entitlements (
    import_id      UUID    NOT NULL,
    number         BIGINT  NOT NULL,
    entitlement_id UUID    NOT NULL,
    CONSTRAINT pk_import_entitlements PRIMARY KEY (import_id, number, entitlement_id),
    CONSTRAINT fk_import_entitlements_row FOREIGN KEY (import_id, number)
        REFERENCES import_rows (import_id, number) ON DELETE CASCADE
);

-- Rows for the audit log. One with an account is written only if the import creates that account.
CREATE TABLE import_audits (
    import_id       UUID    NOT NULL,
    number          BIGINT  NOT NULL,
    made_account_id UUID,
    id              UUID    NOT NULL,
    at              BIGINT  NOT NULL,
    actor_kind      TEXT    NOT NULL,
    actor_id        TEXT,
    verb            TEXT    NOT NULL,
    subject_kind    TEXT    NOT NULL,
    subject_id      TEXT    NOT NULL,
    detail          TEXT    NOT NULL,
    CONSTRAINT pk_import_audits PRIMARY KEY (import_id, number, id),
    CONSTRAINT fk_import_audits_row FOREIGN KEY (import_id, number)
        REFERENCES import_rows (import_id, number) ON DELETE CASCADE
);
