//! Reads the form of a catalog entry, and says beside its fields what is wrong, in the words of the page.

use latchkey_licensing::{license::MAX_USES, money::Currency};
use latchkey_service::{CatalogFile, CatalogFileError, CatalogProblem, HumanDuration, PriceEntry};
use serde_json::{Map, Value, json};

use super::fields::{CODE, Control, Field, Values, box_name, codes, fields};
use crate::{
    admin::{
        acts::Problem,
        present::{catalog::words, lists::grouped},
    },
    routes::CatalogEntryKind as Kind,
};

/// A catalog in which one entry is as the form says.
pub(super) struct Changed {
    pub(super) file: CatalogFile,
    /// The entry's code.
    pub(super) code: String,
}

/// Reads a form. `code` is the entry's, or `None` for a new one.
pub(super) fn changed(
    kind: Kind,
    code: Option<&str>,
    values: &Values,
    catalog: &CatalogFile,
) -> Result<Changed, Vec<Problem>> {
    let entered = |name: &str| values.get(name).map_or("", |value| value.trim());
    let code = code.unwrap_or_else(|| entered(CODE)).to_owned();
    let mut problems = Vec::new();
    let mut entry = Map::new();
    entry.insert(CODE.to_owned(), json!(code));
    for field in fields(kind) {
        match read(field, values, catalog) {
            Ok(Value::Null) => {}
            Ok(value) => put(&mut entry, field.name, value),
            Err(text) => problems.push(Problem::new(field.name, text)),
        }
    }
    problems.extend(half_given(kind, &entry));
    if kind == Kind::Price {
        forget_amount(&mut entry, catalog.prices.iter().find(|price| price.code == code));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut file = catalog.clone();
    let is_new = !codes(catalog, kind).iter().any(|(known, _)| *known == code);
    let is_duplicate = values.contains_key(CODE) && !is_new;
    if is_duplicate {
        let text = format!("There is another {} with this code. Choose another code.", words::noun(kind));
        return Err(vec![Problem::new(CODE, text)]);
    }
    insert(&mut file, kind, &code, Value::Object(entry)).map_err(|problem| vec![problem])?;
    let problems: Vec<Problem> = file.problems().iter().map(|error| said(kind, &code, error)).collect();
    if problems.is_empty() { Ok(Changed { file, code }) } else { Err(problems) }
}

/// The catalog without an entry, or why others need it.
pub(super) fn without(kind: Kind, code: &str, catalog: &CatalogFile) -> Result<CatalogFile, Vec<Problem>> {
    let mut file = catalog.clone();
    match kind {
        Kind::Product => file.products.retain(|entry| entry.code != code),
        Kind::Policy => file.policies.retain(|entry| entry.code != code),
        Kind::Price => file.prices.retain(|entry| entry.code != code),
        Kind::Entitlement => file.entitlements.retain(|entry| entry.code != code),
    }
    let problems: Vec<Problem> = file.problems().iter().map(|error| said(kind, code, error)).collect();
    if problems.is_empty() { Ok(file) } else { Err(problems) }
}

/// The value of a field. `Null` if there is none.
fn read(field: &Field, values: &Values, catalog: &CatalogFile) -> Result<Value, &'static str> {
    let text = values.get(field.name).map_or("", |value| value.trim());
    let is_needed = matches!(field.name, "offline_file" | "heartbeat.window" | "processes.window");
    match field.control {
        Control::Entries(of) => {
            let held = codes(catalog, of).into_iter().map(|(code, _)| code);
            let held =
                held.filter(|code| values.get(&box_name(field.name, code)).is_some_and(|value| !value.is_empty()));
            Ok(json!(held.collect::<Vec<_>>()))
        }
        Control::Check => Ok(json!(!text.is_empty())),
        Control::Duration if text.is_empty() && is_needed => Err("Enter how long, such as 30d."),
        // A name, code or policy that is missing is found with the file's other rules.
        Control::Entry(_) => Ok(json!(text)),
        Control::Text if matches!(field.name, "name" | "key_prefix") => Ok(json!(text)),
        _ if text.is_empty() => Ok(Value::Null),
        Control::Text if field.name == "currency" => match text.parse::<Currency>() {
            Ok(currency) => Ok(json!(currency)),
            Err(_) => Err("Enter three letters, such as USD."),
        },
        Control::Text | Control::Choice => Ok(json!(text)),
        Control::Number => {
            text.parse::<u32>().map(|number| json!(number)).map_err(|_| "Enter a whole number, or leave it empty.")
        }
        Control::Duration => match HumanDuration::parse(text) {
            Some(duration) => Ok(json!(duration)),
            None => Err("Enter a number with d for days, h for hours or m for minutes, such as 30d."),
        },
        Control::Amount => {
            let currency = values.get("currency").and_then(|code| code.trim().parse::<Currency>().ok());
            let decimals = currency.map_or(2, Currency::decimals);
            minor(text, decimals).map(|minor| json!(minor)).ok_or("Enter an amount such as 149.00.")
        }
    }
}

/// An amount in the currency's smallest unit.
fn minor(text: &str, decimals: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) || fraction.len() > decimals {
        return None;
    }
    format!("{whole}{fraction:0<decimals$}").parse().ok()
}

fn put(entry: &mut Map<String, Value>, name: &str, value: Value) {
    match name.split_once('.') {
        None => {
            entry.insert(name.to_owned(), value);
        }
        Some((table, member)) => {
            let table = entry.entry(table.to_owned()).or_insert_with(|| json!({}));
            if let Value::Object(table) = table {
                table.insert(member.to_owned(), value);
            }
        }
    }
}

/// Leaves the amount to another price at Stripe. The form still contains the amount of the last one, unless the person entered
/// another.
fn forget_amount(entry: &mut Map<String, Value>, known: Option<&PriceEntry>) {
    let Some(known) = known else { return };
    let has = |name: &str, value: Value| entry.get(name).unwrap_or(&Value::Null) == &value;
    let is_other = entry.contains_key("stripe_price") && !has("stripe_price", json!(known.stripe_price));
    if is_other && has("amount", json!(known.amount)) && has("currency", json!(known.currency)) {
        entry.remove("amount");
        entry.remove("currency");
    }
}

/// How many machines customers may free needs a period, and the other way around.
fn half_given(kind: Kind, entry: &Map<String, Value>) -> Option<Problem> {
    let swaps = entry.get("swaps").filter(|_| kind == Kind::Policy)?;
    match (swaps.get("count").is_some(), swaps.get("window").is_some()) {
        (true, false) => Some(Problem::new("swaps.window", "Enter in what period, such as 30d.")),
        (false, true) => Some(Problem::new("swaps.count", "Enter how many, or leave the period empty as well.")),
        _ => None,
    }
}

/// Puts an entry into a file: in the place of the one with the same code, or at the end.
fn insert(file: &mut CatalogFile, kind: Kind, code: &str, entry: Value) -> Result<(), Problem> {
    fn replace<T: serde::de::DeserializeOwned>(
        entries: &mut Vec<T>,
        is_it: impl Fn(&T) -> bool,
        entry: Value,
    ) -> Result<(), Problem> {
        // The fields are checked before, so this is a form that no page contains.
        let entry = serde_json::from_value(entry)
            .map_err(|_| Problem::general("A choice is not one of the list. Choose again."))?;
        match entries.iter_mut().find(|known| is_it(known)) {
            Some(known) => *known = entry,
            None => entries.push(entry),
        }
        Ok(())
    }
    match kind {
        Kind::Product => replace(&mut file.products, |known| known.code == code, entry),
        Kind::Policy => replace(&mut file.policies, |known| known.code == code, entry),
        Kind::Price => replace(&mut file.prices, |known| known.code == code, entry),
        Kind::Entitlement => replace(&mut file.entitlements, |known| known.code == code, entry),
    }
}

/// An error of a file in the words of the page: beside the field if the form has it.
fn said(kind: Kind, code: &str, error: &CatalogFileError) -> Problem {
    let text = problem_text(kind, &error.problem);
    let own = error.field.strip_prefix(&format!("{}.{code}", kind.as_str()));
    match own {
        // About the entry itself: its code.
        Some("") => Problem::new(CODE, text),
        Some(field) => {
            let name = field.trim_start_matches('.');
            let known = words::of(kind, name).map(|words| words.name);
            known.map_or_else(|| Problem::general(text.clone()), |name| Problem::new(name, text.clone()))
        }
        None => Problem::general(elsewhere(error, &text)),
    }
}

/// An error at another entry, which the change would break.
fn elsewhere(error: &CatalogFileError, text: &str) -> String {
    let mut parts = error.field.splitn(3, '.');
    let other = parts.next().and_then(|list| list.parse::<Kind>().ok()).zip(parts.next());
    let Some((other, code)) = other else {
        return match error.problem {
            CatalogProblem::NoProducts => "It is the last product, and a catalog has at least one.".to_owned(),
            _ => text.to_owned(),
        };
    };
    let name = format!("The {} “{code}”", words::noun(other));
    match &error.problem {
        CatalogProblem::ProductNotFound(_) => format!("{name} is for this product. Remove it first."),
        CatalogProblem::PolicyNotFound(_) => format!("{name} needs this policy. Change or remove it first."),
        CatalogProblem::EntitlementNotFound(_) => format!("{name} grants this entitlement. Uncheck it there first."),
        CatalogProblem::SubscriptionWithoutDuration(_) => format!(
            "{name} is paid again and again, so a license under this policy cannot last forever. Enter how long it lasts, or \
             change the price first."
        ),
        CatalogProblem::OtherProduct(_) => {
            format!("{name} upgrades licenses between policies of one product. Change or remove it first.")
        }
        _ => format!("{name}: {text}"),
    }
}

fn problem_text(kind: Kind, problem: &CatalogProblem) -> String {
    let text = match problem {
        CatalogProblem::NoProducts => "A catalog has at least one product.",
        CatalogProblem::Duplicate => {
            return format!("There is another {} with this code. Choose another code.", words::noun(kind));
        }
        CatalogProblem::InvalidCode => "Use 1 to 64 lower-case letters, digits or hyphens.",
        CatalogProblem::InvalidEntitlementCode => "Use 1 to 64 letters, digits, _, - or full stops.",
        CatalogProblem::InvalidKeyPrefix => "Use 2 to 8 capital letters or digits.",
        CatalogProblem::NameLength => "Enter a name of 1 to 100 letters.",
        CatalogProblem::ProductNotFound(_) => "Choose a product.",
        CatalogProblem::EntitlementNotFound(_) => "One of them is not in the catalog any more. Check them again.",
        CatalogProblem::OutOfRange { min } => {
            return format!("Enter a number from {min} to {}, or leave it empty.", grouped(MAX_USES));
        }
        CatalogProblem::NodeLocked => "Enter 1, or check “Several machines at once”.",
        CatalogProblem::NoDuration => {
            "A license that lasts forever needs “It is issued” here. Or enter how long it lasts."
        }
        CatalogProblem::TooShort(least) => return format!("Enter at least {least}."),
        CatalogProblem::TooLong(most) => return format!("Enter at most {most}."),
        CatalogProblem::PolicyNotFound(_) => "Choose a policy.",
        CatalogProblem::NoAmount => "Enter an amount and a currency, or the id of a price at Stripe.",
        CatalogProblem::NoCurrency => "Enter the currency of the amount, such as USD.",
        CatalogProblem::InvalidAmount { .. } => "The amount is larger than Stripe accepts.",
        CatalogProblem::InvalidStripePrice => "The id of a price at Stripe starts with price_.",
        CatalogProblem::InvalidQuantity { max } => {
            return format!("Enter a number from 1 to {}, at least the smallest quantity.", grouped(*max));
        }
        CatalogProblem::InvalidInterval { max } => {
            return format!("Enter a number from 1 to {max}: a period is at most three years.");
        }
        CatalogProblem::NoInterval => "Enter 1, or choose above how often it is paid.",
        CatalogProblem::SubscriptionWithoutDuration(_) => {
            "Licenses under this policy last forever, so there is nothing to pay for again. Choose “Once” or another policy."
        }
        CatalogProblem::RecurringUpgrade => "An upgrade is paid once. Choose “Once” above, or check no policy.",
        CatalogProblem::OtherProduct(code) => {
            return format!("The policy “{code}” is for another product. Uncheck it.");
        }
        CatalogProblem::UpgradeToItself => "Uncheck the policy that the price is for.",
        CatalogProblem::UpgradeQuantity => "An upgrade is for one license: enter 1.",
        CatalogProblem::RevivesDeactivated => {
            "A machine that is deactivated cannot come back at any time. Choose a limit, or “Keeps its slot” above."
        }
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read() {
        for (text, decimals, wanted) in [
            ("149.00", 2, Some(14_900)),
            ("149", 2, Some(14_900)),
            ("0.5", 2, Some(50)),
            ("4900", 0, Some(4_900)),
            ("12.345", 3, Some(12_345)),
            ("4900.5", 0, None),
            ("1.234", 2, None),
            ("-1", 2, None),
            ("1,00", 2, None),
            (".5", 2, None),
            ("", 2, None),
        ] {
            assert_eq!(minor(text, decimals), wanted, "{text}");
        }
    }
}
