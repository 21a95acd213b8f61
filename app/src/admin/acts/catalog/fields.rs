//! The fields of the forms of catalog entries, and the values that an entry has in them.

use std::collections::BTreeMap;

use latchkey_licensing::money::Currency;
use latchkey_service::CatalogFile;
use serde_json::{Value, json};

use crate::{
    admin::{
        model::{
            catalog::FieldGroup,
            objects::{Input, InputKind},
        },
        present::catalog::words,
    },
    routes::CatalogEntryKind as Kind,
};

/// What a form contains: each field's name and what is entered. A box that is not checked is empty.
pub(super) type Values = BTreeMap<String, String>;

/// The field for the code of a new entry.
pub(super) const CODE: &str = "code";

/// How a field is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    Text,
    Number,
    Duration,
    /// One of the values that have words.
    Choice,
    Check,
    /// An amount in the currency that another field names.
    Amount,
    /// The code of an entry of another kind.
    Entry(Kind),
    /// Codes of entries of another kind, each a box.
    Entries(Kind),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) control: Control,
    hint: &'static str,
}

const fn field(name: &'static str, control: Control, hint: &'static str) -> Field {
    Field { name, control, hint }
}

struct Group {
    title: &'static str,
    hint: &'static str,
    fields: &'static [Field],
}

const DURATION: &str = "Such as 365d, 12h or 30m.";
const ANY_NUMBER: &str = "Empty means any number.";

const PRODUCT: &[Group] = &[Group {
    title: "Product",
    hint: "",
    fields: &[
        field("name", Control::Text, "What customers read."),
        field(
            "key_prefix",
            Control::Text,
            "2 to 8 capital letters or digits. Keys of issued licenses stay as they are.",
        ),
    ],
}];

const ENTITLEMENT: &[Group] =
    &[Group { title: "Entitlement", hint: "", fields: &[field("name", Control::Text, "What customers read.")] }];

const POLICY: &[Group] = &[
    Group {
        title: "Policy",
        hint: "",
        fields: &[
            field("name", Control::Text, "What customers read."),
            field("product", Control::Entry(Kind::Product), ""),
        ],
    },
    Group {
        title: "How long a license lasts",
        hint: "",
        fields: &[
            field("duration", Control::Duration, "Such as 365d, 12h or 30m. Empty means forever."),
            field("expiry_basis", Control::Choice, ""),
            field("renewal_basis", Control::Choice, ""),
            field("expiry_strategy", Control::Choice, ""),
        ],
    },
    Group {
        title: "How much it allows",
        hint: "",
        fields: &[
            field("max_machines", Control::Number, ANY_NUMBER),
            field("max_cores", Control::Number, ANY_NUMBER),
            field("max_uses", Control::Number, "How often apps may count a use. Empty means any number."),
            field("max_processes", Control::Number, "How many runs of the app at once. Empty means any number."),
            field("processes.leasing", Control::Choice, ""),
            field("overage_strategy", Control::Choice, ""),
            field("floating", Control::Check, "Without it, a license is for one machine."),
            field("machine_matching", Control::Choice, "If an app names several at once."),
            field("strict", Control::Check, "Also a check that names no machine."),
        ],
    },
    Group {
        title: "What apps must do",
        hint: "",
        fields: &[
            field("check_in", Control::Duration, "At least 1h. Empty means that they need not."),
            field("heartbeat.required", Control::Check, ""),
            field("heartbeat.window", Control::Duration, "At least 1m."),
            field("heartbeat.cull", Control::Choice, ""),
            field("heartbeat.resurrection", Control::Choice, ""),
            field("processes.window", Control::Duration, "At least 1m. Only for apps that report their processes."),
            field("components.required", Control::Check, ""),
            field("components.matching", Control::Choice, ""),
            field("components.uniqueness", Control::Choice, ""),
        ],
    },
    Group {
        title: "Keys and files",
        hint: "",
        fields: &[
            field("key_scheme", Control::Choice, "Keys of issued licenses stay as they are."),
            field("offline_file", Control::Duration, DURATION),
        ],
    },
    Group {
        title: "Entitlements that it grants",
        hint: "",
        fields: &[field("entitlements", Control::Entries(Kind::Entitlement), "")],
    },
    Group {
        title: "What customers may do in the portal",
        hint: "Support can still free machines, and admins can still replace keys.",
        fields: &[
            field("customer_frees_machines", Control::Check, ""),
            field("customer_renames_machines", Control::Check, ""),
            field("customer_replaces_key", Control::Check, ""),
            field("customer_downloads_files", Control::Check, "Files let the app run without internet access."),
            field("customer_sees_history", Control::Check, ""),
        ],
    },
    Group {
        title: "How often customers may free machines",
        hint: "",
        fields: &[
            field("swaps.count", Control::Number, ANY_NUMBER),
            field("swaps.window", Control::Duration, "Such as 30d. Empty if they may free any number."),
        ],
    },
];

const PRICE: &[Group] = &[
    Group { title: "Price", hint: "", fields: &[field("policy", Control::Entry(Kind::Policy), "")] },
    Group {
        title: "What a license costs",
        hint: "After a change, run “latchkey stripe provision” on the host, which makes the price at Stripe.",
        fields: &[
            field("amount", Control::Amount, "Such as 149.00. Empty if the price at Stripe says it."),
            field("currency", Control::Text, "Three letters, such as USD."),
            field("tax", Control::Choice, ""),
            field("interval", Control::Choice, ""),
            field("interval_count", Control::Number, "Every 3 months is 3."),
            field("stripe_price", Control::Text, "Only for a price that you made at Stripe yourself: price_…"),
        ],
    },
    Group {
        title: "How many can be bought at once",
        hint: "",
        fields: &[field("min_quantity", Control::Number, ""), field("max_quantity", Control::Number, "")],
    },
    Group {
        title: "Upgrades",
        hint: "If you check any policy, the price only upgrades its licenses.",
        fields: &[field("upgrade_from", Control::Entries(Kind::Policy), "")],
    },
];

fn groups(kind: Kind) -> &'static [Group] {
    match kind {
        Kind::Product => PRODUCT,
        Kind::Policy => POLICY,
        Kind::Price => PRICE,
        Kind::Entitlement => ENTITLEMENT,
    }
}

/// All fields of a kind of entry, without the code.
pub(super) fn fields(kind: Kind) -> impl Iterator<Item = &'static Field> {
    groups(kind).iter().flat_map(|group| group.fields)
}

/// The name of the box of one of several codes.
pub(super) fn box_name(field: &str, code: &str) -> String {
    format!("{field}.{code}")
}

/// The codes and names of all entries of a kind.
pub(super) fn codes(file: &CatalogFile, kind: Kind) -> Vec<(String, String)> {
    let pair = |code: &String, name: &String| (code.clone(), name.clone());
    match kind {
        Kind::Product => file.products.iter().map(|entry| pair(&entry.code, &entry.name)).collect(),
        Kind::Policy => file.policies.iter().map(|entry| pair(&entry.code, &entry.name)).collect(),
        Kind::Price => file.prices.iter().map(|entry| pair(&entry.code, &entry.code)).collect(),
        Kind::Entitlement => file.entitlements.iter().map(|entry| pair(&entry.code, &entry.name)).collect(),
    }
}

/// A new entry, in which everything has its default. It is for the only product or policy, if there is only one.
pub(super) fn blank(kind: Kind, file: &CatalogFile) -> Value {
    let only = |kind| match codes(file, kind).as_slice() {
        [(code, _)] => code.clone(),
        _ => String::new(),
    };
    let blank = json!({ "policy": only(Kind::Policy) });
    let policy = || {
        let policy = json!({ "code": "", "name": "", "product": only(Kind::Product) });
        serde_json::from_value::<latchkey_service::PolicyEntry>(policy).map(|policy| json!(policy)).unwrap_or_default()
    };
    if kind == Kind::Policy { policy() } else { blank }
}

/// What an entry has in the fields of its form.
pub(super) fn values(kind: Kind, entry: &Value, file: &CatalogFile) -> Values {
    let mut values = Values::new();
    for field in fields(kind) {
        let value = entry.pointer(&format!("/{}", field.name.replace('.', "/"))).unwrap_or(&Value::Null);
        let shown = match (field.control, value) {
            (Control::Entries(of), held) => {
                for (code, _) in codes(file, of) {
                    let is_held = held.as_array().is_some_and(|held| held.iter().any(|held| *held == code));
                    values.insert(box_name(field.name, &code), checked(is_held));
                }
                continue;
            }
            (Control::Check, value) => checked(value.as_bool().unwrap_or_default()),
            (Control::Amount, value) => amount(value, entry.get("currency")),
            // These are left out of a file if they have their default.
            (Control::Number, Value::Null)
                if matches!(field.name, "interval_count" | "min_quantity" | "max_quantity") =>
            {
                "1".to_owned()
            }
            (Control::Choice, Value::Null) if field.name == "tax" => "unspecified".to_owned(),
            (_, Value::String(text)) => text.clone(),
            (_, Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        values.insert(field.name.to_owned(), shown);
    }
    values
}

fn checked(is_checked: bool) -> String {
    if is_checked { "on".to_owned() } else { String::new() }
}

/// An amount as it is entered: `149.00`.
fn amount(minor: &Value, currency: Option<&Value>) -> String {
    let currency: Option<Currency> = currency.and_then(Value::as_str).and_then(|code| code.parse().ok());
    let (Some(minor), Some(currency)) = (minor.as_u64(), currency) else {
        return String::new();
    };
    let decimals = currency.decimals();
    let digits = format!("{minor:0>width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// The form's fields with these values. A new entry has one for its code.
pub(super) fn inputs(kind: Kind, values: &Values, file: &CatalogFile, is_new: bool) -> Vec<FieldGroup> {
    let mut shown: Vec<FieldGroup> = groups(kind)
        .iter()
        .map(|group| FieldGroup {
            title: group.title.to_owned(),
            hint: hint(group.hint),
            inputs: group.fields.iter().flat_map(|field| inputs_of(kind, field, values, file)).collect(),
        })
        .collect();
    // Without entries to choose from, there is nothing to show.
    shown.retain(|group| !group.inputs.is_empty());
    if let Some(first) = shown.first_mut().filter(|_| is_new) {
        let says = match kind {
            Kind::Entitlement => "What apps check for, such as PRO. It stays as it is.",
            _ => "What commands and files call it: lower-case letters, digits and hyphens. It stays as it is.",
        };
        let value = values.get(CODE).cloned().unwrap_or_default();
        first.inputs.insert(0, Input::new(CODE, "Code", InputKind::Text { value }).hint(says));
    }
    shown
}

fn hint(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn inputs_of(kind: Kind, field: &Field, values: &Values, file: &CatalogFile) -> Vec<Input> {
    let words = words::of(kind, field.name);
    let label = words::label(kind, field.name);
    let entered = |name: &str| values.get(name).cloned().unwrap_or_default();
    let value = entered(field.name);
    let control = match field.control {
        Control::Entries(of) => {
            let boxes = codes(file, of).into_iter().map(|(code, name)| {
                let input = box_name(field.name, &code);
                let is_checked = !entered(&input).is_empty();
                Input::new(&input, &format!("{name} ({code})"), InputKind::Check { is_checked })
            });
            return boxes.collect();
        }
        Control::Text | Control::Duration | Control::Amount => InputKind::Text { value },
        Control::Number => InputKind::Number { value },
        Control::Check => InputKind::Check { is_checked: !value.is_empty() },
        Control::Choice => {
            let options = words.map(|words| words.options).unwrap_or_default();
            let mut options: Vec<_> =
                options.iter().map(|(option, word)| ((*option).to_owned(), (*word).to_owned())).collect();
            // That nothing is chosen has words of its own, unless another option says the same.
            let missing = words.map(|words| words.missing).filter(|missing| !missing.is_empty());
            if let Some(missing) = missing.filter(|missing| options.iter().all(|(_, word)| word != missing)) {
                options.insert(0, (String::new(), missing.to_owned()));
            }
            InputKind::Select { value, options }
        }
        Control::Entry(of) => {
            let mut options = codes(file, of);
            for (code, name) in &mut options {
                *name = format!("{name} ({code})");
            }
            if !options.iter().any(|(code, _)| *code == value) {
                options.insert(0, (String::new(), "Choose one".to_owned()));
            }
            InputKind::Select { value, options }
        }
    };
    vec![Input { hint: hint(field.hint), ..Input::new(field.name, &label, control) }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_entered_with_the_decimals_of_their_currency() {
        assert_eq!(amount(&json!(14_900), Some(&json!("USD"))), "149.00");
        assert_eq!(amount(&json!(5), Some(&json!("USD"))), "0.05");
        assert_eq!(amount(&json!(4_900), Some(&json!("JPY"))), "4900");
        assert_eq!(amount(&Value::Null, Some(&json!("USD"))), "");
    }

    /// Every field of a file can be edited.
    #[test]
    fn every_field_with_words_is_in_the_form() {
        for kind in [Kind::Product, Kind::Policy, Kind::Price, Kind::Entitlement] {
            let mut there: Vec<&str> = fields(kind).map(|field| field.name).collect();
            let mut named: Vec<&str> = words::fields(kind).iter().map(|field| field.name).collect();
            there.sort_unstable();
            named.sort_unstable();
            assert_eq!(there, named, "{kind:?}");
        }
    }
}
