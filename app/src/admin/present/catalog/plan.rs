//! What a change of the catalog would do, in words.

use latchkey_licensing::validation::ValidationCode;
use latchkey_service::{
    CatalogAction, CatalogFile, CatalogKind, CatalogObstacle, CatalogStep, CatalogWarning, LicenseDetails,
};
use serde_json::{Value, json};

use super::{
    entry::Entry,
    overview::{licenses_under, number},
    words,
};
use crate::{
    admin::{
        model::{
            catalog::{FieldChange, PlanObstacle, PlanStep},
            lists::LinkTo,
            object_view::Notice,
        },
        present::objects::license,
    },
    routes::{AdminPage, CatalogEntryKind as Kind},
    shared::model::Tone,
};

const fn kind(kind: CatalogKind) -> Kind {
    match kind {
        CatalogKind::Product => Kind::Product,
        CatalogKind::Entitlement => Kind::Entitlement,
        CatalogKind::Policy => Kind::Policy,
        CatalogKind::Price => Kind::Price,
    }
}

fn licenses(count: i64) -> String {
    if count == 1 { "1 license".to_owned() } else { format!("{} licenses", number(count)) }
}

/// A step of a plan. `before` and `after` are the catalogs before and after it.
pub(crate) fn step(step: &CatalogStep, before: Option<&Entry>, after: Option<&Entry>) -> PlanStep {
    let kind = kind(step.kind);
    let name = after.or(before).map_or(step.code.as_str(), |entry| entry.name.as_str());
    let verb = match step.action {
        CatalogAction::Add => "is added",
        CatalogAction::Change => "changes",
        CatalogAction::Remove => "is removed",
    };
    let json_of = |entry: Option<&Entry>| entry.map_or_else(|| json!({}), |entry| entry.json.clone());
    let fields = match step.action {
        CatalogAction::Remove => Vec::new(),
        CatalogAction::Add => changes(kind, &json_of(before), &json_of(after)),
        CatalogAction::Change => {
            let old = json_of(before);
            changes(kind, &old, &changed(&old, &step.fields))
        }
    };
    PlanStep {
        title: format!("{} “{name}” {verb}", words::title(kind)),
        licenses: (step.licenses > 0).then(|| {
            let words = match step.licenses {
                1 => "1 license is under it".to_owned(),
                count => format!("{} licenses are under it", number(count)),
            };
            LinkTo::new(words, licenses_under(&step.code))
        }),
        has_before: step.action == CatalogAction::Change,
        fields,
    }
}

/// An entry after a step. It is not always the entry of the file, which may leave out what is known otherwise.
fn changed(entry: &Value, fields: &[(String, Value, Value)]) -> Value {
    let mut entry = entry.clone();
    if let Value::Object(entry) = &mut entry {
        for (name, _, after) in fields {
            if after.is_null() {
                entry.remove(name);
            } else {
                entry.insert(name.clone(), after.clone());
            }
        }
    }
    entry
}

/// The fields in which two entries of a kind differ, in words. A new entry differs from nothing.
pub(crate) fn changes(kind: Kind, before: &Value, after: &Value) -> Vec<FieldChange> {
    let (old, new) = (words::flat(before), words::flat(after));
    let find = |values: &[(String, Value)], name: &str| {
        values.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, value)| value.clone())
    };
    let is_new = old.is_empty();
    // The currency stands with the amount.
    let is_shown = |name: &str| name != "currency" || kind != Kind::Price;
    let named = words::fields(kind).iter().filter(|field| is_shown(field.name));
    let changed = named.filter_map(|field| {
        let (from, to) = (find(&old, field.name), find(&new, field.name));
        let currency_changed = field.name == "amount" && find(&old, "currency") != find(&new, "currency");
        (from != to || currency_changed || (is_new && !to.is_null())).then(|| FieldChange {
            label: field.label.to_owned(),
            before: if is_new { String::new() } else { words::value(kind, field.name, &from, before) },
            after: words::value(kind, field.name, &to, after),
        })
    });
    let mut changed: Vec<FieldChange> = changed.collect();
    if is_new {
        let code = after.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
        changed.insert(0, FieldChange { label: "Code".to_owned(), before: String::new(), after: code });
    }
    changed
}

pub(crate) fn warning(warning: &CatalogWarning, file: &CatalogFile) -> String {
    let name = |code: &str| {
        let policy = file.policies.iter().find(|policy| policy.code == code);
        policy.map_or_else(|| code.to_owned(), |policy| policy.name.clone())
    };
    match warning {
        CatalogWarning::FreePrice { price } => {
            format!("At the price “{price}”, licenses cost nothing, so anyone can have them.")
        }
        CatalogWarning::SeveralCurrencies { product, currencies } => {
            let currencies: Vec<String> = currencies.iter().map(ToString::to_string).collect();
            format!("The prices of “{product}” are in {}. Buyers see all of them.", currencies.join(" and "))
        }
        CatalogWarning::UpgradeEnds { price, from, to } => format!(
            "The price “{price}” replaces a license that lasts forever (“{}”) with one that ends (“{}”), for money.",
            name(from),
            name(to)
        ),
    }
}

/// An obstacle, with some of the licenses that would become invalid.
pub(crate) fn obstacle(obstacle: &CatalogObstacle, examples: &[LicenseDetails]) -> PlanObstacle {
    let notice = |text: String, link: Option<LinkTo>| Notice { tone: Tone::Bad, text, link };
    let list = |policy: &str| Some(LinkTo::new("Show the licenses", licenses_under(policy)));
    let new_policy = "Create a new policy instead, and move licenses to it one by one (“Change terms” on a license).";
    let (notice, remedy) = match obstacle {
        CatalogObstacle::PolicyInUse { policy, licenses: count } => (
            notice(format!("It cannot be removed: {} under it.", are(*count)), list(policy)),
            "Move them to another policy first (“Change terms” on a license).",
        ),
        CatalogObstacle::PolicyOrdered { orders, .. } => (
            notice(format!("It cannot be removed: {orders} lines of orders are about it."), None),
            "Keep it. Without a price, nobody can buy it.",
        ),
        CatalogObstacle::EntitlementInUse { licenses: count, .. } => (
            notice(
                format!(
                    "It cannot be removed: {} it in addition to those of a policy.",
                    if *count == 1 { "1 license holds".to_owned() } else { format!("{} hold", licenses(*count)) }
                ),
                None,
            ),
            "Remove it from them first (“Change terms” on a license).",
        ),
        CatalogObstacle::ProductInUse { policy, product, licenses: count } => (
            notice(
                format!(
                    "The product cannot change: {} under this policy, and their apps ask for “{product}”.",
                    are(*count)
                ),
                list(policy),
            ),
            "Create a new policy for the other product instead.",
        ),
        CatalogObstacle::NewRequirement { policy, field, licenses: count } => (
            notice(
                format!(
                    "“{}” cannot be asked of apps that do not do it yet: {} under this policy.",
                    words::label(Kind::Policy, field),
                    are(*count)
                ),
                list(policy),
            ),
            new_policy,
        ),
        CatalogObstacle::WouldInvalidate { policy, field, found } => {
            let count = i64::try_from(found.count).unwrap_or(i64::MAX);
            let fields: Vec<String> = field.split(", ").map(label).collect();
            let text = format!(
                "{} would become invalid, because {}. The field is “{}”.",
                licenses(count),
                because(found.code),
                fields.join("” and “")
            );
            (
                notice(text, list(policy)),
                "Change these licenses first (“Change terms”, or free a machine). Or create a new policy and move licenses to it.",
            )
        }
    };
    let examples = examples
        .iter()
        .map(|details| LinkTo::new(license::name(details), AdminPage::License(details.view.license.id).path()));
    PlanObstacle { notice, examples: examples.collect(), remedy: remedy.to_owned() }
}

fn label(field: &str) -> String {
    // A table stands for all of its fields.
    if field == "heartbeat" { "Heartbeats".to_owned() } else { words::label(Kind::Policy, field) }
}

fn are(count: i64) -> String {
    if count == 1 { "1 license is".to_owned() } else { format!("{} licenses are", number(count)) }
}

/// Why a license that is valid now would get this code.
fn because(code: ValidationCode) -> &'static str {
    match code {
        ValidationCode::TooManyMachines => "more machines are active than that",
        ValidationCode::TooManyCores => "the machines have more cores than that",
        ValidationCode::NoMachine | ValidationCode::NoMachines => "no machine is active",
        ValidationCode::Expired => "the end has passed",
        ValidationCode::Overdue => "the last check-in is longer ago",
        ValidationCode::HeartbeatDead | ValidationCode::HeartbeatNotStarted => "heartbeats are missing",
        ValidationCode::EntitlementsMissing => "an entitlement would be missing",
        _ => "the new terms are not met",
    }
}
