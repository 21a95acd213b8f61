-- What lists look for without reading other tables, the owners of mails, the objects that events name, and prices as a part of
-- the catalog's version. Expand step. The PostgreSQL file with the same number does the same.

-- Whether the license is active on any machine, and whether the account owns any license. Triggers keep them, so that no
-- writer can miss them.
ALTER TABLE licenses ADD COLUMN has_machines INTEGER NOT NULL DEFAULT FALSE;
ALTER TABLE accounts ADD COLUMN has_licenses INTEGER NOT NULL DEFAULT FALSE;
UPDATE licenses SET has_machines = TRUE WHERE id IN (SELECT license_id FROM machines WHERE deactivated_at IS NULL);
UPDATE accounts SET has_licenses = TRUE WHERE id IN (SELECT account_id FROM licenses);

CREATE TRIGGER tr_machines_insert_flags AFTER INSERT ON machines WHEN NEW.deactivated_at IS NULL
BEGIN
    UPDATE licenses SET has_machines = TRUE WHERE id = NEW.license_id AND has_machines = FALSE;
END;

CREATE TRIGGER tr_machines_update_flags AFTER UPDATE OF deactivated_at, license_id ON machines
BEGIN
    UPDATE licenses
    SET has_machines = EXISTS (SELECT 1 FROM machines WHERE license_id = licenses.id AND deactivated_at IS NULL)
    WHERE id IN (OLD.license_id, NEW.license_id);
END;

CREATE TRIGGER tr_machines_delete_flags AFTER DELETE ON machines
BEGIN
    UPDATE licenses
    SET has_machines = EXISTS (SELECT 1 FROM machines WHERE license_id = licenses.id AND deactivated_at IS NULL)
    WHERE id = OLD.license_id;
END;

CREATE TRIGGER tr_licenses_insert_flags AFTER INSERT ON licenses
BEGIN
    UPDATE accounts SET has_licenses = TRUE WHERE id = NEW.account_id AND has_licenses = FALSE;
END;

CREATE TRIGGER tr_licenses_update_flags AFTER UPDATE OF account_id ON licenses WHEN OLD.account_id <> NEW.account_id
BEGIN
    UPDATE accounts SET has_licenses = EXISTS (SELECT 1 FROM licenses WHERE account_id = accounts.id)
    WHERE id IN (OLD.account_id, NEW.account_id);
END;

CREATE TRIGGER tr_licenses_delete_flags AFTER DELETE ON licenses
BEGIN
    UPDATE accounts SET has_licenses = EXISTS (SELECT 1 FROM licenses WHERE account_id = accounts.id)
    WHERE id = OLD.account_id;
END;

-- With the columns that filters compare, so that rows that do not match are passed over without being read.
DROP INDEX ix_licenses_created;
DROP INDEX ix_licenses_expiry;
DROP INDEX ix_licenses_account;
CREATE INDEX ix_licenses_created ON licenses (
    created_at, id, policy_id, product_id, suspended_at, revoked_at, expires_at, has_machines, account_id
);
CREATE INDEX ix_licenses_expiry ON licenses (
    COALESCE(expires_at, 9223372036854775807), id, created_at, policy_id, product_id, suspended_at, revoked_at,
    expires_at, has_machines, account_id
);
CREATE INDEX ix_licenses_account ON licenses (account_id, id, created_at, expires_at, has_machines);
CREATE INDEX ix_licenses_policy_expiry ON licenses (policy_id, COALESCE(expires_at, 9223372036854775807), id);
CREATE INDEX ix_licenses_product_expiry ON licenses (product_id, COALESCE(expires_at, 9223372036854775807), id);
-- SQLite uses a partial index for a flag only if the flag is its first column.
CREATE INDEX ix_licenses_unused ON licenses (has_machines, created_at, id, policy_id, expires_at) WHERE has_machines = FALSE;

DROP INDEX ix_accounts_created;
CREATE INDEX ix_accounts_created ON accounts (created_at, id, role, disabled_at, has_licenses);
CREATE INDEX ix_accounts_without_licenses ON accounts (has_licenses, created_at, id, role) WHERE has_licenses = FALSE;

DROP INDEX ix_machines_deactivated;
DROP INDEX ix_machines_last_seen;
CREATE INDEX ix_machines_deactivated ON machines (deactivated_at, id, license_id, created_at, last_seen_at)
    WHERE deactivated_at IS NOT NULL;
CREATE INDEX ix_machines_last_seen ON machines (last_seen_at, id, created_at);

CREATE INDEX ix_orders_live ON orders (is_live, id);
CREATE INDEX ix_orders_subscriptions ON orders (is_subscription, id);
CREATE INDEX ix_stripe_events_live ON stripe_events (is_live, received_at, id);

-- The account that a mail is for. It stays if the account's address changes. Mails of earlier versions are for the account
-- that has the address or, if no account has it, for the only one that had it.
ALTER TABLE outbox ADD COLUMN account_id BLOB CONSTRAINT fk_outbox_account REFERENCES accounts (id);
UPDATE outbox SET account_id = (SELECT id FROM accounts WHERE accounts.email = outbox.recipient);
UPDATE outbox SET account_id = (
    SELECT MIN(account_id) FROM email_changes
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
) STRICT, WITHOUT ROWID;

CREATE INDEX ix_stripe_event_objects_event ON stripe_event_objects (event_id);

INSERT INTO stripe_event_objects (object_id, event_id)
SELECT DISTINCT node.value, stripe_events.id
FROM stripe_events,
    json_tree(CASE WHEN json_valid(CAST(body AS TEXT)) THEN CAST(body AS TEXT) END) AS node
WHERE node.type = 'text' AND length(node.value) <= 255
  AND (node.value GLOB 'cs_*' OR node.value GLOB 'cus_*' OR node.value GLOB 'sub_*' OR node.value GLOB 'pi_*'
       OR node.value GLOB 'in_*' OR node.value GLOB 're_*' OR node.value GLOB 'pyr_*' OR node.value GLOB 'dp_*'
       OR node.value GLOB 'du_*' OR node.value GLOB 'ch_*' OR node.value GLOB 'py_*');

-- Bodies that are not JSON can only be compared with what is known.
INSERT INTO stripe_event_objects (object_id, event_id)
SELECT DISTINCT known.id, stripe_events.id
FROM stripe_events
JOIN (
    SELECT stripe_checkout AS id FROM orders UNION SELECT stripe_customer FROM orders
    UNION SELECT stripe_subscription FROM orders UNION SELECT id FROM order_payments
    UNION SELECT invoice FROM order_payments UNION SELECT id FROM order_refunds UNION SELECT id FROM order_disputes
) AS known ON known.id IS NOT NULL AND INSTR(stripe_events.body, CAST(known.id AS BLOB)) > 0
WHERE NOT json_valid(CAST(stripe_events.body AS TEXT));

-- Prices are a part of the catalog: a person who edits one learns of changes that others made.
CREATE TRIGGER tr_prices_insert_counts AFTER INSERT ON prices
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_prices_update_counts AFTER UPDATE ON prices
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_prices_delete_counts AFTER DELETE ON prices
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_price_upgrades_insert_counts AFTER INSERT ON price_upgrades
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_price_upgrades_update_counts AFTER UPDATE ON price_upgrades
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_price_upgrades_delete_counts AFTER DELETE ON price_upgrades
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;
