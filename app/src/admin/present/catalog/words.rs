//! What pages call the fields of catalog entries, and how they show the values. Forms, facts and plans use the same words.

use latchkey_licensing::money::{Currency, Money};
use latchkey_service::HumanDuration;
use serde_json::Value;

use crate::{admin::present::lists::grouped, routes::CatalogEntryKind as Kind};

/// The words of a field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldWords {
    /// The name in a catalog file. Those in a table are written `table.field`.
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    /// What it means that there is no value.
    pub(crate) missing: &'static str,
    /// The words of values, if there are only certain ones.
    pub(crate) options: &'static [(&'static str, &'static str)],
}

const fn field(name: &'static str, label: &'static str, missing: &'static str) -> FieldWords {
    FieldWords { name, label, missing, options: &[] }
}

const fn choice(
    name: &'static str,
    label: &'static str,
    options: &'static [(&'static str, &'static str)],
) -> FieldWords {
    FieldWords { name, label, missing: "", options }
}

const PRODUCT: &[FieldWords] = &[field("name", "Name", ""), field("key_prefix", "Keys begin with", "")];

const ENTITLEMENT: &[FieldWords] = &[field("name", "Name", "")];

const POLICY: &[FieldWords] = &[
    field("name", "Name", ""),
    field("product", "Product", ""),
    field("duration", "A license lasts", "Forever"),
    choice(
        "expiry_basis",
        "Its time starts when",
        &[
            ("FROM_CREATION", "It is issued"),
            ("FROM_FIRST_VALIDATION", "An app checks it for the first time"),
            ("FROM_FIRST_ACTIVATION", "The first machine is activated"),
        ],
    ),
    choice(
        "renewal_basis",
        "A renewal adds to",
        &[
            ("FROM_EXPIRY", "The end, even if it has passed"),
            ("FROM_NOW", "The day of the renewal"),
            ("FROM_NOW_IF_EXPIRED", "The end, or the day of the renewal if it has passed"),
        ],
    ),
    choice(
        "expiry_strategy",
        "After the end",
        &[
            ("RESTRICT_ACCESS", "It is not valid"),
            ("REVOKE_ACCESS", "It is not valid, and its key is rejected"),
            ("MAINTAIN_ACCESS", "It stays valid for older versions"),
            ("ALLOW_ACCESS", "It stays valid"),
        ],
    ),
    field("max_machines", "Machines", "Any number"),
    field("max_cores", "Cores of all machines together", "Any number"),
    field("max_uses", "Uses", "Any number"),
    field("max_processes", "Processes at once", "Any number"),
    choice(
        "processes.leasing",
        "The limit of processes is for",
        &[("PER_MACHINE", "Each machine"), ("PER_LICENSE", "All machines together")],
    ),
    choice(
        "overage_strategy",
        "Machines, cores and processes beyond the limit",
        &[
            ("NO_OVERAGE", "None"),
            ("ALLOW_1_25X", "Up to a quarter of the limit"),
            ("ALLOW_1_5X", "Up to half of the limit"),
            ("ALLOW_2X", "As many as the limit"),
            ("ALWAYS_ALLOW", "Any number"),
        ],
    ),
    choice(
        "machine_matching",
        "Machines that must be active of those an app names",
        &[
            ("MATCH_ANY", "At least one"),
            ("MATCH_TWO", "At least two"),
            ("MATCH_MOST", "More than half of them"),
            ("MATCH_ALL", "All of them"),
        ],
    ),
    field("floating", "Several machines at once", ""),
    field("strict", "Every check looks at the limits", ""),
    field("check_in", "Apps check in at least every", "Not required"),
    field("heartbeat.required", "Machines must send heartbeats", ""),
    field("heartbeat.window", "A heartbeat every", ""),
    choice(
        "heartbeat.cull",
        "A machine whose heartbeat is missing",
        &[("DEACTIVATE_DEAD", "Is deactivated"), ("KEEP_DEAD", "Keeps its slot")],
    ),
    choice(
        "heartbeat.resurrection",
        "A late heartbeat brings it back",
        &[
            ("NO_REVIVE", "Never"),
            ("1_MINUTE_REVIVE", "Within 1 minute"),
            ("2_MINUTE_REVIVE", "Within 2 minutes"),
            ("5_MINUTE_REVIVE", "Within 5 minutes"),
            ("10_MINUTE_REVIVE", "Within 10 minutes"),
            ("15_MINUTE_REVIVE", "Within 15 minutes"),
            ("ALWAYS_REVIVE", "At any time"),
        ],
    ),
    field("processes.window", "A heartbeat of each process every", ""),
    choice(
        "components.matching",
        "Of the components that an app names, a machine has",
        &[
            ("MATCH_ANY", "At least one"),
            ("MATCH_TWO", "At least two"),
            ("MATCH_MOST", "More than half"),
            ("MATCH_ALL", "All"),
        ],
    ),
    choice(
        "components.uniqueness",
        "A component is on one machine",
        &[("UNIQUE_PER_MACHINE", "Not necessarily"), ("UNIQUE_PER_LICENSE", "Of the license")],
    ),
    field("components.required", "Apps must name components", ""),
    choice(
        "key_scheme",
        "Keys",
        &[("RANDOM", "Random letters"), ("ED25519_SIGN", "Signed, so that apps can check them offline")],
    ),
    field("offline_file", "Files for offline use are valid for", ""),
    field("entitlements", "Entitlements", "None"),
    field("customer_frees_machines", "Customers free machines", ""),
    field("customer_renames_machines", "Customers rename machines", ""),
    field("customer_replaces_key", "Customers replace their key", ""),
    field("customer_downloads_files", "Customers download files for offline use", ""),
    field("customer_sees_history", "Customers see the history", ""),
    field("swaps.count", "Machines that customers may free", "Any number"),
    field("swaps.window", "In any period of", "Any length"),
];

const PRICE: &[FieldWords] = &[
    field("policy", "Policy", ""),
    field("amount", "Amount", "As at Stripe"),
    field("currency", "Currency", "As at Stripe"),
    FieldWords {
        name: "interval",
        label: "Paid",
        missing: "Once",
        options: &[("day", "By day"), ("week", "By week"), ("month", "By month"), ("year", "By year")],
    },
    field("interval_count", "How many of them at a time", "1"),
    field("min_quantity", "Smallest quantity", "1"),
    field("max_quantity", "Largest quantity", "1"),
    FieldWords {
        name: "tax",
        label: "Tax",
        missing: "As set at Stripe",
        options: &[
            ("unspecified", "As set at Stripe"),
            ("exclusive", "Added to the amount"),
            ("inclusive", "Included in the amount"),
        ],
    },
    field("upgrade_from", "Upgrades licenses of", "None: it sells new licenses"),
    field("stripe_price", "Price at Stripe", "Made by latchkey stripe provision"),
];

/// The fields of a kind of entry, in the order of the pages.
pub(crate) fn fields(kind: Kind) -> &'static [FieldWords] {
    match kind {
        Kind::Product => PRODUCT,
        Kind::Policy => POLICY,
        Kind::Price => PRICE,
        Kind::Entitlement => ENTITLEMENT,
    }
}

/// The words of a field. One without words is called as in the file.
pub(crate) fn of(kind: Kind, name: &str) -> Option<&'static FieldWords> {
    fields(kind).iter().find(|field| field.name == name)
}

pub(crate) fn label(kind: Kind, name: &str) -> String {
    of(kind, name).map_or_else(|| name.to_owned(), |field| field.label.to_owned())
}

/// What one entry is called: `policy`.
pub(crate) const fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Product => "product",
        Kind::Policy => "policy",
        Kind::Price => "price",
        Kind::Entitlement => "entitlement",
    }
}

/// The same at the start of a sentence.
pub(crate) const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Product => "Product",
        Kind::Policy => "Policy",
        Kind::Price => "Price",
        Kind::Entitlement => "Entitlement",
    }
}

/// What all of them are called.
pub(crate) const fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Product => "Products",
        Kind::Policy => "Policies",
        Kind::Price => "Prices",
        Kind::Entitlement => "Entitlements",
    }
}

/// A field's value in words. `entry` is the whole entry, which says in what currency an amount is.
pub(crate) fn value(kind: Kind, name: &str, value: &Value, entry: &Value) -> String {
    let words = of(kind, name);
    let missing = || words.map_or_else(String::new, |words| words.missing.to_owned());
    match value {
        Value::Null => missing(),
        Value::Bool(is_true) => (if *is_true { "Yes" } else { "No" }).to_owned(),
        Value::Number(number) if name == "amount" => {
            let currency = entry.get("currency").and_then(Value::as_str).and_then(|code| code.parse::<Currency>().ok());
            match (number.as_i64(), currency) {
                (Some(minor), Some(currency)) => Money::new(minor, currency).to_string(),
                _ => number.to_string(),
            }
        }
        Value::Number(number) => {
            number.as_u64().and_then(|number| u32::try_from(number).ok()).map_or_else(|| number.to_string(), grouped)
        }
        Value::String(text) => {
            let option = words.and_then(|words| words.options.iter().find(|(option, _)| option == text));
            match (option, HumanDuration::parse(text)) {
                (Some((_, word)), _) => (*word).to_owned(),
                (None, Some(duration)) if is_duration(name) => long(duration),
                (None, _) => text.clone(),
            }
        }
        Value::Array(items) if items.is_empty() => missing(),
        Value::Array(items) => {
            items.iter().map(|item| item.as_str().unwrap_or_default()).collect::<Vec<_>>().join(", ")
        }
        Value::Object(_) => String::new(),
    }
}

fn is_duration(name: &str) -> bool {
    matches!(name, "duration" | "check_in" | "offline_file" | "heartbeat.window" | "processes.window" | "swaps.window")
}

/// `30 days` instead of `30d`.
fn long(duration: HumanDuration) -> String {
    let text = duration.to_string();
    let (number, unit) = text.split_at(text.len().saturating_sub(1));
    let unit = match unit {
        "d" => "day",
        "h" => "hour",
        "m" => "minute",
        _ => "second",
    };
    if number == "1" { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

/// The fields of an entry with their values; those in a table by `table.field`. Fields without a value are missing.
pub(crate) fn flat(entry: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (name, value) in entry.as_object().into_iter().flatten() {
        match value {
            Value::Object(members) => {
                found.extend(members.iter().map(|(member, value)| (format!("{name}.{member}"), value.clone())));
            }
            _ => found.push((name.clone(), value.clone())),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use latchkey_service::{PolicyEntry, PriceEntry};
    use serde_json::json;

    use super::*;

    fn policy() -> PolicyEntry {
        serde_json::from_value(json!({
            "code": "p", "product": "a", "name": "P", "duration": "30d", "max_machines": 1, "max_cores": 1, "max_uses": 1,
            "max_processes": 1,
            "check_in": "7d", "swaps": { "count": 6, "window": "30d" },
        }))
        .expect("a policy")
    }

    /// A new field of the file needs words.
    #[test]
    fn every_field_has_words() {
        let entry = serde_json::to_value(policy()).expect("JSON");
        let there: BTreeSet<String> = flat(&entry).into_iter().map(|(name, _)| name).collect();
        let named = POLICY.iter().map(|field| field.name.to_owned()).chain(["code".to_owned()]).collect();
        assert_eq!(there, named);
        let price: PriceEntry = serde_json::from_value(json!({
            "code": "x", "policy": "p", "amount": 1, "currency": "USD", "stripe_price": "price_1", "interval": "month",
            "interval_count": 2, "min_quantity": 2, "max_quantity": 3, "tax": "inclusive", "upgrade_from": ["q"],
        }))
        .expect("a price");
        let entry = serde_json::to_value(price).expect("JSON");
        let there: BTreeSet<String> = flat(&entry).into_iter().map(|(name, _)| name).collect();
        let named = PRICE.iter().map(|field| field.name.to_owned()).chain(["code".to_owned()]).collect();
        assert_eq!(there, named);
    }

    #[test]
    fn values_are_shown_in_words() {
        let none = json!({});
        let shown = |name: &str, given: Value| value(Kind::Policy, name, &given, &none);
        assert_eq!(shown("duration", json!("365d")), "365 days");
        assert_eq!(shown("duration", Value::Null), "Forever");
        assert_eq!(shown("max_machines", json!(1200)), "1,200");
        assert_eq!(shown("name", json!("30d")), "30d");
        assert_eq!(shown("strict", json!(false)), "No");
        assert_eq!(shown("heartbeat.cull", json!("KEEP_DEAD")), "Keeps its slot");
        assert_eq!(shown("entitlements", json!([])), "None");
        let price = json!({ "currency": "USD" });
        assert_eq!(value(Kind::Price, "amount", &json!(14_900), &price), "$149.00");
    }
}
