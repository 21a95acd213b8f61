//! Saved views: the filters and the order of a list, under a name that one person gave them. Nobody else sees them.

use latchkey_licensing::{
    ids::{AccountId, SavedViewId},
    text::has_disruptive,
};
use latchkey_store::SavedViewRow;

use crate::{
    audit::{
        actor::Actor,
        event::{AuditEvent, SavedViewEvent},
    },
    desk::lists::{List, ListQuery, Place, fields::FieldError},
    error::{Internal, internal_errors},
    identity::actors::Support,
};

/// The longest name, in letters.
pub const MAX_VIEW_NAME: usize = 80;

/// The longest query string, in bytes.
const MAX_QUERY: usize = 2_000;

/// The most views of one account.
const MAX_VIEWS: usize = 100;

/// Why a view was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveViewError {
    /// The name is empty or too long.
    #[error("name: use a text of 1 to {MAX_VIEW_NAME} letters")]
    Name,
    /// The person has a view of this list with this name.
    #[error("name: you have a view of this list with this name: use another name, or remove that view")]
    NameTaken,
    /// A field of the list is invalid.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The person has as many views as a person may have.
    #[error("there are {MAX_VIEWS} saved views already: remove one")]
    TooMany,
    /// Commands on the host have no views.
    #[error("only people who are signed in have saved views")]
    NoAccount,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(SaveViewError);

impl Support<'_> {
    /// The person's account. `None` for the host.
    pub(crate) fn own_account(&self) -> Option<AccountId> {
        match self.actor {
            Actor::Account { id, .. } => Some(id),
            Actor::Host | Actor::Visitor | Actor::App(_) | Actor::Server => None,
        }
    }

    /// Saves a view of a list. `query` is the query string of these fields, as a link contains it.
    pub async fn save_view<L: List>(
        &self,
        name: &str,
        fields: &[(String, String)],
        query: &str,
    ) -> Result<SavedViewId, SaveViewError> {
        let account = self.own_account().ok_or(SaveViewError::NoAccount)?;
        let name = name.trim();
        if !(1..=MAX_VIEW_NAME).contains(&name.chars().count()) || has_disruptive(name) {
            return Err(SaveViewError::Name);
        }
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let context = self.service.field_context(&mut tx, fields).await?;
        if ListQuery::<L>::parse(fields, &context)?.place != Place::Start {
            return Err(FieldError::invalid("after", "no cursor: a saved view begins at the start of the list").into());
        }
        if query.len() > MAX_QUERY {
            return Err(FieldError::invalid("q", "a shorter text").into());
        }
        let saved = tx.list_saved_views_of(account).await?;
        let same = name.to_lowercase();
        if saved.iter().any(|view| view.list == L::NAME && view.name.to_lowercase() == same) {
            return Err(SaveViewError::NameTaken);
        }
        if saved.len() >= MAX_VIEWS {
            return Err(SaveViewError::TooMany);
        }
        let id = SavedViewId::new(now, self.service.random()?);
        let (list, name) = (L::NAME.to_owned(), name.to_owned());
        let event = SavedViewEvent::Saved { list: list.clone(), name: name.clone() };
        let view = SavedViewRow { id, account, list, name, query: query.to_owned(), created_at: now };
        // Another request of the same person may have been faster.
        if !tx.insert_saved_view(&view).await? {
            return Err(SaveViewError::NameTaken);
        }
        self.service.record(&mut tx, now, self.actor, AuditEvent::SavedView(id, event)).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// One of the person's views. `None` if there is none with this id.
    pub async fn saved_view(&self, id: SavedViewId) -> Result<Option<SavedViewRow>, Internal> {
        let Some(account) = self.own_account() else {
            return Ok(None);
        };
        let views = self.service.store().read_without_snapshot().await?.list_saved_views_of(account).await?;
        Ok(views.into_iter().find(|view| view.id == id))
    }

    /// Deletes one of the person's views, and returns it. `None` if there is none with this id.
    pub async fn delete_view(&self, id: SavedViewId) -> Result<Option<SavedViewRow>, Internal> {
        let Some(account) = self.own_account() else {
            return Ok(None);
        };
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let Some(view) = tx.delete_saved_view(account, id).await? else {
            return Ok(None);
        };
        let event = SavedViewEvent::Deleted { list: view.list.clone(), name: view.name.clone() };
        self.service.record(&mut tx, now, self.actor, AuditEvent::SavedView(id, event)).await?;
        tx.commit().await?;
        Ok(Some(view))
    }
}
