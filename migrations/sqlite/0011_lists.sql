-- Lists for people who help customers: their order, filters, search, notes and saved views. Expand step: nothing that exists
-- changes its meaning. The PostgreSQL file with the same number does the same.

-- The name in lower case, for search and order.
ALTER TABLE accounts ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE accounts SET name_key = LOWER(name) WHERE name IS NOT NULL;

-- What people who help customers write down. Notes are only added. A note of a command on the host has no author.
CREATE TABLE notes (
    id           BLOB NOT NULL CONSTRAINT pk_notes PRIMARY KEY,
    subject_kind TEXT NOT NULL,
    subject_id   TEXT NOT NULL,
    author_id    BLOB CONSTRAINT fk_notes_author REFERENCES accounts (id),
    body         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    CONSTRAINT ck_notes_id CHECK (length(id) = 16),
    CONSTRAINT ck_notes_subject CHECK (subject_kind IN ('account', 'license', 'order', 'stripe_event')),
    CONSTRAINT ck_notes_body CHECK (length(body) BETWEEN 1 AND 4000)
) STRICT;

CREATE INDEX ix_notes_subject ON notes (subject_kind, subject_id, id);

-- The filters and the order of a list, under a name that an account gave them.
CREATE TABLE saved_views (
    id         BLOB NOT NULL CONSTRAINT pk_saved_views PRIMARY KEY,
    account_id BLOB NOT NULL CONSTRAINT fk_saved_views_account REFERENCES accounts (id),
    list       TEXT NOT NULL,
    name       TEXT NOT NULL,
    query      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT ck_saved_views_id CHECK (length(id) = 16),
    CONSTRAINT ck_saved_views_name CHECK (length(name) BETWEEN 1 AND 80),
    CONSTRAINT ck_saved_views_query CHECK (length(query) <= 2000),
    CONSTRAINT uq_saved_views_name UNIQUE (account_id, list, name)
) STRICT;

-- Lists are sorted by the time of creation, with the id for ties, so that a page continues where the last one ended.
CREATE INDEX ix_accounts_created ON accounts (created_at, id);
CREATE INDEX ix_accounts_role ON accounts (role, created_at, id);
CREATE INDEX ix_accounts_banned ON accounts (created_at, id) WHERE disabled_at IS NOT NULL;
CREATE INDEX ix_accounts_name ON accounts (name_key, id);
CREATE INDEX ix_licenses_created ON licenses (created_at, id);
CREATE INDEX ix_licenses_product ON licenses (product_id, created_at, id);
CREATE INDEX ix_licenses_policy_created ON licenses (policy_id, created_at, id);
CREATE INDEX ix_licenses_suspended ON licenses (created_at, id) WHERE suspended_at IS NOT NULL;
CREATE INDEX ix_licenses_revoked ON licenses (created_at, id) WHERE revoked_at IS NOT NULL;
-- Licenses that never expire come last.
CREATE INDEX ix_licenses_expiry ON licenses (COALESCE(expires_at, 9223372036854775807), id);
CREATE INDEX ix_licenses_key_tail ON licenses (key_tail);

CREATE INDEX ix_machines_created ON machines (created_at, id);
CREATE INDEX ix_machines_last_seen ON machines (last_seen_at, id);
CREATE INDEX ix_machines_license ON machines (license_id, created_at, id);
CREATE INDEX ix_machines_fingerprint ON machines (fingerprint_hash);
CREATE INDEX ix_machines_deactivated ON machines (deactivated_at) WHERE deactivated_at IS NOT NULL;

-- The time of creation is part of the id of orders, mails and entries of the audit log.
CREATE INDEX ix_orders_email ON orders (LOWER(email)) WHERE email IS NOT NULL;
-- The part of the id that the order's number is made of.
CREATE INDEX ix_orders_number ON orders (SUBSTR(id, 12, 5));
CREATE INDEX ix_orders_customer ON orders (stripe_customer) WHERE stripe_customer IS NOT NULL;
CREATE INDEX ix_order_payments_paid ON order_payments (paid_at);
CREATE INDEX ix_order_payments_invoice ON order_payments (invoice) WHERE invoice IS NOT NULL;
CREATE INDEX ix_order_refunds_created ON order_refunds (created_at);
CREATE INDEX ix_order_disputes_open ON order_disputes (due_at) WHERE state IN ('inquiry', 'open');

DROP INDEX ix_stripe_events_state;
DROP INDEX ix_stripe_events_received;
CREATE INDEX ix_stripe_events_state ON stripe_events (state, received_at, id);
CREATE INDEX ix_stripe_events_received ON stripe_events (received_at, id);
CREATE INDEX ix_stripe_events_kind ON stripe_events (kind, received_at, id);
CREATE INDEX ix_stripe_events_object ON stripe_events (object_id, received_at, id) WHERE object_id IS NOT NULL;

CREATE INDEX ix_outbox_kind ON outbox (kind, id);
CREATE INDEX ix_outbox_waiting ON outbox (id) WHERE sent_at IS NULL AND failed_at IS NULL;
CREATE INDEX ix_outbox_failed ON outbox (id) WHERE failed_at IS NOT NULL;
CREATE INDEX ix_outbox_recipient ON outbox (recipient, id);

CREATE INDEX ix_audit_log_verb ON audit_log (verb, id);
CREATE INDEX ix_audit_log_actor_kind ON audit_log (actor_kind, id);
CREATE INDEX ix_audit_log_actor ON audit_log (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX ix_audit_log_machines ON audit_log (id) WHERE verb LIKE 'machine.%';
