//! Acts on licenses.

pub(super) mod terms;

use latchkey_licensing::{ids::LicenseId, license_key, time::Timestamp};
use latchkey_service::{
    IssuedLicense, LicenseDetails, LicenseError, NoteSubject, RenewError, StandingError, TimelineOf,
};

use crate::{
    admin::{
        acts::{Ask, Call, Completed, Draft, Gate, Submission, Trouble, form::undo_fields, note},
        model::{
            lists::LinkTo,
            object_view::{ActContent, ActView},
            objects::{ConfirmLevel, TimelineEntry, Toast},
        },
        present::objects::{
            count,
            license::{act_label, act_needs, name, obstacle},
            timeline::shown_entry,
        },
    },
    routes::{AdminPage, LicenseActName as Act},
    shared::model::Tone,
};

/// How many entries of the history are looked at for what changed while a form was open.
const RECENT: u32 = 20;

pub(super) async fn details(call: &Call<'_>, id: LicenseId) -> Result<LicenseDetails, Trouble> {
    call.support().license_details(id).await?.ok_or(Trouble::NotFound)
}

pub(super) async fn view(call: &Call<'_>, id: LicenseId, act: Act, draft: Option<&Draft>) -> Result<ActView, Trouble> {
    let details = details(call, id).await?;
    let page = AdminPage::LicenseAct(id, act);
    let gate = Gate {
        needs: act_needs(act),
        is_sensitive: act == Act::ShowKey,
        obstacle: obstacle(act, &details, &call.around()),
    };
    let content = match gate.closed(call, &page, draft) {
        Some(content) => content,
        None => open(call, &details, act, draft).await?,
    };
    let title = match act {
        Act::Note => "Add a note".to_owned(),
        act => act_label(act).to_owned(),
    };
    Ok(ActView { title, record: LinkTo::new(name(&details), AdminPage::License(id).path()), content })
}

async fn open(
    call: &Call<'_>,
    details: &LicenseDetails,
    act: Act,
    draft: Option<&Draft>,
) -> Result<ActContent, Trouble> {
    let license = &details.view.license;
    let (page, back) = (AdminPage::LicenseAct(license.id, act), AdminPage::License(license.id));
    if let Some(key) = draft.and_then(|draft| draft.secret.as_ref()) {
        return Ok(ActContent::Secret { what: "License key".to_owned(), text: key.expose().to_owned() });
    }
    if act == Act::Note {
        return Ok(note::ask(&page, &back, draft));
    }
    let changes = match draft.filter(|draft| draft.is_outdated) {
        Some(draft) => changes_since(call, license.id, draft.form.version().ok()).await?,
        None => Vec::new(),
    };
    let ask = match act {
        Act::Change => terms::ask_change(call, details).await?,
        Act::Owner => terms::ask_owner(details),
        _ => ask(details, act, call.now),
    };
    Ok(ActContent::Form(ask.version(license.updated_at).changes(changes).form(&page, &back, draft)))
}

/// What happened to a license since a form was made.
async fn changes_since(
    call: &Call<'_>,
    id: LicenseId,
    since: Option<Timestamp>,
) -> Result<Vec<TimelineEntry>, Trouble> {
    let timeline = call.support().timeline(&TimelineOf::License(id), None, RECENT).await;
    let entries = timeline.map(|timeline| timeline.entries).unwrap_or_default();
    let is_new = |at: Timestamp| since.is_none_or(|since| at > since);
    Ok(entries.iter().filter(|entry| is_new(entry.at)).map(|entry| shown_entry(entry, call.now)).collect())
}

fn ask(details: &LicenseDetails, act: Act, now: Timestamp) -> Ask {
    let view = &details.view;
    let (owner, tail) = (&details.owner.email, &view.license.key_tail);
    let machines = count(view.machine_count, "machine", "machines");
    let mails = |what: &str| format!("Otherwise {owner} gets the mail “{what}”.");
    match act {
        Act::Suspend => Ask::new("Suspend this license?", "Suspend license")
            .effect(format!("The app stops at its next check on {machines}."))
            .effects(["The key stays the same, and nothing is deleted.", "You can reinstate the license at any time."])
            .level(ConfirmLevel::Reversible)
            .mail(mails("License suspended")),
        Act::Reinstate => Ask::new("Reinstate this license?", "Reinstate license")
            .effect(format!("The app works again on {machines}, at its next check."))
            .mail(mails("License reinstated")),
        Act::Revoke => Ask::new("Revoke this license?", "Revoke license")
            .effect(format!("The app stops for good on {machines}, at its next check."))
            .effects([
                "This cannot be undone. To take a license away for some time, suspend it instead.",
                "Money is not returned. To return it, refund the order.",
            ])
            .irreversible(tail.as_str())
            .mail(mails("License revoked")),
        Act::Renew => {
            let until = view.license.expiry_after_renewal(&view.policy, now);
            let until = until.map_or_else(|why| why.to_string(), Timestamp::human_date);
            let from = view.license.expiry.at().map_or_else(|| "never".to_owned(), Timestamp::human_date);
            Ask::new("Renew this license?", "Renew license")
                .effect(format!("It expires on {until} instead of {from}."))
                .effects(["Nothing is charged."])
                .mail(mails("License renewed"))
        }
        Act::NewKey => Ask::new("Replace the key of this license?", "Replace key")
            .effects(["The old key is rejected from now on. Nobody can bring it back."])
            .effect(format!("The app on {machines} asks for the new key at its next check."))
            .mail(format!("Otherwise {owner} gets the new key in the mail “License key replaced”.")),
        Act::ShowKey => Ask::new("Show the key of this license?", "Show key").effects([
            "The key is shown once, on this page. Anyone who has it can use the license.",
            "The audit log records that you looked at it.",
        ]),
        Act::MailKey => Ask::new("Mail the key again?", "Mail the key")
            .effect(format!("{owner} gets the key in a mail."))
            .effects(["You do not see the key."]),
        // These have forms of their own.
        Act::Change | Act::Owner | Act::Note | Act::Explain => Ask::new("", ""),
    }
}

pub(super) async fn perform(call: &Call<'_>, id: LicenseId, act: Act, form: &Submission) -> Result<Completed, Trouble> {
    let page = AdminPage::License(id);
    match act {
        Act::Note => return note::add(call, &NoteSubject::License(id), form, page).await,
        Act::MailKey => return mail_key(call, id, form).await,
        Act::Explain => return Err(Trouble::NotFound),
        _ => {}
    }
    let admin = call.admin()?;
    let reason = form.reason()?;
    let admin = admin.because(&reason).if_unchanged_since(form.version()?);
    let notify = form.notify();
    match act {
        Act::Suspend => {
            let done = admin.suspend_license(id, notify).await.map_err(standing_trouble)?;
            let undo = Some((AdminPage::LicenseAct(id, Act::Reinstate), done.view.license.updated_at));
            Ok(report("was suspended", &done, undo))
        }
        Act::Reinstate => {
            let done = admin.reinstate_license(id, notify).await.map_err(standing_trouble)?;
            let undo = Some((AdminPage::LicenseAct(id, Act::Suspend), done.view.license.updated_at));
            Ok(report("was reinstated", &done, undo))
        }
        Act::Revoke => {
            form.check_phrase(&details(call, id).await?.view.license.key_tail)?;
            let done = admin.revoke_license(id, notify).await.map_err(standing_trouble)?;
            Ok(report("was revoked", &done, None))
        }
        Act::Renew => {
            let done = admin.renew_license(id, notify).await.map_err(|error| match error {
                RenewError::NotFound(_) => Trouble::NotFound,
                RenewError::Changed => Trouble::Changed,
                RenewError::Refused { why, .. } => Trouble::Obstacle(format!("It cannot be renewed: {why}.")),
                RenewError::Internal(error) => error.into(),
            })?;
            let until =
                done.view.license.expiry.at().map_or_else(String::new, |at| format!(" until {}", at.human_date()));
            Ok(report(&format!("was renewed{until}"), &done, None))
        }
        Act::NewKey => {
            let done = admin.replace_license_key(id, notify).await.map_err(license_trouble)?;
            Ok(report("has a new key", &done, None))
        }
        Act::ShowKey => {
            let key = admin.show_license_key(id, &call.fresh()?).await.map_err(license_trouble)?;
            Err(Trouble::Secret(key))
        }
        Act::Change => terms::change(call, &admin, id, form).await,
        Act::Owner => terms::change_owner(call, &admin, id, form).await,
        Act::MailKey | Act::Note | Act::Explain => Err(Trouble::NotFound),
    }
}

async fn mail_key(call: &Call<'_>, id: LicenseId, form: &Submission) -> Result<Completed, Trouble> {
    let reason = form.reason()?;
    let sent = call.support().because(&reason).mail_license_key(id).await.map_err(license_trouble)?;
    let Some(recipient) = sent else {
        return Err(Trouble::Obstacle("The account is disabled, so it gets no mail.".to_owned()));
    };
    let toast = Toast { text: format!("The key is on its way to {recipient}."), tone: Tone::Good, undo: None };
    Ok(Completed { toast, page: AdminPage::License(id) })
}

fn standing_trouble(error: StandingError) -> Trouble {
    match error {
        StandingError::NotFound(_) => Trouble::NotFound,
        StandingError::Changed => Trouble::Changed,
        StandingError::Revoked(_) => {
            Trouble::Obstacle("The license is revoked, and a revoked license stays revoked.".to_owned())
        }
        StandingError::ByPayment { .. } => Trouble::Obstacle(
            "The payment of its order is the reason, so it is reinstated when the payment is settled.".to_owned(),
        ),
        StandingError::Internal(error) => error.into(),
    }
}

fn license_trouble(error: LicenseError) -> Trouble {
    match error {
        LicenseError::NotFound(_) => Trouble::NotFound,
        LicenseError::Changed => Trouble::Changed,
        LicenseError::Internal(error) => error.into(),
    }
}

/// The message about what was done, with the form that takes it back.
fn report(what: &str, done: &IssuedLicense, undo: Option<(AdminPage, Timestamp)>) -> Completed {
    let license = &done.view.license;
    let key = license_key::masked(&license.key_prefix, &license.key_tail);
    let mail = match &done.mailed_to {
        Some(recipient) => format!("{recipient} gets a mail."),
        None => "No mail was sent.".to_owned(),
    };
    Completed {
        toast: Toast {
            text: format!("License {key} {what}. {mail}"),
            tone: Tone::Good,
            undo: undo.map(|(page, version)| (page.path(), undo_fields(version))),
        },
        page: AdminPage::License(license.id),
    }
}

/// Who may do it, for the test that every act has a rule.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::present::objects::Needs;

    #[test]
    fn support_may_only_help() {
        let open: Vec<&str> =
            Act::ALL.iter().filter(|act| act_needs(**act) == Needs::Support).map(|act| act.as_str()).collect();
        assert_eq!(open, ["mail-key", "note", "explain"]);
    }
}
