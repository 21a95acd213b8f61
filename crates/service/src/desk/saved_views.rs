//! Saved views: the filters and the order of a list, under a name that one account gave them.

use latchkey_licensing::ids::{AccountId, SavedViewId};
use latchkey_store::SavedViewRow;

use crate::{
    actors::Support,
    audit::event::{AuditEvent, SavedViewEvent},
    desk::lists::{List, ListQuery, Place, fields::FieldError},
    error::{Internal, internal_errors},
};

/// The longest name, in letters.
const MAX_NAME: usize = 80;

/// The longest query string, in bytes.
const MAX_QUERY: usize = 2_000;

/// The most views of one account.
const MAX_VIEWS: usize = 100;

/// Why a view was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveViewError {
    /// The name is empty or too long.
    #[error("name: use a text of 1 to {MAX_NAME} letters")]
    Name,
    /// A field of the list is invalid.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The account has as many views as it may have.
    #[error("there are {MAX_VIEWS} saved views already: delete one")]
    TooMany,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(SaveViewError);

impl Support<'_> {
    /// Saves a view of a list for an account. One with the same name is replaced. `query` is the query string of these
    /// fields, as a link contains it.
    pub async fn save_view<L: List>(
        &self,
        account: AccountId,
        name: &str,
        fields: &[(String, String)],
        query: &str,
    ) -> Result<(), SaveViewError> {
        let name = name.trim();
        if !(1..=MAX_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
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
        let old = saved.iter().find(|view| view.list == L::NAME && view.name == name);
        if old.is_none() && saved.len() >= MAX_VIEWS {
            return Err(SaveViewError::TooMany);
        }
        let id = match old {
            Some(view) => view.id,
            None => SavedViewId::new(now, self.service.random()?),
        };
        let (list, name) = (L::NAME.to_owned(), name.to_owned());
        let event = SavedViewEvent::Saved { list: list.clone(), name: name.clone() };
        let view = SavedViewRow { id, account, list, name, query: query.to_owned(), created_at: now };
        tx.upsert_saved_view(&view).await?;
        self.service.record(&mut tx, now, self.actor, AuditEvent::SavedView(id, event)).await?;
        Ok(tx.commit().await?)
    }

    /// The views that an account saved, by list and name.
    pub async fn saved_views(&self, account: AccountId) -> Result<Vec<SavedViewRow>, Internal> {
        Ok(self.service.store().read_without_snapshot().await?.list_saved_views_of(account).await?)
    }

    /// Deletes one of an account's views. `false` if there is none.
    pub async fn delete_view(&self, account: AccountId, id: SavedViewId) -> Result<bool, Internal> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let Some(view) = tx.delete_saved_view(account, id).await? else {
            return Ok(false);
        };
        let event = SavedViewEvent::Deleted { list: view.list, name: view.name };
        self.service.record(&mut tx, now, self.actor, AuditEvent::SavedView(id, event)).await?;
        tx.commit().await?;
        Ok(true)
    }
}
