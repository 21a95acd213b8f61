//! Records as commands print them.

use latchkey_licensing::{
    entitlement::EntitlementCode,
    license::{Expiry, Standing},
    license_key,
    license_key::LicenseKey,
    time::Timestamp,
};
use latchkey_service::{Account, LicenseView};
use serde_json::{Value, json};

/// A license's status. Unlike on the wire, a revoked license is not shown as suspended (ADR 2).
pub(crate) fn status(view: &LicenseView) -> &'static str {
    match view.license.standing {
        Standing::Revoked(_) => "REVOKED",
        Standing::Good | Standing::Suspended(_) => view.status.as_str(),
    }
}

/// A license as JSON.
pub(crate) fn license(view: &LicenseView, key: &LicenseKey, owner: &Account) -> Value {
    let license = &view.license;
    let machines: Vec<Value> = view
        .machines
        .iter()
        .map(|machine| json!({ "id": machine.id.to_string(), "name": machine.label(), "last_seen_at": machine.last_seen_at.rfc3339() }))
        .collect();
    json!({
        "id": license.id.to_string(),
        "status": status(view),
        "product": view.product.code,
        "policy": view.policy.code,
        "email": owner.email.as_str(),
        "account_id": owner.id.to_string(),
        "key": key.expose(),
        "max_machines": license.machine_limit(&view.policy),
        "machine_limit_with_overage": view.machine_limit_with_overage,
        "max_cores": license.core_limit(&view.policy),
        "max_uses": license.use_limit(&view.policy),
        "uses": license.uses,
        "metadata": serde_json::from_str::<Value>(&license.metadata).unwrap_or_default(),
        "individual_entitlements": view.individual_entitlements.iter().map(EntitlementCode::as_str).collect::<Vec<_>>(),
        "machine_count": view.machine_count,
        "machines": machines,
        "expires_at": license.expiry.at().map(Timestamp::rfc3339),
        "begins_with_first_use": license.expiry == Expiry::AfterFirstUse,
        "created_at": license.created_at.rfc3339(),
    })
}

/// One line of a list of licenses.
pub(crate) fn license_line(view: &LicenseView) -> String {
    let license = &view.license;
    let masked = license_key::masked(&license.key_prefix, &license.key_tail);
    format!("{}  {masked}  {}  {}", license.id, status(view), view.policy.code)
}

/// Adds members to an object.
pub(crate) fn with<const N: usize>(object: Value, more: [(&str, Value); N]) -> Value {
    let mut members = match object {
        Value::Object(members) => members,
        other => return other,
    };
    members.extend(more.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(members)
}

/// An account as JSON.
pub(crate) fn account(account: &Account) -> Value {
    json!({
        "id": account.id.to_string(),
        "email": account.email.as_str(),
        "name": account.name,
        "role": account.role.as_str(),
        "disabled": account.disabled_at.is_some(),
        "created_at": account.created_at.rfc3339(),
    })
}
