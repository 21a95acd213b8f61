-- Components and processes of machines, and the terms of policies about them. Expand step. The PostgreSQL file with the
-- same number does the same. Existing policies limit no processes and require no components.

ALTER TABLE policies ADD COLUMN max_processes INTEGER
    CONSTRAINT ck_policies_max_processes CHECK (max_processes BETWEEN 0 AND 2147483647);
ALTER TABLE policies ADD COLUMN process_leasing TEXT NOT NULL DEFAULT 'PER_MACHINE'
    CONSTRAINT ck_policies_process_leasing CHECK (process_leasing IN ('PER_MACHINE', 'PER_LICENSE'));
ALTER TABLE policies ADD COLUMN process_us INTEGER NOT NULL DEFAULT 600000000
    CONSTRAINT ck_policies_process CHECK (process_us >= 60000000);
ALTER TABLE policies ADD COLUMN component_matching TEXT NOT NULL DEFAULT 'MATCH_ANY'
    CONSTRAINT ck_policies_component_matching CHECK (
        component_matching IN ('MATCH_ANY', 'MATCH_TWO', 'MATCH_MOST', 'MATCH_ALL')
    );
ALTER TABLE policies ADD COLUMN component_uniqueness TEXT NOT NULL DEFAULT 'UNIQUE_PER_MACHINE'
    CONSTRAINT ck_policies_component_uniqueness CHECK (
        component_uniqueness IN ('UNIQUE_PER_MACHINE', 'UNIQUE_PER_LICENSE')
    );
ALTER TABLE policies ADD COLUMN requires_components INTEGER NOT NULL DEFAULT FALSE;

-- Parts of active machines. They are deleted when their machine is deactivated.
CREATE TABLE components (
    id               BLOB NOT NULL CONSTRAINT pk_components PRIMARY KEY,
    license_id       BLOB NOT NULL CONSTRAINT fk_components_license REFERENCES licenses (id),
    machine_id       BLOB NOT NULL CONSTRAINT fk_components_machine REFERENCES machines (id),
    fingerprint      TEXT NOT NULL,
    fingerprint_hash BLOB NOT NULL,
    name             TEXT NOT NULL,
    metadata         TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    CONSTRAINT ck_components_id CHECK (length(id) = 16),
    CONSTRAINT ck_components_fingerprint_hash CHECK (length(fingerprint_hash) = 32),
    CONSTRAINT uq_components_fingerprint UNIQUE (machine_id, fingerprint_hash)
) STRICT;

CREATE INDEX ix_components_license ON components (license_id, fingerprint_hash);

-- Runs of apps on active machines. The rows of processes that ended are deleted.
CREATE TABLE processes (
    id                BLOB NOT NULL CONSTRAINT pk_processes PRIMARY KEY,
    license_id        BLOB NOT NULL CONSTRAINT fk_processes_license REFERENCES licenses (id),
    machine_id        BLOB NOT NULL CONSTRAINT fk_processes_machine REFERENCES machines (id),
    pid               TEXT NOT NULL,
    metadata          TEXT NOT NULL,
    last_heartbeat_at INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    CONSTRAINT ck_processes_id CHECK (length(id) = 16),
    CONSTRAINT uq_processes_pid UNIQUE (machine_id, pid)
) STRICT;

CREATE INDEX ix_processes_license ON processes (license_id, machine_id);
CREATE INDEX ix_processes_heartbeat ON processes (last_heartbeat_at);
