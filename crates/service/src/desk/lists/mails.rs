//! The list of mails, without their contents.

use latchkey_licensing::time::Timestamp;
use latchkey_store::{Conn, ListedMail, MailFilter, MailSort, MailState, PageRequest, Slice, StoreError};

use crate::{
    desk::{
        csv::Cell,
        lists::{
            FieldContext, List,
            fields::{self, FieldError},
        },
    },
    mail::kind::MailKind,
};

/// The list of mails that wait, and of those that were sent or given up lately.
#[derive(Clone, Copy, Debug)]
pub struct Mails;

impl List for Mails {
    const NAME: &'static str = "mails";
    const FIELDS: &'static [&'static str] = &["q", "state", "kind", "from", "to"];
    const SORTS: &'static [(&'static str, MailSort)] = &[("newest", MailSort::Newest), ("oldest", MailSort::Oldest)];
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "kind",
        "recipient",
        "state",
        "attempts",
        "next_attempt_at",
        "expires_at",
        "done_at",
        "last_error",
        "created_at",
    ];
    type Filter = MailFilter;
    type Sort = MailSort;
    type Row = ListedMail;

    fn set(filter: &mut MailFilter, field: &str, value: &str, _: &FieldContext) -> Result<(), FieldError> {
        match field {
            "q" => filter.text = fields::text(field, value)?,
            "state" => {
                let words = MailState::ALL.map(MailState::as_str);
                filter.state = fields::word(field, value, MailState::parse, words)?;
            }
            "kind" => {
                let words = MailKind::ALL.iter().map(|kind| kind.as_str());
                let kind = fields::word(field, value, MailKind::parse, words)?;
                filter.kind = kind.map(|kind| kind.as_str().to_owned());
            }
            "from" => fields::from(field, value, &mut filter.created)?,
            "to" => fields::to(field, value, &mut filter.created)?,
            _ => return Err(FieldError::unknown(field, Self::FIELDS)),
        }
        Ok(())
    }

    async fn page(
        conn: &mut Conn,
        filter: &MailFilter,
        sort: MailSort,
        page: &PageRequest,
    ) -> Result<Slice<ListedMail>, StoreError> {
        conn.list_mails_by(filter, sort, page).await
    }

    async fn count(conn: &mut Conn, filter: &MailFilter, at_most: u32) -> Result<u32, StoreError> {
        conn.count_mails_by(filter, at_most).await
    }

    fn cells(mail: &ListedMail, _: Timestamp) -> Vec<Cell> {
        let next_attempt_at = (mail.state == MailState::Waiting).then_some(mail.next_attempt_at);
        vec![
            Cell::Text(mail.id.to_string()),
            Cell::text(Some(&mail.kind)),
            Cell::text(Some(mail.recipient.as_str())),
            Cell::text(Some(mail.state.as_str())),
            Cell::Number(mail.attempts.into()),
            Cell::time(next_attempt_at),
            Cell::Time(mail.expires_at),
            Cell::time(mail.done_at),
            Cell::text(mail.last_error.as_deref()),
            Cell::Time(mail.created_at),
        ]
    }
}
