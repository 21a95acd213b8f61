-- Mails to customers: no mail is sent twice, and owners are reminded before their licenses end. Expand step. The PostgreSQL
-- file with the same number does the same.

-- A text that names the cause of a mail, such as the paid order. Only one mail can have it, for as long as its row is kept.
ALTER TABLE outbox ADD COLUMN dedupe_key TEXT;

CREATE UNIQUE INDEX uq_outbox_dedupe_key ON outbox (dedupe_key);

-- The reminders that were queued before a license expires. If the expiry changes, so does the key, and the owner is reminded
-- again. Rows are kept for as long as the license, because rows of the outbox are not.
CREATE TABLE license_notices (
    license_id BLOB    NOT NULL,
    kind       TEXT    NOT NULL,
    expires_at INTEGER NOT NULL,
    noticed_at INTEGER NOT NULL,
    CONSTRAINT pk_license_notices PRIMARY KEY (license_id, kind, expires_at),
    CONSTRAINT fk_license_notices_license FOREIGN KEY (license_id) REFERENCES licenses (id) ON DELETE CASCADE,
    CONSTRAINT ck_license_notices_kind CHECK (kind IN ('ends_in_14_days', 'ends_in_3_days'))
) STRICT;

-- Finds the licenses that expire soon.
CREATE INDEX ix_licenses_expires ON licenses (expires_at) WHERE expires_at IS NOT NULL;

-- Finds out whether a license was active on a computer before.
CREATE INDEX ix_machines_past_fingerprint ON machines (license_id, fingerprint_hash) WHERE deactivated_at IS NOT NULL;
