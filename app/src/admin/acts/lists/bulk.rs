//! Acts on many licenses: the plan, and the report about what was done.

use latchkey_service::{ApprovedPlan, BulkAct, BulkError, BulkPlan, MAX_BULK};

use super::choice::Choice;
use crate::{
    admin::{
        acts::{Ask, Call, Draft, Gate, Submission, Trouble},
        model::{
            bulk::{BulkGroup, BulkView},
            object_view::{ActContent, ActView},
        },
        present::{
            bulk::{self, licenses, words},
            objects::{Needs, count},
        },
    },
    routes::{AdminPage, BulkActName as Act, confirm_for},
    shared::model::Tone,
};

/// The version of the plan that the form was made from.
pub(super) const PLAN: &str = "plan";
/// The id of the plan.
pub(super) const PLAN_ID: &str = "plan_id";

const fn service_act(act: Act) -> BulkAct {
    match act {
        Act::Suspend => BulkAct::Suspend,
        Act::Reinstate => BulkAct::Reinstate,
        Act::Renew => BulkAct::Renew,
        Act::MailKey => BulkAct::MailKey,
        Act::Revoke => BulkAct::Revoke,
    }
}

/// As for a single license.
const fn needs(act: Act) -> Needs {
    match act {
        Act::MailKey => Needs::Support,
        Act::Suspend | Act::Reinstate | Act::Renew | Act::Revoke => Needs::Admin,
    }
}

/// What is typed before licenses are revoked.
fn phrase(changed: usize) -> String {
    format!("revoke {changed}")
}

pub(in crate::admin::acts) async fn view(
    call: &Call<'_>,
    act: Act,
    query: &str,
    draft: Option<&Draft>,
) -> Result<ActView, Trouble> {
    let page = AdminPage::BulkAct(act);
    let choice = Choice::of(query, draft.map(|draft| &draft.form));
    let gate = Gate { needs: needs(act), is_sensitive: false, obstacle: None };
    let content = match gate.closed(call, &page, draft) {
        Some(content) => content,
        // The page that asks for the second factor leads back to the same licenses.
        None if draft.is_none() && needs(act) == Needs::Admin && call.support().fresh().is_err() => {
            ActContent::Confirm(confirm_for(&format!("{}?{}", page.path(), query.trim_start_matches('?'))))
        }
        None => match draft.and_then(|draft| draft.report.clone()) {
            Some(report) => ActContent::Report(report),
            None => planned(call, act, &choice, draft).await?,
        },
    };
    let title = format!("{} licenses", words(act).verb);
    let title = if act == Act::MailKey { "Mail keys".to_owned() } else { title };
    Ok(ActView { title, record: choice.list("Licenses", &AdminPage::Licenses), content })
}

async fn planned(call: &Call<'_>, act: Act, choice: &Choice, draft: Option<&Draft>) -> Result<ActContent, Trouble> {
    if choice.is_empty() {
        return Ok(nothing("Nothing is selected. Go back to the list and select licenses."));
    }
    let BulkPlan { report, version } = match call.support().plan_bulk(service_act(act), &choice.selection()).await {
        Ok(plan) => plan,
        Err(error) => return refusal(error),
    };
    let (changed, mails) = (report.changed(), report.mails());
    let outcome = bulk::planned(act, &report);
    if changed == 0 {
        return Ok(ActContent::BulkPlan { outcome, form: None });
    }
    let ask = ask(act, changed, mails);
    let page = AdminPage::BulkAct(act);
    let mut form = ask.form(&page, &AdminPage::Licenses, draft);
    form.back = choice.list("", &AdminPage::Licenses).href;
    form.fields.extend(choice.hidden_fields());
    form.fields.push((PLAN.to_owned(), version));
    form.fields.push((PLAN_ID.to_owned(), call.support().new_bulk_act()?.to_string()));
    Ok(ActContent::BulkPlan { outcome, form: Some(form) })
}

fn ask(act: Act, changed: usize, mails: usize) -> Ask {
    let words = words(act);
    let these = licenses(changed);
    let (question, verb) = match act {
        Act::MailKey => (format!("Mail the keys of {these}?"), format!("Mail {}", count(changed, "key", "keys"))),
        _ => (format!("{} {these}?", words.verb), format!("{} {these}", words.verb)),
    };
    let ask = Ask::new(question, verb);
    let ask = match act {
        Act::Suspend => ask.effects([
            "The app stops at its next check on the machines of these licenses.",
            "The keys stay the same, and nothing is deleted. You can reinstate the licenses at any time.",
        ]),
        Act::Reinstate => ask.effects(["The app works again at its next check."]),
        Act::Renew => ask.effects(["Each license gets the duration of its policy once more.", "Nothing is charged."]),
        Act::MailKey => {
            ask.effects(["Each owner gets a mail with the key of the license.", "You do not see the keys."])
        }
        Act::Revoke => ask
            .effects([
                "The app stops for good at its next check.",
                "This cannot be undone. To take licenses away for some time, suspend them instead.",
                "Money is not returned. To return it, refund the orders.",
            ])
            .irreversible(phrase(changed)),
    };
    match words.mail {
        Some(mail) if mails > 0 => {
            ask.mail(format!("Otherwise {} the mail “{mail}”.", count(mails, "customer gets", "customers get")))
        }
        _ => ask,
    }
}

/// A plan that does nothing.
pub(super) fn nothing(why: &str) -> ActContent {
    let group = BulkGroup {
        tone: Some(Tone::Warn),
        title: why.to_owned(),
        why: None,
        items: Vec::new(),
        others: None,
        is_open: false,
    };
    ActContent::BulkPlan { outcome: BulkView { groups: vec![group] }, form: None }
}

fn too_many() -> String {
    format!("More than {MAX_BULK} licenses match. Filter the list to fewer.")
}

/// Why there is no plan.
fn refusal(error: BulkError) -> Result<ActContent, Trouble> {
    match error {
        BulkError::TooMany => Ok(nothing(&too_many())),
        BulkError::Field(error) => Ok(nothing(&format!("The filter of the list is not valid: {error}."))),
        error => Err(trouble(error)),
    }
}

pub(super) fn trouble(error: BulkError) -> Trouble {
    match error {
        BulkError::TooMany => Trouble::Obstacle(too_many()),
        BulkError::Field(error) => Trouble::Obstacle(format!("The filter of the list is not valid: {error}.")),
        BulkError::PolicyNotFound(_) | BulkError::Changed => Trouble::Changed,
        BulkError::AlreadyDone => {
            Trouble::Obstacle("This was done already. The audit log shows what became of it.".to_owned())
        }
        BulkError::Internal(error) => error.into(),
    }
}

/// The plan that the form was made from.
pub(super) fn approved(form: &Submission) -> Result<ApprovedPlan, Trouble> {
    let id = form.get(PLAN_ID).parse().map_err(|_| Trouble::Changed)?;
    Ok(ApprovedPlan { id, version: form.get(PLAN).to_owned() })
}

pub(in crate::admin::acts) async fn perform(call: &Call<'_>, act: Act, form: &Submission) -> Result<BulkView, Trouble> {
    if needs(act) == Needs::Admin {
        call.admin()?;
    }
    let choice = Choice::of("", Some(form));
    let reason = form.reason()?;
    let (approved, selection) = (approved(form)?, choice.selection());
    if act == Act::Revoke {
        let plan = call.support().plan_bulk(BulkAct::Revoke, &selection).await.map_err(trouble)?;
        form.check_phrase(&phrase(plan.report.changed()))?;
    }
    let report = if act == Act::MailKey {
        call.support().because(&reason).mail_keys(&selection, &approved).await
    } else {
        let fresh = call.fresh()?;
        let admin = call.admin()?.because(&reason);
        admin.apply_bulk(service_act(act), &selection, &approved, form.notify(), &fresh).await
    };
    Ok(bulk::done(act, &report.map_err(trouble)?))
}
