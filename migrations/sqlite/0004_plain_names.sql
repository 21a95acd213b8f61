-- Plain names for the watch over heartbeats and for rate limits, and indexes for what upkeep and lists
-- ask. Contract step: the tables keep what they hold, and earlier versions no longer run on this schema.
-- The PostgreSQL file of the same number says the same.

-- One row: when heartbeats were last known to arrive, and when that knowledge is too old.
CREATE TABLE heartbeat_watch (
    id          INTEGER NOT NULL CONSTRAINT pk_heartbeat_watch PRIMARY KEY,
    seen_at     INTEGER NOT NULL,
    stale_after INTEGER NOT NULL,
    CONSTRAINT ck_heartbeat_watch_id CHECK (id = 1),
    CONSTRAINT ck_heartbeat_watch_times CHECK (stale_after > seen_at)
) STRICT;

INSERT INTO heartbeat_watch (id, seen_at, stale_after) SELECT id, heard_at, deaf_after FROM hearing;
DROP TABLE hearing;

-- GCRA's theoretical arrival time: when the bucket's next request is due, less its tolerance.
ALTER TABLE rate_limits RENAME COLUMN tat TO next_allowed_at;
DROP INDEX ix_rate_limits_tat;
CREATE INDEX ix_rate_limits_next_allowed ON rate_limits (next_allowed_at);

-- The licenses of a policy, page by page.
CREATE INDEX ix_licenses_policy ON licenses (policy_id, id);

-- Machines by their last heartbeat, with the license that upkeep has to look at.
DROP INDEX ix_machines_heartbeat;
CREATE INDEX ix_machines_heartbeat ON machines (last_heartbeat_at, license_id) WHERE deactivated_at IS NULL;

-- What a check of readiness writes: a write that changes nothing would not reach the disk.
ALTER TABLE instance ADD COLUMN write_checks INTEGER NOT NULL DEFAULT 0;
