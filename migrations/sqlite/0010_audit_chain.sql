-- The chain of the audit log: each entry authenticates (HMAC-SHA-256) a row of the log and the entry before it, so that a
-- row cannot be changed, deleted or moved unnoticed. Rows wait in audit_unsealed until a worker appends them.

-- The coarse network address that a person acted from.
ALTER TABLE audit_log ADD COLUMN network TEXT;

CREATE TABLE audit_chain (
    position INTEGER NOT NULL CONSTRAINT pk_audit_chain PRIMARY KEY,
    audit_id BLOB    NOT NULL CONSTRAINT fk_audit_chain_row REFERENCES audit_log (id),
    mac      BLOB    NOT NULL,
    CONSTRAINT ck_audit_chain_position CHECK (position > 0),
    CONSTRAINT ck_audit_chain_mac CHECK (length(mac) = 32),
    CONSTRAINT uq_audit_chain_row UNIQUE (audit_id)
) STRICT;

CREATE TRIGGER tr_audit_chain_no_update BEFORE UPDATE ON audit_chain
BEGIN
    SELECT RAISE(ABORT, 'audit_chain is append-only');
END;

CREATE TRIGGER tr_audit_chain_no_delete BEFORE DELETE ON audit_chain
BEGIN
    SELECT RAISE(ABORT, 'audit_chain is append-only');
END;

-- The end of the chain, which writers lock.
CREATE TABLE audit_head (
    id       INTEGER NOT NULL CONSTRAINT pk_audit_head PRIMARY KEY,
    position INTEGER NOT NULL,
    mac      BLOB    NOT NULL,
    CONSTRAINT ck_audit_head_id CHECK (id = 1),
    CONSTRAINT ck_audit_head_mac CHECK (length(mac) = 32)
) STRICT;

INSERT INTO audit_head VALUES (1, 0, zeroblob(32));

CREATE TABLE audit_unsealed (
    audit_id BLOB NOT NULL CONSTRAINT pk_audit_unsealed PRIMARY KEY
) STRICT, WITHOUT ROWID;

INSERT INTO audit_unsealed SELECT id FROM audit_log;

CREATE TRIGGER tr_audit_log_insert_waits AFTER INSERT ON audit_log
BEGIN
    INSERT INTO audit_unsealed VALUES (NEW.id);
END;
