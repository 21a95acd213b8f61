-- Prices, orders and the payment provider's events. Expand step: nothing that exists changes. The PostgreSQL file with the
-- same number does the same.

-- A price is sold as the provider's price that the catalog names, or else as the one that was made for it.
CREATE TABLE prices (
    id                  BLOB    NOT NULL CONSTRAINT pk_prices PRIMARY KEY,
    product_id          BLOB    NOT NULL,
    policy_id           BLOB    NOT NULL,
    code                TEXT    NOT NULL,
    amount_minor        INTEGER,
    currency            TEXT,
    stripe_price        TEXT,
    provisioned_price   TEXT,
    provisioned_is_live INTEGER,
    interval_unit       TEXT,
    interval_count      INTEGER,
    min_quantity        INTEGER NOT NULL,
    max_quantity        INTEGER NOT NULL,
    tax_behavior        TEXT    NOT NULL,
    position            INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    CONSTRAINT ck_prices_id CHECK (length(id) = 16),
    CONSTRAINT ck_prices_amount CHECK ((amount_minor IS NULL) = (currency IS NULL) AND (amount_minor IS NULL OR amount_minor >= 0)),
    CONSTRAINT ck_prices_currency CHECK (length(currency) = 3),
    CONSTRAINT ck_prices_sold_as CHECK (amount_minor IS NOT NULL OR stripe_price IS NOT NULL),
    CONSTRAINT ck_prices_provisioned CHECK ((provisioned_price IS NULL) = (provisioned_is_live IS NULL)),
    CONSTRAINT ck_prices_interval CHECK (
        (interval_unit IS NULL AND interval_count IS NULL)
        OR (interval_unit IN ('day', 'week', 'month', 'year') AND interval_count BETWEEN 1 AND 1095 AND interval_count IS NOT NULL)
    ),
    CONSTRAINT ck_prices_quantity CHECK (min_quantity BETWEEN 1 AND max_quantity AND max_quantity <= 1000),
    CONSTRAINT ck_prices_tax CHECK (tax_behavior IN ('unspecified', 'exclusive', 'inclusive')),
    CONSTRAINT fk_prices_policy FOREIGN KEY (policy_id, product_id) REFERENCES policies (id, product_id),
    CONSTRAINT uq_prices_code UNIQUE (code)
) STRICT;

-- The policies whose licenses a price upgrades.
CREATE TABLE price_upgrades (
    price_id  BLOB NOT NULL CONSTRAINT fk_price_upgrades_price REFERENCES prices (id) ON DELETE CASCADE,
    policy_id BLOB NOT NULL CONSTRAINT fk_price_upgrades_policy REFERENCES policies (id),
    CONSTRAINT pk_price_upgrades PRIMARY KEY (price_id, policy_id)
) STRICT;

-- The provider's customers and the accounts that they belong to.
CREATE TABLE stripe_customers (
    id         TEXT    NOT NULL CONSTRAINT pk_stripe_customers PRIMARY KEY,
    account_id BLOB    NOT NULL CONSTRAINT fk_stripe_customers_account REFERENCES accounts (id),
    is_live    INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX ix_stripe_customers_account ON stripe_customers (account_id, created_at);

-- What a buyer ordered, and what became of it. The columns from total_minor on are what the provider said last.
CREATE TABLE orders (
    id                    BLOB    NOT NULL CONSTRAINT pk_orders PRIMARY KEY,
    kind                  TEXT    NOT NULL,
    buyer_id              BLOB    CONSTRAINT fk_orders_buyer REFERENCES accounts (id),
    account_id            BLOB    CONSTRAINT fk_orders_account REFERENCES accounts (id),
    browser_hash          BLOB    NOT NULL,
    upgrade_license_id    BLOB    CONSTRAINT fk_orders_upgrade_license REFERENCES licenses (id),
    upgrade_from_policy   BLOB    CONSTRAINT fk_orders_upgrade_policy REFERENCES policies (id),
    upgrade_from_expiry   INTEGER,
    upgrade_after_use     INTEGER NOT NULL,
    is_upgrade_applied    INTEGER NOT NULL,
    is_live               INTEGER NOT NULL,
    is_subscription       INTEGER NOT NULL,
    currency              TEXT    NOT NULL,
    subtotal_minor        INTEGER NOT NULL,
    total_minor           INTEGER,
    tax_minor             INTEGER NOT NULL,
    discount_minor        INTEGER NOT NULL,
    paid_minor            INTEGER NOT NULL,
    refunded_minor        INTEGER NOT NULL,
    status                TEXT    NOT NULL,
    hold_reason           TEXT,
    released_at           INTEGER,
    has_fraud_warning     INTEGER NOT NULL,
    stripe_checkout       TEXT,
    stripe_customer       TEXT,
    stripe_subscription   TEXT,
    subscription_state    TEXT,
    cancels_at_period_end INTEGER NOT NULL,
    expires_at            INTEGER,
    email                 TEXT,
    buyer_name            TEXT,
    version               INTEGER NOT NULL,
    created_at            INTEGER NOT NULL,
    updated_at            INTEGER NOT NULL,
    paid_at               INTEGER,
    delivered_at          INTEGER,
    CONSTRAINT ck_orders_id CHECK (length(id) = 16),
    CONSTRAINT ck_orders_kind CHECK (
        (kind = 'purchase' AND upgrade_license_id IS NULL AND upgrade_from_policy IS NULL AND upgrade_from_expiry IS NULL AND NOT is_upgrade_applied)
        OR (kind = 'upgrade' AND upgrade_license_id IS NOT NULL AND upgrade_from_policy IS NOT NULL AND NOT is_subscription)
    ),
    CONSTRAINT ck_orders_browser CHECK (length(browser_hash) = 32),
    CONSTRAINT ck_orders_currency CHECK (length(currency) = 3),
    CONSTRAINT ck_orders_amounts CHECK (
        subtotal_minor >= 0 AND tax_minor >= 0 AND discount_minor >= 0 AND paid_minor >= 0 AND refunded_minor >= 0
    ),
    CONSTRAINT ck_orders_status CHECK (
        status IN ('open', 'expired', 'pending', 'payment_failed', 'held', 'paid', 'partly_refunded', 'disputed', 'refunded', 'dispute_lost')
    ),
    CONSTRAINT ck_orders_held CHECK (status <> 'held' OR hold_reason IS NOT NULL),
    CONSTRAINT ck_orders_subscription CHECK (
        (stripe_subscription IS NULL) = (subscription_state IS NULL) AND (subscription_state IS NOT NULL OR NOT cancels_at_period_end)
    ),
    CONSTRAINT ck_orders_delivered CHECK (delivered_at IS NULL OR account_id IS NOT NULL),
    CONSTRAINT uq_orders_checkout UNIQUE (stripe_checkout)
) STRICT;

CREATE INDEX ix_orders_account ON orders (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX ix_orders_subscription ON orders (stripe_subscription) WHERE stripe_subscription IS NOT NULL;
CREATE INDEX ix_orders_upgrade ON orders (upgrade_license_id, id) WHERE upgrade_license_id IS NOT NULL;
CREATE INDEX ix_orders_status ON orders (status, id);

CREATE TABLE order_lines (
    order_id     BLOB    NOT NULL CONSTRAINT fk_order_lines_order REFERENCES orders (id),
    number       INTEGER NOT NULL,
    price_code   TEXT    NOT NULL,
    stripe_price TEXT    NOT NULL,
    policy_id    BLOB    NOT NULL CONSTRAINT fk_order_lines_policy REFERENCES policies (id),
    quantity     INTEGER NOT NULL,
    unit_minor   INTEGER NOT NULL,
    CONSTRAINT pk_order_lines PRIMARY KEY (order_id, number),
    CONSTRAINT ck_order_lines_number CHECK (number >= 1),
    CONSTRAINT ck_order_lines_quantity CHECK (quantity BETWEEN 1 AND 1000),
    CONSTRAINT ck_order_lines_unit CHECK (unit_minor >= 0)
) STRICT;

CREATE INDEX ix_order_lines_policy ON order_lines (policy_id);

-- Each unit of a line has at most one license. An admin's decision about the license is kept apart from what the payments
-- allow, so that neither undoes the other.
CREATE TABLE order_licenses (
    order_id              BLOB    NOT NULL,
    line                  INTEGER NOT NULL,
    unit                  INTEGER NOT NULL,
    license_id            BLOB    NOT NULL CONSTRAINT fk_order_licenses_license REFERENCES licenses (id),
    decision_suspended_at INTEGER,
    decision_revoked_at   INTEGER,
    payment_suspended_at  INTEGER,
    payment_revoked_at    INTEGER,
    CONSTRAINT pk_order_licenses PRIMARY KEY (order_id, line, unit),
    CONSTRAINT ck_order_licenses_unit CHECK (unit BETWEEN 1 AND 1000),
    CONSTRAINT ck_order_licenses_decision CHECK (decision_suspended_at IS NULL OR decision_revoked_at IS NULL),
    CONSTRAINT ck_order_licenses_payment CHECK (payment_suspended_at IS NULL OR payment_revoked_at IS NULL),
    CONSTRAINT fk_order_licenses_line FOREIGN KEY (order_id, line) REFERENCES order_lines (order_id, number),
    CONSTRAINT uq_order_licenses_license UNIQUE (license_id)
) STRICT;

-- The payments of an order, with their refunds and disputes, as the provider said last.
CREATE TABLE order_payments (
    id         TEXT    NOT NULL CONSTRAINT pk_order_payments PRIMARY KEY,
    order_id   BLOB    NOT NULL CONSTRAINT fk_order_payments_order REFERENCES orders (id),
    paid_minor INTEGER NOT NULL,
    paid_at    INTEGER NOT NULL,
    invoice    TEXT,
    pays_until INTEGER,
    CONSTRAINT ck_order_payments_paid CHECK (paid_minor >= 0)
) STRICT;

CREATE INDEX ix_order_payments_order ON order_payments (order_id, paid_at);

CREATE TABLE order_refunds (
    id           TEXT    NOT NULL CONSTRAINT pk_order_refunds PRIMARY KEY,
    payment_id   TEXT    NOT NULL CONSTRAINT fk_order_refunds_payment REFERENCES order_payments (id) ON DELETE CASCADE,
    amount_minor INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    CONSTRAINT ck_order_refunds_amount CHECK (amount_minor >= 0),
    CONSTRAINT ck_order_refunds_state CHECK (state IN ('pending', 'requires_action', 'succeeded', 'failed', 'canceled'))
) STRICT;

CREATE INDEX ix_order_refunds_payment ON order_refunds (payment_id);

CREATE TABLE order_disputes (
    id           TEXT    NOT NULL CONSTRAINT pk_order_disputes PRIMARY KEY,
    payment_id   TEXT    NOT NULL CONSTRAINT fk_order_disputes_payment REFERENCES order_payments (id) ON DELETE CASCADE,
    amount_minor INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    due_at       INTEGER,
    created_at   INTEGER NOT NULL,
    CONSTRAINT ck_order_disputes_amount CHECK (amount_minor >= 0),
    CONSTRAINT ck_order_disputes_state CHECK (state IN ('inquiry', 'inquiry_closed', 'open', 'won', 'lost', 'prevented'))
) STRICT;

CREATE INDEX ix_order_disputes_payment ON order_disputes (payment_id);

-- The provider's events, stored as they were sent before they are answered, and handled by a worker.
CREATE TABLE stripe_events (
    id              TEXT    NOT NULL CONSTRAINT pk_stripe_events PRIMARY KEY,
    kind            TEXT    NOT NULL,
    is_live         INTEGER NOT NULL,
    api_version     TEXT,
    object_kind     TEXT,
    object_id       TEXT,
    body            BLOB    NOT NULL,
    source          TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    attempts        INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    last_error      TEXT,
    created_at      INTEGER NOT NULL,
    received_at     INTEGER NOT NULL,
    done_at         INTEGER,
    CONSTRAINT ck_stripe_events_object CHECK ((object_kind IS NULL) = (object_id IS NULL)),
    CONSTRAINT ck_stripe_events_source CHECK (source IN ('webhook', 'sync')),
    CONSTRAINT ck_stripe_events_state CHECK (state IN ('waiting', 'done', 'ignored', 'not_understood', 'failed')),
    CONSTRAINT ck_stripe_events_waiting CHECK (state <> 'waiting' OR object_id IS NOT NULL),
    CONSTRAINT ck_stripe_events_done CHECK ((done_at IS NULL) = (state = 'waiting')),
    CONSTRAINT ck_stripe_events_attempts CHECK (attempts >= 0)
) STRICT;

CREATE INDEX ix_stripe_events_due ON stripe_events (next_attempt_at) WHERE state = 'waiting';
CREATE INDEX ix_stripe_events_state ON stripe_events (state, received_at);
CREATE INDEX ix_stripe_events_received ON stripe_events (received_at);

-- Until when the provider's events have been compared with those that were received.
CREATE TABLE stripe_sync (
    is_live      INTEGER NOT NULL CONSTRAINT pk_stripe_sync PRIMARY KEY,
    synced_until INTEGER NOT NULL,
    finished_at  INTEGER NOT NULL
) STRICT;
