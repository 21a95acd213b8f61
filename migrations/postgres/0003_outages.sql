-- When heartbeats could not be heard by any process: what was alive then is not dead for it.
-- The SQLite file of the same number says the same.

-- Until when heartbeats are known to have been heard, and from when on they count as not heard.
CREATE TABLE hearing (
    id         BIGINT NOT NULL CONSTRAINT pk_hearing PRIMARY KEY,
    heard_at   BIGINT NOT NULL,
    deaf_after BIGINT NOT NULL,
    CONSTRAINT ck_hearing_id CHECK (id = 1),
    CONSTRAINT ck_hearing_times CHECK (deaf_after > heard_at)
);

CREATE TABLE outages (
    began_at BIGINT NOT NULL CONSTRAINT pk_outages PRIMARY KEY,
    ended_at BIGINT NOT NULL,
    CONSTRAINT ck_outages_times CHECK (ended_at > began_at)
);

-- The version before this one noted nothing: what was heard last is the best that is known.
INSERT INTO hearing (id, heard_at, deaf_after)
SELECT 1, last, last + 20000000 FROM (SELECT MAX(last_heartbeat_at) AS last FROM machines) AS heard WHERE last IS NOT NULL;
