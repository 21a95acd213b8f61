//! The list of mails.

use latchkey_licensing::time::Timestamp;
use latchkey_service::{ListedMail, MailKind, MailState, Mails};

use super::{CatalogChoices, ShownColumn, ShownFilter, ShownList};
use crate::{
    admin::{
        model::{
            list_view::ListName,
            lists::{Cell, Row},
        },
        present::words,
    },
    portal::present::when,
    routes::AdminPage,
};

impl ShownList for Mails {
    const LIST: ListName = ListName::Mails;
    const TITLE: &'static str = "E-mails";
    const HINT: Option<&'static str> = Some("Start of the recipient's e-mail");
    const NOTHING_YET: (&'static str, &'static str) =
        ("No e-mails", "Mails appear here when they are queued, and stay for a while after they were sent.");
    const TABLE: &'static [ShownColumn] = &[
        ShownColumn::new("Mail"),
        ShownColumn::new("Status"),
        ShownColumn::new("To"),
        ShownColumn::number("Attempts"),
        ShownColumn::new("Error"),
        ShownColumn::sorted("Queued", Some("oldest"), Some("newest")),
    ];

    fn filters(_: &CatalogChoices) -> Vec<ShownFilter> {
        let states = MailState::ALL.into_iter().map(|state| {
            let word = words::mail_state(state).word;
            (state.as_str().to_owned(), word)
        });
        let kinds = MailKind::ALL.iter().map(|kind| (kind.as_str().to_owned(), kind.title().to_owned()));
        vec![
            ShownFilter { name: "state", label: "Status", options: states.collect() },
            ShownFilter { name: "kind", label: "Kind", options: kinds.collect() },
        ]
    }

    fn row(mail: &ListedMail, now: Timestamp) -> Row {
        Row {
            id: mail.id.to_string(),
            href: AdminPage::Mail(mail.id).path(),
            cells: vec![
                Cell::Text(words::mail_kind(&mail.kind)),
                Cell::Status(words::mail_state(mail.state)),
                Cell::Text(mail.recipient.to_string()),
                Cell::Number(mail.attempts.to_string()),
                mail.last_error.clone().map_or(Cell::Empty, Cell::Text),
                Cell::Time(when(mail.created_at, now)),
            ],
        }
    }
}
