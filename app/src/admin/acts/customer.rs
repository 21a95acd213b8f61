//! Acts on accounts.

use latchkey_licensing::{email::EmailAddress, ids::AccountId};
use latchkey_service::{AccountDetails, AccountError, Admin, NoteSubject, VIEW_LIFETIME, ViewPortalError};

use crate::{
    admin::{
        acts::{Ask, Call, Done, Draft, Gate, Submission, Trouble, form::undo_fields, note},
        model::{
            lists::LinkTo,
            object_view::{ActContent, ActView},
            objects::{ConfirmLevel, Toast},
        },
        present::objects::{
            Needs, count,
            customer::{STAFF_PORTAL, obstacle},
        },
    },
    routes::{AdminPage, CustomerActName as Act},
    shared::model::Tone,
};

pub(super) async fn view(call: &Call<'_>, id: AccountId, act: Act, draft: Option<&Draft>) -> Result<ActView, Trouble> {
    let details = call.support().account_details(id).await?.ok_or(Trouble::NotFound)?;
    let (page, back) = (AdminPage::CustomerAct(id, act), AdminPage::Customer(id));
    let needs = if matches!(act, Act::Note | Act::ViewPortal) { Needs::Support } else { Needs::Admin };
    let gate = Gate { needs, is_sensitive: act == Act::ViewPortal, obstacle: obstacle(act, &details) };
    let content = gate.closed(call, &page, draft).unwrap_or_else(|| match ask(&details, act) {
        None => note::ask(&page, &back, draft),
        Some(ask) => ActContent::Form(ask.form(&page, &back, draft)),
    });
    let title = match act {
        Act::Note => "Add a note",
        Act::ViewPortal => "See the portal as the customer does",
        Act::Disable => "Disable account",
        Act::Enable => "Enable account",
    };
    Ok(ActView { title: title.to_owned(), record: LinkTo::new(details.account.email.as_str(), back.path()), content })
}

/// `None` for a note, which has a form of its own.
fn ask(details: &AccountDetails, act: Act) -> Option<Ask> {
    let number = details.licenses.items.len();
    let more = if details.licenses.has_more { "more than " } else { "" };
    let licenses = format!("{more}{}", count(number, "license", "licenses"));
    match act {
        Act::Note => None,
        Act::ViewPortal => Some(
            Ask::new("See the portal as this customer does?", "Open the portal")
                .effect(format!(
                    "The portal opens as {} sees it, for {} minutes.",
                    details.account.email,
                    VIEW_LIFETIME.as_secs() / 60
                ))
                .effects([
                    "Nothing can be changed there, and no license key or file is shown.",
                    "The audit log records it. Nobody gets a mail.",
                ])
                .level(ConfirmLevel::Costly),
        ),
        Act::Disable => Some(
            Ask::new("Disable this account?", "Disable account")
                .effects(["The person is signed out everywhere and cannot sign in."])
                .effect(format!("Apps stop at their next check: {licenses}."))
                .effects(["The account gets no mail, not about this either.", "You can enable the account again."])
                .irreversible(details.account.email.as_str()),
        ),
        Act::Enable => Some(
            Ask::new("Enable this account?", "Enable account")
                .effects(["The person can sign in again."])
                .effect(format!("Apps work again at their next check: {licenses}, as far as each of them is valid."))
                .effects(["Nobody gets a mail."])
                .level(ConfirmLevel::Costly),
        ),
    }
}

pub(super) async fn perform(call: &Call<'_>, id: AccountId, act: Act, form: &Submission) -> Result<Done, Trouble> {
    let page = AdminPage::Customer(id);
    if act == Act::Note {
        return note::add(call, &NoteSubject::Account(id), form, page).await;
    }
    if act == Act::ViewPortal {
        return view_portal(call, id, form).await;
    }
    let admin = call.admin()?;
    let reason = form.reason()?;
    let admin = admin.because(&reason);
    let details = call.support().account_details(id).await?.ok_or(Trouble::NotFound)?;
    let email = &details.account.email;
    // It may have been done in the meantime.
    if let Some(obstacle) = obstacle(act, &details) {
        return Err(Trouble::Obstacle(obstacle));
    }
    if act == Act::Disable {
        form.check_phrase(email.as_str())?;
    }
    set_disabled(&admin, email, act == Act::Disable).await.map_err(|error| match error {
        AccountError::NotFound(_) => Trouble::NotFound,
        AccountError::Internal(error) => error.into(),
    })?;
    let what = if act == Act::Disable { "was disabled" } else { "was enabled" };
    // Undoing the reverse needs the address to be typed, so only disabling can be taken back at once.
    let undo = (act == Act::Disable).then(|| (AdminPage::CustomerAct(id, Act::Enable).path(), undo_fields(call.now)));
    Ok(Done { toast: Toast { text: format!("The account {email} {what}."), tone: Tone::Good, undo }, page })
}

async fn view_portal(call: &Call<'_>, id: AccountId, form: &Submission) -> Result<Done, Trouble> {
    let fresh = call.fresh()?;
    let reason = form.reason()?;
    let seen = call.support().because(&reason).view_portal(id, call.who, &fresh).await;
    let account = seen.map_err(|error| match error {
        ViewPortalError::NotFound => Trouble::NotFound,
        ViewPortalError::Staff => Trouble::Obstacle(STAFF_PORTAL.to_owned()),
        ViewPortalError::Internal(error) => error.into(),
    })?;
    let text = format!("You see the portal as {} does.", account.email);
    Ok(Done { toast: Toast { text, tone: Tone::Good, undo: None }, page: AdminPage::Customer(id) })
}

async fn set_disabled(admin: &Admin<'_>, email: &EmailAddress, is_disabled: bool) -> Result<(), AccountError> {
    if is_disabled {
        admin.disable_account(email).await?;
    } else {
        admin.enable_account(email).await?;
    }
    Ok(())
}
