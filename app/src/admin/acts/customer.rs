//! Acts on accounts.

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::AccountId,
    time::Timestamp,
};
use latchkey_service::{
    AccountDetails, AccountError, Admin, DeleteAccountError, Fresh, NoteSubject, SessionSummary, SetEmailError,
    VIEW_LIFETIME, ViewPortalError,
};

use crate::{
    admin::{
        acts::{Ask, Call, Completed, Draft, Gate, Problem, Submission, Trouble, form::undo_fields, note},
        model::{
            lists::LinkTo,
            object_view::{ActContent, ActView},
            objects::{ConfirmLevel, Input, InputKind, Toast},
        },
        present::objects::{
            Needs, count,
            customer::{PORTAL_ELSEWHERE, STAFF_PORTAL, obstacle},
        },
    },
    portal::present::when,
    routes::{AdminPage, CustomerActName as Act},
    shared::model::Tone,
};

/// The names of fields.
const BROWSER: &str = "browser";
const EMAIL: &str = "email";

pub(super) async fn view(call: &Call<'_>, id: AccountId, act: Act, draft: Option<&Draft>) -> Result<ActView, Trouble> {
    let details = call.support().account_details(id).await?.ok_or(Trouble::NotFound)?;
    let (page, back) = (AdminPage::CustomerAct(id, act), AdminPage::Customer(id));
    let needs = if matches!(act, Act::Note | Act::ViewPortal) { Needs::Support } else { Needs::Admin };
    let obstacle = match obstacle(act, &details) {
        None if act == Act::Delete => unfinished(call, id).await?,
        obstacle => obstacle,
    };
    let gate = Gate { needs, is_sensitive: is_sensitive(act, &details), obstacle };
    let content = gate.closed(call, &page, draft).unwrap_or_else(|| match ask(&details, act, call.now) {
        None => note::ask(&page, &back, draft),
        Some(ask) => ActContent::Form(ask.form(&page, &back, draft)),
    });
    let title = match act {
        Act::Note => "Add a note",
        Act::ViewPortal => "See the portal as the customer does",
        Act::SignOut => "Sign out browsers",
        Act::Email => "Change e-mail address",
        Act::Disable => "Disable account",
        Act::Enable => "Enable account",
        Act::Export => "Export personal data",
        Act::Delete => "Delete account",
    };
    Ok(ActView { title: title.to_owned(), record: LinkTo::new(details.account.email.as_str(), back.path()), content })
}

/// Whether an act needs a recent second factor (SU-07).
fn is_sensitive(act: Act, details: &AccountDetails) -> bool {
    match act {
        Act::ViewPortal | Act::Email | Act::Export | Act::Delete => true,
        Act::Disable | Act::Enable => details.account.role != Role::Customer,
        Act::Note | Act::SignOut => false,
    }
}

/// What has to end before an account can be deleted.
async fn unfinished(call: &Call<'_>, id: AccountId) -> Result<Option<String>, Trouble> {
    let Ok(admin) = call.staff.admin() else { return Ok(None) };
    let plan = admin.plan_deletion(id).await?;
    Ok((!plan.unfinished.is_empty()).then(|| DeleteAccountError::Unfinished(plan.unfinished).to_string()).map(sentence))
}

/// A text as a sentence.
fn sentence(text: String) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// `None` for a note, which has a form of its own.
fn ask(details: &AccountDetails, act: Act, now: Timestamp) -> Option<Ask> {
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
        Act::SignOut => Some(
            Ask::new("Sign this person out?", "Sign out")
                .effects([
                    "The browser has to sign in again at its next request. Nothing else changes.",
                    "Nobody gets a mail.",
                ])
                .inputs(vec![Input::new(
                    BROWSER,
                    "Browser",
                    InputKind::Select { value: String::new(), options: browsers(details, now) },
                )]),
        ),
        Act::Email => Some(
            Ask::new("Change the e-mail address of this account?", "Change address")
                .effects([
                    "The person signs in with the new address from now on, and gets mail there. All browsers are signed out.",
                    "Neither address is asked to confirm it, so make sure that the request came from the owner.",
                    "Both addresses get a mail about it. Licenses, orders and the Stripe customer stay as they are.",
                ])
                .inputs(vec![Input::new(EMAIL, "New e-mail address", InputKind::Email { value: String::new() })]),
        ),
        Act::Disable => Some(
            Ask::new("Disable this account?", "Disable account")
                .effects(["The person is signed out everywhere and cannot sign in."])
                .effect(format!("Apps stop at their next check: {licenses}."))
                .effects(["The account gets no mail, not about this either.", "You can enable the account again."])
                .irreversible(details.account.email.as_str()),
        ),
        Act::Export => Some(
            Ask::new("Export everything that is kept about this person?", "Export data")
                .effects([
                    "You get a file with the account, sessions, licenses, computers, orders, mails, notes and the audit log.",
                    "It contains no keys and no secrets. Give it to nobody but the person.",
                ])
                .level(ConfirmLevel::Costly),
        ),
        Act::Delete => Some(
            Ask::new("Delete this account?", "Delete account")
                .effects([
                    "The address, the name, sessions, passkeys, mails, notes and the names of computers are erased.",
                    "The person can no longer sign in with this address, and gets a last mail about it.",
                ])
                .effect(format!("Licenses belong to nobody, and their keys keep working: {licenses}."))
                .effects([
                    "Orders are kept without the address, for tax law. At Stripe, delete the customer yourself.",
                    "This cannot be undone.",
                ])
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

/// The browsers in which a person is signed in, as values and words. The first value stands for all of them.
fn browsers(details: &AccountDetails, now: Timestamp) -> Vec<(String, String)> {
    let words = |session: &SessionSummary| {
        let used = when(session.last_seen_at, now).words;
        format!("{}, {}, last used {used}", session.agent, session.network)
    };
    let all = (String::new(), "All browsers".to_owned());
    let each = details.sessions.iter().map(|session| (session.id.to_string(), words(session)));
    std::iter::once(all).chain(each).collect()
}

pub(super) async fn perform(call: &Call<'_>, id: AccountId, act: Act, form: &Submission) -> Result<Completed, Trouble> {
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
    if is_sensitive(act, &details) {
        call.fresh()?;
    }
    match act {
        Act::SignOut => return sign_out(&admin, &details.account, form, page).await,
        Act::Email => return change_email(&admin, &details.account, form, &call.fresh()?, call.now).await,
        Act::Export => return Err(export(&admin, email, &call.fresh()?).await),
        Act::Delete => {
            form.check_phrase(email.as_str())?;
            return delete(&admin, &details.account, &call.fresh()?, page).await;
        }
        Act::Disable => form.check_phrase(email.as_str())?,
        Act::Enable | Act::Note | Act::ViewPortal => {}
    }
    set_disabled(&admin, email, act == Act::Disable).await.map_err(account_trouble)?;
    let what = if act == Act::Disable { "was disabled" } else { "was enabled" };
    // Undoing the reverse needs the address to be typed, so only disabling can be taken back at once.
    let undo = (act == Act::Disable).then(|| (AdminPage::CustomerAct(id, Act::Enable).path(), undo_fields(call.now)));
    Ok(Completed { toast: Toast { text: format!("The account {email} {what}."), tone: Tone::Good, undo }, page })
}

async fn view_portal(call: &Call<'_>, id: AccountId, form: &Submission) -> Result<Completed, Trouble> {
    let fresh = call.fresh()?;
    let reason = form.reason()?;
    let details = call.support().account_details(id).await?.ok_or(Trouble::NotFound)?;
    if let Some(obstacle) = obstacle(Act::ViewPortal, &details) {
        return Err(Trouble::Obstacle(obstacle));
    }
    let seen = call.support().because(&reason).view_portal(id, call.who, &fresh).await;
    let account = seen.map_err(|error| match error {
        ViewPortalError::NotFound => Trouble::NotFound,
        ViewPortalError::ServedElsewhere => Trouble::Obstacle(PORTAL_ELSEWHERE.to_owned()),
        ViewPortalError::Staff => Trouble::Obstacle(STAFF_PORTAL.to_owned()),
        ViewPortalError::Internal(error) => error.into(),
    })?;
    let text = format!("You see the portal as {} does.", account.email);
    Ok(Completed { toast: Toast { text, tone: Tone::Good, undo: None }, page: AdminPage::Customer(id) })
}

async fn set_disabled(admin: &Admin<'_>, email: &EmailAddress, is_disabled: bool) -> Result<(), AccountError> {
    if is_disabled {
        admin.disable_account(email).await?;
    } else {
        admin.enable_account(email).await?;
    }
    Ok(())
}

async fn sign_out(
    admin: &Admin<'_>,
    account: &Account,
    form: &Submission,
    page: AdminPage,
) -> Result<Completed, Trouble> {
    let email = &account.email;
    let text = match form.get(BROWSER) {
        "" => {
            let ended = admin.end_sessions_of(email).await.map_err(account_trouble)?;
            format!("{email} was signed out of {}.", count(ended, "browser", "browsers"))
        }
        browser => {
            let session = browser.parse().map_err(|_| Problem::new(BROWSER, "Choose one of the browsers."))?;
            if admin.end_session_of(account.id, session).await? {
                format!("{email} was signed out of that browser.")
            } else {
                format!("{email} was not signed in there any more.")
            }
        }
    };
    Ok(Completed { toast: Toast { text, tone: Tone::Good, undo: None }, page })
}

async fn change_email(
    admin: &Admin<'_>,
    account: &Account,
    form: &Submission,
    fresh: &Fresh,
    now: Timestamp,
) -> Result<Completed, Trouble> {
    let email = EmailAddress::parse(form.get(EMAIL))
        .map_err(|_| Problem::new(EMAIL, "Enter one e-mail address, such as ada@example.com."))?;
    let changed = admin.set_email(account.id, &email, fresh).await.map_err(|error| match error {
        SetEmailError::NotFound => Trouble::NotFound,
        SetEmailError::Staff => Trouble::Obstacle("This is an account of staff now.".to_owned()),
        SetEmailError::SameAddress => Problem::new(EMAIL, "The account has this address already.").into(),
        SetEmailError::Taken => {
            Problem::new(EMAIL, "Another account has this address. Give its licenses another owner instead.").into()
        }
        SetEmailError::Internal(error) => error.into(),
    })?;
    let mut fields = undo_fields(now);
    fields.push((EMAIL.to_owned(), account.email.to_string()));
    let toast = Toast {
        text: format!("The address is {} now. Both addresses get a mail.", changed.email),
        tone: Tone::Good,
        undo: Some((AdminPage::CustomerAct(account.id, Act::Email).path(), fields)),
    };
    Ok(Completed { toast, page: AdminPage::Customer(account.id) })
}

async fn export(admin: &Admin<'_>, email: &EmailAddress, fresh: &Fresh) -> Trouble {
    match admin.export_account(email, fresh).await {
        Ok(data) => Trouble::File(data),
        Err(error) => account_trouble(error),
    }
}

async fn delete(admin: &Admin<'_>, account: &Account, fresh: &Fresh, page: AdminPage) -> Result<Completed, Trouble> {
    let deleted = admin.delete_account(account, fresh).await.map_err(|error| match error {
        DeleteAccountError::NotFound => Trouble::NotFound,
        DeleteAccountError::NotFresh => Trouble::NotFresh,
        DeleteAccountError::Staff | DeleteAccountError::Deleted | DeleteAccountError::Unfinished(_) => {
            Trouble::Obstacle(sentence(error.to_string()))
        }
        DeleteAccountError::Internal(error) => error.into(),
    })?;
    let licenses = count(deleted.licenses, "license", "licenses");
    let text = format!("The account was deleted. Anonymous from now on: {licenses}. A last mail is on its way.");
    Ok(Completed { toast: Toast { text, tone: Tone::Good, undo: None }, page })
}

fn account_trouble(error: AccountError) -> Trouble {
    match error {
        AccountError::NotFound(_) => Trouble::NotFound,
        AccountError::LastAdmin => Trouble::Obstacle("This is the last admin.".to_owned()),
        AccountError::Internal(error) => error.into(),
    }
}
