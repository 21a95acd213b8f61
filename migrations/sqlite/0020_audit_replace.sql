-- INSERT OR REPLACE deletes the row that it replaces without a trigger for DELETE, so the insertion itself is refused. A row is
-- also found by its rowid, which such a statement can name.
CREATE TRIGGER tr_audit_log_no_replace BEFORE INSERT ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM audit_log WHERE rowid = NEW.rowid)
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;

CREATE TRIGGER tr_audit_chain_no_replace BEFORE INSERT ON audit_chain
WHEN EXISTS (SELECT 1 FROM audit_chain WHERE position = NEW.position)
    OR EXISTS (SELECT 1 FROM audit_chain WHERE audit_id = NEW.audit_id)
BEGIN
    SELECT RAISE(ABORT, 'audit_chain is append-only');
END;
