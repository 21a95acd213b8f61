-- Renames the table of the heartbeat watch and the column of rate limits, and adds indexes for upkeep and lists.
-- Contract step: the data is kept, but earlier versions of the program do not run on this schema. The SQLite file
-- with the same number does the same.

-- One row: when the server last received heartbeats, and the time after which there is an outage.
CREATE TABLE heartbeat_watch (
    id          BIGINT NOT NULL CONSTRAINT pk_heartbeat_watch PRIMARY KEY,
    seen_at     BIGINT NOT NULL,
    stale_after BIGINT NOT NULL,
    CONSTRAINT ck_heartbeat_watch_id CHECK (id = 1),
    CONSTRAINT ck_heartbeat_watch_times CHECK (stale_after > seen_at)
);

INSERT INTO heartbeat_watch (id, seen_at, stale_after) SELECT id, heard_at, deaf_after FROM hearing;
DROP TABLE hearing;

-- When the bucket's next token is due, minus the bucket's tolerance. GCRA calls it the theoretical arrival time.
ALTER TABLE rate_limits RENAME COLUMN tat TO next_allowed_at;
DROP INDEX ix_rate_limits_tat;
CREATE INDEX ix_rate_limits_next_allowed ON rate_limits (next_allowed_at);

-- For pages of the licenses of a policy.
CREATE INDEX ix_licenses_policy ON licenses (policy_id, id);

-- For the licenses of machines that may have missed a heartbeat.
DROP INDEX ix_machines_heartbeat;
CREATE INDEX ix_machines_heartbeat ON machines (last_heartbeat_at, license_id) WHERE deactivated_at IS NULL;

-- The readiness check increments it, because a write that changes nothing would not reach the disk.
ALTER TABLE instance ADD COLUMN write_checks BIGINT NOT NULL DEFAULT 0;
