-- The mail about an order that its next change does not send, because an admin asked for that.
ALTER TABLE orders ADD COLUMN unsent_mail TEXT
    CONSTRAINT ck_orders_unsent_mail CHECK (unsent_mail IN ('delivery', 'refund'));

-- Columns are called what they are.
ALTER TABLE orders RENAME COLUMN upgrade_after_use TO upgrade_ended_after_first_use;
ALTER TABLE orders RENAME COLUMN cancels_at_period_end TO is_canceled_at_period_end;
ALTER TABLE order_payments RENAME COLUMN pays_until TO period_ends_at;
-- When the last completed reconciliation began: what Stripe recorded before was compared.
ALTER TABLE stripe_sync RENAME COLUMN synced_until TO started_at;
