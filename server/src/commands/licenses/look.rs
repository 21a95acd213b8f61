//! `license list | find | explain`

use latchkey_licensing::validation::Scope;
use latchkey_service::{Explanation, Found, FoundRecord, Licenses, Operator, RecordId, Service};
use serde_json::{Value, json};

use super::not_found;
use crate::{
    cli::lists::{LicenseExplain, LicenseList},
    commands::terminal::{
        arguments::license_id,
        listing::{self, Fields},
    },
    console,
    startup::Failure,
};

pub(super) async fn list(service: &Service, command: LicenseList, as_json: bool) -> Result<(), Failure> {
    let LicenseList { text, status, policy, product, machines, from, to, expires_from, expires_to, list } = command;
    let fields = Fields::new(&list)
        .add("q", text)
        .add("status", status)
        .add("policy", policy)
        .add("product", product)
        .add("machines", machines)
        .add("from", from)
        .add("to", to)
        .add("expires_from", expires_from)
        .add("expires_to", expires_to);
    let shown = &["key", "status", "policy", "email", "machines", "expires_at"];
    listing::list::<Licenses>(service, fields, &list, shown, as_json).await
}

pub(super) async fn find(service: &Service, text: &str, as_json: bool) -> Result<(), Failure> {
    let found = service.admin(Operator::Host).find(text).await?;
    if as_json {
        console::json(&found_json(&found));
        return Ok(());
    }
    if found.groups.is_empty() {
        console::line("Nothing was found.");
    }
    for group in &found.groups {
        for record in &group.records {
            let FoundRecord { title, detail, .. } = record;
            console::line(&format!("{:<8}  {}  {title}  {detail}", group.kind.as_str(), id(&record.record)));
        }
        if group.has_more {
            console::line(&format!("{:<8}  and others", group.kind.as_str()));
        }
    }
    Ok(())
}

fn id(record: &RecordId) -> String {
    match record {
        RecordId::Account(id) => id.to_string(),
        RecordId::License(id) => id.to_string(),
        RecordId::Machine(id) => id.to_string(),
        RecordId::Order(id) => id.to_string(),
        RecordId::Mail(id) => id.to_string(),
        RecordId::StripeEvent(id) => id.clone(),
    }
}

fn found_json(found: &Found) -> Value {
    let record =
        |record: &FoundRecord| json!({ "id": id(&record.record), "title": record.title, "detail": record.detail });
    let groups: Vec<Value> = found
        .groups
        .iter()
        .map(|group| {
            let records: Vec<Value> = group.records.iter().map(record).collect();
            json!({ "kind": group.kind.as_str(), "records": records, "has_more": group.has_more })
        })
        .collect();
    json!({ "groups": groups, "only": found.only().map(record) })
}

pub(super) async fn explain(service: &Service, command: LicenseExplain, as_json: bool) -> Result<(), Failure> {
    let id = license_id(service, &command.id).await?;
    let given = |values: Vec<String>| (!values.is_empty()).then_some(values);
    // One fingerprint must be active, whatever the policy says about several.
    let (fingerprint, fingerprints) = match <[String; 1]>::try_from(command.fingerprint) {
        Ok([only]) => (Some(only), None),
        Err(several) => (None, given(several)),
    };
    let scope = Scope {
        fingerprint,
        fingerprints,
        entitlements: given(command.entitlement),
        product: command.product,
        policy: command.policy,
        version: command.release,
        ..Scope::default()
    };
    let explanation = service.admin(Operator::Host).explain_validation(id, &scope).await?;
    let explanation = explanation.ok_or_else(|| not_found(id))?;
    if as_json {
        console::json(&explanation_json(&explanation));
        return Ok(());
    }
    let verdict = explanation.verdict;
    console::line(&format!("{}: the license {}", verdict.code.as_str(), verdict.detail));
    if explanation.is_key_refused {
        console::line("The API refuses its key.");
    }
    for check in &explanation.checks {
        let outcome = match check.failure {
            Some(failure) => format!("fails: {}, it {}", failure.code.as_str(), failure.detail),
            None if check.is_asked => "passes".to_owned(),
            None => "is not asked for".to_owned(),
        };
        console::line(&format!("  {:<12}  {outcome}", check.check.as_str()));
    }
    Ok(())
}

fn explanation_json(explanation: &Explanation) -> Value {
    let checks: Vec<Value> = explanation
        .checks
        .iter()
        .map(|check| {
            json!({
                "check": check.check.as_str(),
                "is_asked": check.is_asked,
                "passes": check.failure.is_none(),
                "code": check.failure.map(|failure| failure.code.as_str()),
                "detail": check.failure.map(|failure| failure.detail),
            })
        })
        .collect();
    let verdict = explanation.verdict;
    json!({
        "valid": verdict.is_valid,
        "code": verdict.code.as_str(),
        "detail": verdict.detail,
        "is_key_refused": explanation.is_key_refused,
        "status": explanation.status.as_str(),
        "entitlements": explanation.entitlements.iter().map(latchkey_licensing::entitlement::EntitlementCode::as_str).collect::<Vec<_>>(),
        "checks": checks,
    })
}
