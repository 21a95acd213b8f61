-- The chain of the audit log: each entry authenticates (HMAC-SHA-256) a row of the log and the entry before it, so that a
-- row cannot be changed, deleted or moved unnoticed. Rows wait in audit_unsealed until a worker appends them.

-- The coarse network address that a person acted from.
ALTER TABLE audit_log ADD COLUMN network TEXT;

CREATE TABLE audit_chain (
    position BIGINT NOT NULL CONSTRAINT pk_audit_chain PRIMARY KEY,
    audit_id UUID   NOT NULL CONSTRAINT fk_audit_chain_row REFERENCES audit_log (id),
    mac      BYTEA  NOT NULL,
    CONSTRAINT ck_audit_chain_position CHECK (position > 0),
    CONSTRAINT ck_audit_chain_mac CHECK (octet_length(mac) = 32),
    CONSTRAINT uq_audit_chain_row UNIQUE (audit_id)
);

CREATE FUNCTION audit_chain_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_chain is append-only';
END
$$;

CREATE TRIGGER tr_audit_chain_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain
FOR EACH STATEMENT EXECUTE FUNCTION audit_chain_is_append_only();

-- The end of the chain, which writers lock.
CREATE TABLE audit_head (
    id       BIGINT NOT NULL CONSTRAINT pk_audit_head PRIMARY KEY,
    position BIGINT NOT NULL,
    mac      BYTEA  NOT NULL,
    CONSTRAINT ck_audit_head_id CHECK (id = 1),
    CONSTRAINT ck_audit_head_mac CHECK (octet_length(mac) = 32)
);

INSERT INTO audit_head VALUES (1, 0, decode(repeat('00', 32), 'hex'));

CREATE TABLE audit_unsealed (
    audit_id UUID NOT NULL CONSTRAINT pk_audit_unsealed PRIMARY KEY
);

INSERT INTO audit_unsealed SELECT id FROM audit_log;

CREATE FUNCTION audit_log_insert_waits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_unsealed SELECT id FROM added;
    RETURN NULL;
END
$$;

CREATE TRIGGER tr_audit_log_insert_waits AFTER INSERT ON audit_log
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_log_insert_waits();
