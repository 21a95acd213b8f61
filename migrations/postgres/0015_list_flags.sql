-- What lists look for without reading other tables, the owners of mails, the objects that events name, and prices as a part of
-- the catalog's version. Expand step. The SQLite file with the same number does the same.

-- Whether the license is active on any machine, and whether the account owns any license. Triggers keep them, so that no
-- writer can miss them.
ALTER TABLE licenses ADD COLUMN has_machines BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE accounts ADD COLUMN has_licenses BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE licenses SET has_machines = TRUE WHERE id IN (SELECT license_id FROM machines WHERE deactivated_at IS NULL);
UPDATE accounts SET has_licenses = TRUE WHERE id IN (SELECT account_id FROM licenses);

-- Both lock the row with the flag first, so that the flag is that of the last change, whichever transaction it is of.
CREATE FUNCTION machines_have_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed UUID[] := CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.license_id]
        WHEN 'DELETE' THEN ARRAY[OLD.license_id]
        ELSE ARRAY[OLD.license_id, NEW.license_id]
    END;
BEGIN
    PERFORM 1 FROM licenses WHERE id = ANY (changed) ORDER BY id FOR NO KEY UPDATE;
    UPDATE licenses SET has_machines = NOT has_machines
    WHERE id = ANY (changed)
      AND has_machines <> EXISTS (SELECT 1 FROM machines WHERE license_id = licenses.id AND deactivated_at IS NULL);
    RETURN NULL;
END
$$;

CREATE TRIGGER tr_machines_flags AFTER INSERT OR UPDATE OF deactivated_at, license_id OR DELETE ON machines
FOR EACH ROW EXECUTE FUNCTION machines_have_changed();

CREATE FUNCTION accounts_may_have_licenses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM accounts WHERE id IN (SELECT account_id FROM added) ORDER BY id FOR NO KEY UPDATE;
    UPDATE accounts SET has_licenses = TRUE WHERE id IN (SELECT account_id FROM added) AND has_licenses = FALSE;
    RETURN NULL;
END
$$;

-- Imports insert many licenses with one statement.
CREATE TRIGGER tr_licenses_insert_flags AFTER INSERT ON licenses
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION accounts_may_have_licenses();

CREATE FUNCTION owner_has_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed UUID[] := CASE TG_OP WHEN 'DELETE' THEN ARRAY[OLD.account_id] ELSE ARRAY[OLD.account_id, NEW.account_id] END;
BEGIN
    PERFORM 1 FROM accounts WHERE id = ANY (changed) ORDER BY id FOR NO KEY UPDATE;
    UPDATE accounts SET has_licenses = NOT has_licenses
    WHERE id = ANY (changed)
      AND has_licenses <> EXISTS (SELECT 1 FROM licenses WHERE account_id = accounts.id);
    RETURN NULL;
END
$$;

CREATE TRIGGER tr_licenses_update_flags AFTER UPDATE OF account_id ON licenses
FOR EACH ROW WHEN (OLD.account_id <> NEW.account_id) EXECUTE FUNCTION owner_has_changed();

CREATE TRIGGER tr_licenses_delete_flags AFTER DELETE ON licenses
FOR EACH ROW EXECUTE FUNCTION owner_has_changed();

-- With the columns that filters compare, so that rows that do not match are passed over without being read.
DROP INDEX ix_licenses_created;
DROP INDEX ix_licenses_expiry;
DROP INDEX ix_licenses_account;
CREATE INDEX ix_licenses_created ON licenses (created_at, id)
    INCLUDE (policy_id, product_id, suspended_at, revoked_at, expires_at, has_machines, account_id);
CREATE INDEX ix_licenses_expiry ON licenses (COALESCE(expires_at, 9223372036854775807), id)
    INCLUDE (created_at, policy_id, product_id, suspended_at, revoked_at, expires_at, has_machines, account_id);
CREATE INDEX ix_licenses_account ON licenses (account_id, id) INCLUDE (created_at, expires_at, has_machines);
CREATE INDEX ix_licenses_policy_expiry ON licenses (policy_id, COALESCE(expires_at, 9223372036854775807), id);
CREATE INDEX ix_licenses_product_expiry ON licenses (product_id, COALESCE(expires_at, 9223372036854775807), id);
CREATE INDEX ix_licenses_unused ON licenses (created_at, id) INCLUDE (policy_id, expires_at) WHERE has_machines = FALSE;

DROP INDEX ix_accounts_created;
CREATE INDEX ix_accounts_created ON accounts (created_at, id) INCLUDE (role, disabled_at, has_licenses);
CREATE INDEX ix_accounts_without_licenses ON accounts (created_at, id) INCLUDE (role) WHERE has_licenses = FALSE;

DROP INDEX ix_machines_deactivated;
DROP INDEX ix_machines_last_seen;
CREATE INDEX ix_machines_deactivated ON machines (deactivated_at, id) INCLUDE (license_id, created_at, last_seen_at)
    WHERE deactivated_at IS NOT NULL;
CREATE INDEX ix_machines_last_seen ON machines (last_seen_at, id) INCLUDE (created_at);

CREATE INDEX ix_orders_live ON orders (is_live, id);
CREATE INDEX ix_orders_subscriptions ON orders (is_subscription, id);
CREATE INDEX ix_stripe_events_live ON stripe_events (is_live, received_at, id);

-- The account that a mail is for. It stays if the account's address changes. Mails of earlier versions are for the account
-- that has the address or, if no account has it, for the only one that had it.
ALTER TABLE outbox ADD COLUMN account_id UUID CONSTRAINT fk_outbox_account REFERENCES accounts (id);
UPDATE outbox SET account_id = (SELECT id FROM accounts WHERE accounts.email = outbox.recipient);
UPDATE outbox SET account_id = (
    SELECT MIN(account_id::TEXT)::UUID FROM email_changes
    WHERE old_email = outbox.recipient AND done_at IS NOT NULL HAVING COUNT(DISTINCT account_id) = 1
)
WHERE account_id IS NULL;
CREATE INDEX ix_outbox_account ON outbox (account_id, id) WHERE account_id IS NOT NULL;

-- The provider's objects that the body of an event names, by which the events about a person are found. Only objects of
-- orders and payments are kept.
CREATE TABLE stripe_event_objects (
    object_id TEXT NOT NULL,
    event_id  TEXT NOT NULL CONSTRAINT fk_stripe_event_objects_event REFERENCES stripe_events (id) ON DELETE CASCADE,
    CONSTRAINT pk_stripe_event_objects PRIMARY KEY (object_id, event_id)
);

CREATE INDEX ix_stripe_event_objects_event ON stripe_event_objects (event_id);

INSERT INTO stripe_event_objects (object_id, event_id)
SELECT DISTINCT found.match[1], stripe_events.id
FROM stripe_events,
    REGEXP_MATCHES(ENCODE(body, 'escape'), '\m((?:cs|cus|sub|pi|in|re|pyr|dp|du|ch|py)_\w{1,250})', 'g') AS found (match);

-- Prices are a part of the catalog: a person who edits one learns of changes that others made.
CREATE TRIGGER tr_prices_counts AFTER INSERT OR UPDATE OR DELETE ON prices
FOR EACH STATEMENT EXECUTE FUNCTION catalog_has_changed();

CREATE TRIGGER tr_price_upgrades_counts AFTER INSERT OR UPDATE OR DELETE ON price_upgrades
FOR EACH STATEMENT EXECUTE FUNCTION catalog_has_changed();
