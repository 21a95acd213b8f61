-- What apps report about a machine beyond its cores, and how many of the fingerprints in a scope must be active: any of them,
-- as the protocol has it. Expand step. The SQLite file with the same number does the same.
ALTER TABLE machines ADD COLUMN memory BIGINT CONSTRAINT ck_machines_memory CHECK (memory >= 0);
ALTER TABLE machines ADD COLUMN disk BIGINT CONSTRAINT ck_machines_disk CHECK (disk >= 0);
ALTER TABLE machines ADD COLUMN ip TEXT;
ALTER TABLE policies ADD COLUMN machine_matching TEXT NOT NULL DEFAULT 'MATCH_ANY' CONSTRAINT ck_policies_machine_matching CHECK (
    machine_matching IN ('MATCH_ANY', 'MATCH_TWO', 'MATCH_MOST', 'MATCH_ALL')
);
