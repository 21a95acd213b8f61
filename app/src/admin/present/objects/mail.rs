//! A mail's page. The text is deleted when the mail is sent or given up, so no page shows it.

use latchkey_licensing::account::Account;
use latchkey_licensing::time::Timestamp;
use latchkey_service::{ListedMail, MailState};
use serde_json::json;

use super::{Around, Inspected, copied, fact, link, text};
use crate::{
    admin::{
        model::{
            lists::{Cell, LinkTo},
            object_view::{Notice, ObjectView},
            objects::{Fact, ObjectHead, Related},
        },
        present::words,
    },
    routes::AdminPage,
    shared::model::Tone,
};

pub(crate) fn page(mail: &ListedMail, account: Option<&Account>, around: &Around<'_>) -> ObjectView {
    let page = AdminPage::Mail(mail.id);
    let kind = words::mail_kind(&mail.kind);
    ObjectView {
        head: ObjectHead {
            kind: "Mail".to_owned(),
            list: LinkTo::new("E-mails", AdminPage::Mails.path()),
            title: kind,
            id: mail.id.to_string(),
            status: Some(words::mail_state(mail.state)),
            acts: Vec::new(),
            tabs: around.tabs(&page),
        },
        toast: None,
        notices: notice(mail, account).into_iter().collect(),
        content: around.content(&page, facts(mail, account, around), Vec::new(), inspected(mail)),
        related: vec![Related {
            title: "Recipient".to_owned(),
            links: account
                .map(|account| LinkTo::new(account.email.as_str(), AdminPage::Customer(account.id).path()))
                .into_iter()
                .collect(),
            all: Some(LinkTo::new(
                "All mails to this address",
                format!("{}?q={}", AdminPage::Mails.path(), mail.recipient.as_str().replace('+', "%2B")),
            )),
        }],
    }
}

fn notice(mail: &ListedMail, account: Option<&Account>) -> Option<Notice> {
    let error = mail.last_error.as_deref().unwrap_or("no reason is known");
    let (tone, text) = match mail.state {
        MailState::Sent => return None,
        MailState::Waiting if mail.last_error.is_none() => return None,
        MailState::Waiting => {
            (Tone::Warn, format!("The last attempt failed: {error}. Attempts go on until {}.", mail.expires_at.human()))
        }
        MailState::Failed => (
            Tone::Bad,
            format!(
                "The mail was given up: {error}. Its text is deleted. If it contained a key, open the license and mail the key again."
            ),
        ),
    };
    let link = account.map(|account| LinkTo::new("Show the customer", AdminPage::Customer(account.id).path()));
    Some(Notice { tone, text, link })
}

fn facts(mail: &ListedMail, account: Option<&Account>, around: &Around<'_>) -> Vec<Fact> {
    let owner = account.map_or(Cell::Empty, |account| link(account.email.as_str(), &AdminPage::Customer(account.id)));
    let mut facts = vec![
        fact("To", copied(Some(mail.recipient.as_str()), "e-mail address")),
        fact("Customer", owner),
        fact("Queued", around.time(mail.created_at)),
        fact("Attempts", Cell::Number(mail.attempts.to_string())),
    ];
    if let Some(at) = mail.done_at {
        facts.push(fact(if mail.state == MailState::Sent { "Sent" } else { "Given up" }, around.time(at)));
    } else {
        facts.push(fact("Next attempt", around.time(mail.next_attempt_at)));
        facts.push(fact("Given up at", text(mail.expires_at.human())));
    }
    facts
}

fn inspected(mail: &ListedMail) -> Inspected {
    let json = json!({
        "id": mail.id.to_string(),
        "kind": mail.kind,
        "recipient": mail.recipient.as_str(),
        "state": mail.state.as_str(),
        "attempts": mail.attempts,
        "last_error": mail.last_error,
        "created_at": mail.created_at.rfc3339(),
        "next_attempt_at": mail.next_attempt_at.rfc3339(),
        "expires_at": mail.expires_at.rfc3339(),
        "done_at": mail.done_at.map(Timestamp::rfc3339),
    });
    Inspected { json, calls: Vec::new() }
}
