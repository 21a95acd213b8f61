//! What the errors of SQLite mean.

use std::borrow::Cow;

use sqlx::{error::DatabaseError, sqlite::SqliteError};

use crate::error::Failure;

/// What an error means. `None` if it is not an error of SQLite.
pub(crate) fn failure(error: &dyn DatabaseError) -> Option<Failure> {
    let code: u32 = error.try_downcast_ref::<SqliteError>()?.code()?.parse().ok()?;
    // The low byte is the primary result code: https://sqlite.org/rescode.html
    Some(match code & 0xff {
        // BUSY, LOCKED
        5 | 6 => Failure::Busy,
        // PERM, NOMEM, READONLY, INTERRUPT, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOLFS, NOTADB
        3 | 7 | 8 | 9 | 10 | 11 | 13 | 14 | 15 | 22 | 26 => Failure::Unavailable,
        _ => Failure::Statement,
    })
}

/// The names of unique constraints. SQLite's messages give their columns instead.
const UNIQUE: &[(&str, &str)] = &[
    ("accounts.email", "uq_accounts_email"),
    ("accounts.id", "pk_accounts"),
    ("audit_chain.audit_id", "uq_audit_chain_row"),
    ("audit_chain.position", "pk_audit_chain"),
    ("audit_head.id", "pk_audit_head"),
    ("audit_log.id", "pk_audit_log"),
    ("audit_unsealed.audit_id", "pk_audit_unsealed"),
    ("catalog_version.id", "pk_catalog_version"),
    ("components.id", "pk_components"),
    ("components.machine_id, components.fingerprint_hash", "uq_components_fingerprint"),
    ("email_changes.account_id", "uq_email_changes_open"),
    ("email_changes.id", "pk_email_changes"),
    ("email_changes.new_token_hash", "uq_email_changes_new_token"),
    ("email_changes.old_token_hash", "uq_email_changes_old_token"),
    ("entitlements.code", "uq_entitlements_code"),
    ("entitlements.id", "pk_entitlements"),
    ("heartbeat_watch.id", "pk_heartbeat_watch"),
    ("import_audits.import_id, import_audits.number, import_audits.id", "pk_import_audits"),
    (
        "import_entitlements.import_id, import_entitlements.number, import_entitlements.entitlement_id",
        "pk_import_entitlements",
    ),
    ("import_rows.import_id, import_rows.key_lookup", "uq_import_rows_key"),
    ("import_rows.import_id, import_rows.license_id", "uq_import_rows_license"),
    ("import_rows.import_id, import_rows.number", "pk_import_rows"),
    ("instance.id", "pk_instance"),
    ("known_browsers.account_id, known_browsers.browser_hash", "pk_known_browsers"),
    ("license_entitlements.license_id, license_entitlements.entitlement_id", "pk_license_entitlements"),
    ("license_notices.license_id, license_notices.kind, license_notices.expires_at", "pk_license_notices"),
    ("licenses.id", "pk_licenses"),
    ("licenses.key_lookup", "uq_licenses_key"),
    ("sign_in_requests.browser_hash", "uq_sign_in_requests_browser"),
    ("sign_in_requests.id", "pk_sign_in_requests"),
    ("sign_in_requests.token_hash", "uq_sign_in_requests_token"),
    ("machines.id", "pk_machines"),
    ("machines.license_id, machines.fingerprint_hash", "uq_machines_active_fingerprint"),
    ("machines.license_id, machines.slot", "uq_machines_active_slot"),
    ("notes.id", "pk_notes"),
    ("order_disputes.id", "pk_order_disputes"),
    ("order_licenses.license_id", "uq_order_licenses_license"),
    ("order_licenses.order_id, order_licenses.line, order_licenses.unit", "pk_order_licenses"),
    ("order_lines.order_id, order_lines.number", "pk_order_lines"),
    ("order_payments.id", "pk_order_payments"),
    ("order_refunds.id", "pk_order_refunds"),
    ("orders.id", "pk_orders"),
    ("orders.stripe_checkout", "uq_orders_checkout"),
    ("outages.began_at", "pk_outages"),
    ("outbox.dedupe_key", "uq_outbox_dedupe_key"),
    ("outbox.id", "pk_outbox"),
    ("passkey_ceremonies.browser_hash", "uq_passkey_ceremonies_browser"),
    ("passkey_ceremonies.id", "pk_passkey_ceremonies"),
    ("passkey_ceremonies.session_id, passkey_ceremonies.purpose", "uq_passkey_ceremonies_session"),
    ("passkeys.credential_id", "uq_passkeys_credential"),
    ("passkeys.id", "pk_passkeys"),
    ("policies.code", "uq_policies_code"),
    ("policies.id", "pk_policies"),
    ("policy_entitlements.policy_id, policy_entitlements.entitlement_id", "pk_policy_entitlements"),
    ("price_upgrades.price_id, price_upgrades.policy_id", "pk_price_upgrades"),
    ("portal_views.session_id", "pk_portal_views"),
    ("prices.code", "uq_prices_code"),
    ("prices.id", "pk_prices"),
    ("processes.id", "pk_processes"),
    ("processes.machine_id, processes.pid", "uq_processes_pid"),
    ("products.code", "uq_products_code"),
    ("products.id", "pk_products"),
    ("rate_limits.bucket", "pk_rate_limits"),
    ("recovery_codes.code_hash", "pk_recovery_codes"),
    ("saved_views.account_id, saved_views.list, saved_views.name", "uq_saved_views_name"),
    ("saved_views.id", "pk_saved_views"),
    ("sessions.id", "pk_sessions"),
    ("sessions.token_hash", "uq_sessions_token"),
    ("signing_keys.id", "pk_signing_keys"),
    ("signing_keys.public_key", "uq_signing_keys_public"),
    ("stripe_customers.id", "pk_stripe_customers"),
    ("stripe_event_objects.object_id, stripe_event_objects.event_id", "pk_stripe_event_objects"),
    ("stripe_events.id", "pk_stripe_events"),
    ("stripe_sync.is_live", "pk_stripe_sync"),
];

/// The name of the constraint that SQLite's message is about.
pub(crate) fn constraint_name(message: &str) -> Cow<'static, str> {
    let (_, subject) = message.split_once("constraint failed: ").unwrap_or(("", message));
    if let Some((_, name)) = UNIQUE.iter().find(|(columns, _)| *columns == subject) {
        return Cow::Borrowed(name);
    }
    // For an index on an expression, SQLite gives the name: `index 'uq_…'`.
    let name = subject.strip_prefix("index '").and_then(|name| name.strip_suffix('\''));
    Cow::Owned(name.unwrap_or(subject).to_owned())
}

#[cfg(test)]
mod tests {
    use latchkey_testkit::{Backend, TestDatabase};
    use sqlx::Connection;

    /// Each unique constraint has the same name as on PostgreSQL.
    #[tokio::test]
    async fn constraints_have_their_names() {
        let database = TestDatabase::create(Backend::Postgres).await;
        let mut postgres = sqlx::PgConnection::connect(database.url()).await.expect("connected");
        let sql = "SELECT c.relname::text, t.relname::text,
                       (SELECT string_agg(a.attname::text, ',' ORDER BY k.n)
                        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
                        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum)
                   FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
                   JOIN pg_namespace n ON n.oid = t.relnamespace
                   WHERE i.indisunique AND i.indexprs IS NULL AND n.nspname = 'public'
                     AND t.relname <> '_sqlx_migrations' AND c.relname <> 'uq_policies_product'";
        let indexes: Vec<(String, String, String)> = sqlx::query_as(sql).fetch_all(&mut postgres).await.expect("read");
        assert!(indexes.len() > 20, "{indexes:?}");
        for (name, table, columns) in indexes {
            let columns: Vec<_> = columns.split(',').map(|column| format!("{table}.{column}")).collect();
            let message = format!("UNIQUE constraint failed: {}", columns.join(", "));
            assert_eq!(super::constraint_name(&message), name, "{message}");
        }
        assert_eq!(super::constraint_name("UNIQUE constraint failed: index 'uq_x'"), "uq_x");
        assert_eq!(super::constraint_name("CHECK constraint failed: ck_x"), "ck_x");
    }
}
