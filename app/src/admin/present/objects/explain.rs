//! Why a license does or does not validate, in words, with what to do about it.

use latchkey_licensing::{
    license::Standing,
    validation::{CheckKind, CheckResult, Scope, ValidationCode, Verdict},
};
use latchkey_service::{Explanation, LicenseDetails};

use crate::{
    admin::{
        model::{
            lists::LinkTo,
            object_view::{CheckLine, CheckOutcome, ExplainFields, ExplainView, Notice},
        },
        present::objects::{filtered, license},
    },
    routes::{AdminPage, CustomerActName, LicenseActName},
    shared::model::Tone,
};

/// The scope that an app would send.
pub(crate) fn scope(fields: &ExplainFields) -> Scope {
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let several = |text: &str| {
        given(text).map(|text| {
            let each = text.split([',', ' ', '\n']).map(str::trim).filter(|one| !one.is_empty());
            each.map(str::to_owned).collect()
        })
    };
    Scope {
        fingerprint: given(&fields.fingerprint),
        components: several(&fields.components),
        entitlements: several(&fields.entitlements),
        product: given(&fields.product),
        version: given(&fields.version),
        ..Scope::default()
    }
}

pub(crate) fn page(details: &LicenseDetails, explanation: &Explanation, fields: ExplainFields) -> ExplainView {
    let license = &details.view.license;
    let first = explanation.checks.iter().position(|check| check.failure.is_some());
    let is_decisive = |at: usize| first == Some(at);
    let active = details.machines.items.iter().filter(|listed| listed.deactivated.is_none());
    ExplainView {
        record: LinkTo::new(license::name(details), AdminPage::License(license.id).path()),
        action: AdminPage::LicenseAct(license.id, LicenseActName::Explain).path(),
        verdict: verdict(explanation),
        checks: explanation
            .checks
            .iter()
            .enumerate()
            .map(|(at, check)| line(check, is_decisive(at), details, &fields))
            .collect(),
        machines: active
            .map(|listed| (listed.machine.fingerprint.as_str().to_owned(), listed.machine.label()))
            .collect(),
        fields,
    }
}

fn verdict(explanation: &Explanation) -> Notice {
    let Verdict { is_valid, code, detail } = explanation.verdict;
    let (tone, text) = match (is_valid, explanation.is_key_refused) {
        (_, true) => (
            Tone::Bad,
            format!("The API rejects the key, and a validation says {}: the license {detail}.", code.as_str()),
        ),
        (true, false) => (Tone::Good, format!("It validates: the app gets {}.", code.as_str())),
        (false, false) => {
            (Tone::Bad, format!("It does not validate: the app gets {}. The license {detail}.", code.as_str()))
        }
    };
    Notice { tone, text, link: None }
}

fn line(check: &CheckResult, is_decisive: bool, details: &LicenseDetails, fields: &ExplainFields) -> CheckLine {
    let (outcome, code) = match check.failure {
        Some(failure) => (CheckOutcome::Failed, Some(failure.code.as_str().to_owned())),
        None if check.is_asked => (CheckOutcome::Passed, None),
        None => (CheckOutcome::NotAsked, None),
    };
    let help = check.failure.map(|failure| help(check.check, failure.code, details, fields));
    let (remedy, link) = help.map_or((None, None), |(remedy, link)| (Some(remedy), link));
    // Apps see only the first failure.
    let remedy = remedy.map(|text| if is_decisive { text } else { format!("Hidden by an earlier failure. {text}") });
    CheckLine { check: words(check.check).to_owned(), outcome, code, remedy, link }
}

/// What a check makes sure of.
fn words(check: CheckKind) -> &'static str {
    match check {
        CheckKind::Owner => "The owner's account is not disabled",
        CheckKind::Standing => "The license is neither suspended nor revoked",
        CheckKind::Access => "Its access has not ended with its expiry",
        CheckKind::CheckIn => "No check-in is overdue",
        CheckKind::Product => "It is for the product that the app asks for",
        CheckKind::Policy => "It is under the policy that the app asks for",
        CheckKind::User => "It belongs to the user that the app asks for",
        CheckKind::Entitlements => "It has the entitlements that the app asks for",
        CheckKind::Machine => "It is active on the machine that the app asks for",
        CheckKind::Fingerprints => "It is active on the machine with this fingerprint",
        CheckKind::Components => "A machine has the components that the app sends",
        CheckKind::Unsupported => "The app asks only for what this server supports",
        CheckKind::Limits => "It is active on a machine, and within its limits",
        CheckKind::Heartbeats => "The machine's heartbeat goes on",
        CheckKind::Expiry => "It has not expired",
    }
}

/// What to do about a failed check, and where.
fn help(
    check: CheckKind,
    code: ValidationCode,
    details: &LicenseDetails,
    fields: &ExplainFields,
) -> (String, Option<LinkTo>) {
    let license = &details.view.license;
    let act = |label: &str, act| Some(LinkTo::new(label, AdminPage::LicenseAct(license.id, act).path()));
    let machines = || Some(LinkTo::new("Its machines", filtered(&AdminPage::Machines, "license", license.id)));
    match check {
        CheckKind::Owner => {
            let page = AdminPage::CustomerAct(details.owner.id, CustomerActName::Enable);
            ("Enable the owner's account.".to_owned(), Some(LinkTo::new("Enable account", page.path())))
        }
        CheckKind::Standing => standing(details, act("Reinstate", LicenseActName::Reinstate)),
        CheckKind::Access | CheckKind::Expiry if license.expiry_after_renewal(&details.view.policy, license.updated_at).is_err() => {
            ("Set a later expiry.".to_owned(), act("Change terms", LicenseActName::Change))
        }
        CheckKind::Access | CheckKind::Expiry => {
            ("Renew the license, or have the customer buy a renewal.".to_owned(), act("Renew", LicenseActName::Renew))
        }
        CheckKind::CheckIn => (
            "The app checks in by itself when it has a network. If it cannot, move the license to a policy without check-ins."
                .to_owned(),
            act("Change terms", LicenseActName::Change),
        ),
        CheckKind::Product => (
            format!("The app asks for the product “{}”, but this license is for {}. The customer needs another license.", fields.product, details.view.product.code),
            None,
        ),
        CheckKind::Policy | CheckKind::User | CheckKind::Unsupported => (
            "The app asks for something that no license has. It has to send another scope.".to_owned(),
            None,
        ),
        CheckKind::Entitlements => (
            "Add the missing entitlements to the license, or to its policy in the catalog.".to_owned(),
            act("Change terms", LicenseActName::Change),
        ),
        CheckKind::Machine | CheckKind::Fingerprints => (
            "Have the customer enter the key in the app on that machine, which activates it. If all slots are in use, free a machine first."
                .to_owned(),
            machines(),
        ),
        CheckKind::Components if code == ValidationCode::ComponentsScopeRequired => (
            "The policy requires the app to send components. Enter them below to check the rest.".to_owned(),
            None,
        ),
        CheckKind::Components => (
            "Too many parts of the machine were replaced, or the app did not send them when it activated. Free the machine and have the app activate it again."
                .to_owned(),
            machines(),
        ),
        CheckKind::Limits => match code {
            ValidationCode::TooManyProcesses => (
                "The app has to run fewer times at once. The limit is part of the policy in the catalog.".to_owned(),
                machines(),
            ),
            ValidationCode::TooManyMachines | ValidationCode::TooManyCores => {
                ("Free a machine, or raise the limit.".to_owned(), act("Change terms", LicenseActName::Change))
            }
            _ => (
                "It is not active on any machine. Have the customer enter the key in the app.".to_owned(),
                machines(),
            ),
        },
        CheckKind::Heartbeats => (
            "The app on that machine has to run and reach the server. If it stays dead, free the machine and activate it again."
                .to_owned(),
            machines(),
        ),
    }
}

fn standing(details: &LicenseDetails, reinstate: Option<LinkTo>) -> (String, Option<LinkTo>) {
    let by_payment = details.order.as_ref().filter(|(_, ordered)| ordered.decision == Standing::Good);
    match (details.view.license.standing, by_payment) {
        (_, Some((order, _))) => (
            "The payment of its order is the reason. Settle it there.".to_owned(),
            Some(LinkTo::new("Show the order", AdminPage::Order(order.id).path())),
        ),
        (Standing::Revoked(_), None) => {
            ("It is revoked, which is permanent. Issue a new license if that was wrong.".to_owned(), None)
        }
        (Standing::Suspended(_) | Standing::Good, None) => ("Reinstate the license.".to_owned(), reinstate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_is_what_an_app_sends() {
        let fields = |entitlements: &str| ExplainFields {
            fingerprint: " abc ".to_owned(),
            entitlements: entitlements.to_owned(),
            ..ExplainFields::default()
        };
        let filled = scope(&fields("a, b c"));
        assert_eq!(filled.fingerprint.as_deref(), Some("abc"));
        assert_eq!(filled.entitlements, Some(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]));
        let empty = scope(&ExplainFields::default());
        assert!(empty.fingerprint.is_none() && empty.entitlements.is_none() && empty.product.is_none());
    }
}
