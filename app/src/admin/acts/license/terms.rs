//! The forms that change a license's terms and its owner.

use std::{collections::BTreeSet, fmt::Display};

use latchkey_licensing::{
    email::EmailAddress,
    entitlement::EntitlementCode,
    ids::LicenseId,
    license::{Expiry, License},
    license_key,
    time::Timestamp,
};
use latchkey_service::{Admin, ChangeError, LicenseChange, LicenseDetails};

use crate::{
    admin::{
        acts::{Ask, Call, Completed, Problem, Submission, Trouble, form::undo_fields},
        model::objects::{ConfirmLevel, Input, InputKind, Toast},
    },
    routes::{AdminPage, LicenseActName},
    shared::model::Tone,
};

const POLICY: &str = "policy";
const EXPIRES: &str = "expires";
const MACHINES: &str = "max_machines";
const CORES: &str = "max_cores";
const MAX_USES: &str = "max_uses";
const USES: &str = "uses";
const ENTITLEMENTS: &str = "entitlements";
pub(in crate::admin::acts) const METADATA: &str = "metadata";
const OWNER: &str = "owner";

/// The largest form that a message can take back: the browser keeps it in a cookie.
const MAX_UNDO: usize = 1_500;

/// What the field for the expiry contains while a license has none because it was not used yet.
const AFTER_FIRST_USE: &str = "after first use";

pub(super) async fn ask_change(call: &Call<'_>, details: &LicenseDetails) -> Result<Ask, Trouble> {
    let policies = call.support().policies_of(details.view.product.id).await?;
    let policies = policies.into_iter().map(|policy| (policy.code, policy.name)).collect();
    Ok(Ask::new("Change the terms of this license", "Change terms")
        .effects([
            "Apps get the new terms at their next check. License files keep the old ones until they expire.",
            "The customer gets no mail.",
        ])
        .level(ConfirmLevel::Reversible)
        .inputs(inputs(details, policies)))
}

fn inputs(details: &LicenseDetails, policies: Vec<(String, String)>) -> Vec<Input> {
    let view = &details.view;
    let (license, policy) = (&view.license, &view.policy);
    let number = |name, label, own: Option<u32>, of_policy: Option<u32>| {
        let hint = match of_policy {
            Some(limit) => format!("Empty keeps the policy's limit of {limit}."),
            None => "Empty keeps the policy's limit: any number.".to_owned(),
        };
        Input::new(name, label, InputKind::Number { value: shown(own) }).hint(hint)
    };
    let entitlements: Vec<&str> = view.individual_entitlements.iter().map(EntitlementCode::as_str).collect();
    vec![
        Input::new(POLICY, "Policy", InputKind::Select { value: policy.code.clone(), options: policies })
            .hint("The expiry stays as it is."),
        Input::new(EXPIRES, "Expires", InputKind::Text { value: expires(license.expiry) }).hint(
            "A date such as 2027-03-31, or date and time in UTC such as 2027-03-31T12:00:00Z. Empty means never.",
        ),
        number(MACHINES, "Machines", license.max_machines, policy.max_machines),
        number(CORES, "Cores", license.max_cores, policy.max_cores),
        number(MAX_USES, "Limit of uses", license.max_uses, policy.max_uses),
        Input::new(USES, "Uses so far", InputKind::Number { value: license.uses.to_string() }),
        Input::new(ENTITLEMENTS, "Own entitlements", InputKind::Text { value: entitlements.join(" ") })
            .hint("Codes, separated by spaces. Those of the policy apply as well."),
        Input::new(METADATA, "Metadata", InputKind::Area { value: pretty(&license.metadata), rows: 6 })
            .hint("A JSON object. Apps can read it."),
    ]
}

fn shown(number: Option<u32>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

fn pretty(metadata: &str) -> String {
    let json: Option<serde_json::Value> = serde_json::from_str(metadata).ok();
    json.and_then(|json| serde_json::to_string_pretty(&json).ok()).unwrap_or_else(|| metadata.to_owned())
}

fn expires(expiry: Expiry) -> String {
    match expiry {
        Expiry::Never => String::new(),
        Expiry::At(at) => at.rfc3339(),
        Expiry::AfterFirstUse => AFTER_FIRST_USE.to_owned(),
    }
}

pub(super) async fn change(
    call: &Call<'_>,
    admin: &Admin<'_>,
    id: LicenseId,
    form: &Submission,
) -> Result<Completed, Trouble> {
    let details = super::details(call, id).await?;
    let own: BTreeSet<String> =
        details.view.individual_entitlements.iter().map(|code| code.as_str().to_owned()).collect();
    let change =
        read_change(&details.view.license, &details.view.policy.code, &own, form).map_err(Trouble::Problems)?;
    let before = inputs(&details, Vec::new());
    let done = admin.change_license(id, change).await.map_err(|error| {
        change_trouble(&error).unwrap_or_else(|| match error {
            ChangeError::Internal(error) => error.into(),
            _ => Trouble::NotFound,
        })
    })?;
    let license = &done.view.license;
    let key = license_key::masked(&license.key_prefix, &license.key_tail);
    if license.updated_at == details.view.license.updated_at {
        let toast = Toast {
            text: format!("Nothing was changed: license {key} already has these terms."),
            tone: Tone::Warn,
            undo: None,
        };
        return Ok(Completed { toast, page: AdminPage::License(id) });
    }
    let old = before.iter().filter_map(|input| Some((input.name.clone(), input.value()?.to_owned())));
    let fields: Vec<(String, String)> = undo_fields(license.updated_at).into_iter().chain(old).collect();
    let is_small = fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() <= MAX_UNDO;
    let undo = is_small.then(|| (AdminPage::LicenseAct(id, LicenseActName::Change).path(), fields));
    let toast = Toast { text: format!("The terms of license {key} were changed."), tone: Tone::Good, undo };
    Ok(Completed { toast, page: AdminPage::License(id) })
}

/// What the form changes. Fields that contain what the license has are left out.
fn read_change(
    license: &License,
    policy: &str,
    own: &BTreeSet<String>,
    form: &Submission,
) -> Result<LicenseChange, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut limit = |field: &'static str, current: Option<u32>| {
        let wanted = number(form.get(field).trim()).map_err(|()| problems.push(whole_number(field))).unwrap_or(current);
        (wanted != current).then_some(wanted)
    };
    let max_machines = limit(MACHINES, license.max_machines);
    let max_cores = limit(CORES, license.max_cores);
    let max_uses = limit(MAX_USES, license.max_uses);
    let uses = limit(USES, Some(license.uses)).map(Option::unwrap_or_default);
    let expiry = match read_expiry(form.get(EXPIRES), license.expiry) {
        Ok(expiry) => expiry,
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    let metadata = match read_metadata(form.get(METADATA), &license.metadata) {
        Ok(metadata) => metadata,
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    if !problems.is_empty() {
        return Err(problems);
    }
    let wanted: BTreeSet<String> = form
        .get(ENTITLEMENTS)
        .split([' ', ',', '\n', '\r', '\t'])
        .filter(|code| !code.is_empty())
        .map(str::to_owned)
        .collect();
    let chosen = form.get(POLICY).trim();
    Ok(LicenseChange {
        owner: None,
        policy: (!chosen.is_empty() && chosen != policy).then(|| chosen.to_owned()),
        expiry,
        max_machines,
        max_cores,
        max_uses,
        uses,
        metadata,
        add_entitlements: wanted.difference(own).cloned().collect(),
        remove_entitlements: own.difference(&wanted).cloned().collect(),
    })
}

fn number(text: &str) -> Result<Option<u32>, ()> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| ()) }
}

fn whole_number(field: &'static str) -> Problem {
    Problem::new(field, "Enter a whole number, or leave it empty.")
}

#[expect(clippy::option_option, reason = "as in the change: unchanged, never, or an instant")]
fn read_expiry(text: &str, current: Expiry) -> Result<Option<Option<Timestamp>>, Problem> {
    let text = text.trim();
    if text == expires(current) {
        return Ok(None);
    }
    if text.is_empty() {
        return Ok(Some(None));
    }
    let at = Timestamp::parse_end(text);
    let at = at.ok_or_else(|| Problem::new(EXPIRES, "Enter a date such as 2027-03-31, or leave it empty."))?;
    Ok(Some(Some(at)))
}

type Metadata = serde_json::Map<String, serde_json::Value>;

fn read_metadata(text: &str, current: &str) -> Result<Option<Metadata>, Problem> {
    let text = if text.trim().is_empty() { "{}" } else { text };
    let wanted: Metadata = serde_json::from_str(text).map_err(|error| {
        Problem::new(
            METADATA,
            format!("Enter a JSON object, such as {{\"seats\": 5}}. The text is invalid at {}.", place(&error)),
        )
    })?;
    let current: Option<Metadata> = serde_json::from_str(current).ok();
    Ok(Some(wanted).filter(|wanted| current.as_ref() != Some(wanted)))
}

fn place(error: &serde_json::Error) -> impl Display {
    format!("line {}, column {}", error.line(), error.column())
}

/// What is wrong with the form. `None` for what the caller handles.
fn change_trouble(error: &ChangeError) -> Option<Trouble> {
    let problem = match error {
        ChangeError::Changed => return Some(Trouble::Changed),
        ChangeError::NotFound(_) | ChangeError::Internal(_) => return None,
        ChangeError::OwnerNotFound(_) => Problem::new(
            OWNER,
            "There is no customer with this address. Check the spelling, or create the customer on the host: latchkey customer add.",
        ),
        ChangeError::PolicyNotFound(_) => Problem::new(POLICY, "There is no such policy any more. Choose another one."),
        ChangeError::OtherProduct { .. } => {
            Problem::new(POLICY, "This policy is for another product. Choose one of the license's product.")
        }
        ChangeError::NodeLocked { .. } => Problem::new(
            MACHINES,
            "The policy is node-locked, so the license can have only one machine. Leave it empty, or choose a floating policy.",
        ),
        ChangeError::OutOfRange(range) => {
            let field = [MACHINES, CORES, MAX_USES, USES].into_iter().find(|field| *field == range.field);
            let text = format!("Enter a number from {} to {}.", range.min, range.max);
            field.map_or_else(|| Problem::general(text.clone()), |field| Problem::new(field, text.clone()))
        }
        ChangeError::Metadata(error) => Problem::new(METADATA, format!("Shorten it to {} bytes of JSON.", error.max)),
        ChangeError::EntitlementNotFound { wanted, known } => Problem::new(
            ENTITLEMENTS,
            format!("There is no entitlement “{wanted}”. The catalog has: {}.", known.join(", ")),
        ),
    };
    Some(problem.into())
}

pub(super) fn ask_owner(details: &LicenseDetails) -> Ask {
    let input = Input::new(OWNER, "E-mail address of the new owner", InputKind::Email { value: String::new() })
        .hint("The new owner must have an account. The address of an order or of the portal's sign-in counts.");
    Ask::new("Give this license to somebody else?", "Change owner")
        .effect(format!(
            "{} no longer sees the license in the portal, and gets no mails about it.",
            details.owner.email
        ))
        .effects([
            "The new owner sees the license, its key and its machines.",
            "The key stays the same. Replace it afterwards if the old owner must not use it any more.",
            "Nobody gets a mail.",
        ])
        .inputs(vec![input])
}

pub(super) async fn change_owner(
    call: &Call<'_>,
    admin: &Admin<'_>,
    id: LicenseId,
    form: &Submission,
) -> Result<Completed, Trouble> {
    let owner = EmailAddress::parse(form.get(OWNER).trim())
        .map_err(|_| Problem::new(OWNER, "Enter one e-mail address, such as ada@example.com."))?;
    let before = super::details(call, id).await?.owner.email;
    let change = LicenseChange { owner: Some(owner), ..LicenseChange::default() };
    let done = admin.change_license(id, change).await.map_err(|error| {
        change_trouble(&error).unwrap_or_else(|| match error {
            ChangeError::Internal(error) => error.into(),
            _ => Trouble::NotFound,
        })
    })?;
    let license = &done.view.license;
    let key = license_key::masked(&license.key_prefix, &license.key_tail);
    let mut fields = undo_fields(license.updated_at);
    fields.push((OWNER.to_owned(), before.to_string()));
    let toast = Toast {
        text: format!("License {key} belongs to {} now.", done.owner.email),
        tone: Tone::Good,
        undo: Some((AdminPage::LicenseAct(id, LicenseActName::Owner).path(), fields)),
    };
    Ok(Completed { toast, page: AdminPage::License(id) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_a_date_an_instant_or_never() {
        let at = |text: &str| Timestamp::parse_rfc3339(text);
        let current = Expiry::At(at("2027-01-01T00:00:00Z").expect("an instant"));
        let read = |text: &str| read_expiry(text, current).map_err(|problem| problem.field);
        assert_eq!(read(&expires(current)), Ok(None));
        assert_eq!(read(" "), Ok(Some(None)));
        assert_eq!(read("2027-03-31"), Ok(Some(at("2027-03-31T23:59:59Z"))));
        assert_eq!(read("2027-03-31T12:00:00Z"), Ok(Some(at("2027-03-31T12:00:00Z"))));
        assert_eq!(read("31.3.2027"), Err(Some(EXPIRES)));
        assert_eq!(read_expiry(AFTER_FIRST_USE, Expiry::AfterFirstUse), Ok(None));
    }

    #[test]
    fn metadata_is_an_object() {
        assert_eq!(read_metadata("{ \"a\" : 1 }", "{\"a\":1}"), Ok(None));
        assert_eq!(read_metadata("  ", "{}"), Ok(None));
        assert!(read_metadata("{\"a\":2}", "{\"a\":1}").is_ok_and(|metadata| metadata.is_some()));
        for bad in ["[]", "1", "{", "{\"a\"}"] {
            assert_eq!(read_metadata(bad, "{}").map_err(|problem| problem.field), Err(Some(METADATA)), "{bad}");
        }
    }
}
