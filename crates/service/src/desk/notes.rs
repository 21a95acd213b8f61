//! Notes: what people who help customers write down about a record. Customers do not see them.

use latchkey_licensing::ids::{AccountId, LicenseId, NoteId, OrderId};
use latchkey_store::{Conn, NoteRow};

use crate::{
    audit::{
        actor::Actor,
        event::{ACCOUNT, AuditEvent, LICENSE, NoteEvent, ORDER, STRIPE_EVENT},
    },
    error::{Internal, internal_errors},
    identity::actors::Support,
};

/// The longest note, in letters.
pub const MAX_NOTE: usize = 4_000;

/// The record that a note is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoteSubject {
    /// An account.
    Account(AccountId),
    /// A license.
    License(LicenseId),
    /// An order.
    Order(OrderId),
    /// An event of the payment provider.
    StripeEvent(String),
}

impl NoteSubject {
    fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => ACCOUNT,
            Self::License(_) => LICENSE,
            Self::Order(_) => ORDER,
            Self::StripeEvent(_) => STRIPE_EVENT,
        }
    }

    fn id(&self) -> String {
        match self {
            Self::Account(id) => id.to_string(),
            Self::License(id) => id.to_string(),
            Self::Order(id) => id.to_string(),
            Self::StripeEvent(id) => id.clone(),
        }
    }

    async fn exists(&self, conn: &mut Conn) -> Result<bool, Internal> {
        Ok(match self {
            Self::Account(id) => conn.find_account(*id).await?.is_some(),
            Self::License(id) => conn.find_license(*id).await?.is_some(),
            Self::Order(id) => conn.find_order(*id).await?.is_some(),
            Self::StripeEvent(id) => conn.find_stripe_event(id).await?.is_some(),
        })
    }
}

/// Why a note was not written.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    /// The text is empty or too long.
    #[error("note: use a text of 1 to {MAX_NOTE} letters")]
    Text,
    /// The record does not exist.
    #[error("there is no such record")]
    NotFound,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(NoteError);

/// The text of a note. `None` if it is empty or too long.
fn body(text: &str) -> Option<String> {
    // Databases do not store this letter.
    let text = text.trim().replace('\0', "").replace("\r\n", "\n");
    (1..=MAX_NOTE).contains(&text.chars().count()).then_some(text)
}

impl Support<'_> {
    /// Writes a note about a record.
    pub async fn add_note(&self, subject: &NoteSubject, text: &str) -> Result<NoteRow, NoteError> {
        let body = body(text).ok_or(NoteError::Text)?;
        let now = self.service.now();
        let author = match self.actor {
            Actor::Account { id, .. } => Some(id),
            Actor::Host | Actor::Visitor | Actor::App(_) | Actor::Server => None,
        };
        let note = NoteRow {
            id: NoteId::new(now, self.service.random()?),
            subject_kind: subject.kind().to_owned(),
            subject_id: subject.id(),
            author,
            body,
            created_at: now,
        };
        let mut tx = self.service.store().write().await?;
        if !subject.exists(&mut tx).await? {
            return Err(NoteError::NotFound);
        }
        tx.insert_note(&note).await?;
        let event = NoteEvent::Added { kind: note.subject_kind.clone(), about: note.subject_id.clone() };
        self.service.record(&mut tx, now, self.actor, AuditEvent::Note(note.id, event)).await?;
        tx.commit().await?;
        Ok(note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_has_a_text_of_a_bounded_length() {
        assert_eq!(body(" a\r\nb\0 ").as_deref(), Some("a\nb"));
        assert_eq!((body(" \n "), body("")), (None, None));
        assert!(body(&"ü".repeat(MAX_NOTE)).is_some());
        assert_eq!(body(&"ü".repeat(MAX_NOTE + 1)), None);
    }
}
