//! What people call themselves and their computers.

use crate::{
    actors::Customer,
    audit::event::AccountEvent,
    error::{Internal, internal_errors},
};

/// The longest name that is kept, in characters.
const MAX_NAME: usize = 100;

/// A text that cannot be kept as a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has at most {MAX_NAME} characters and no control characters")]
pub struct NameInvalid;

/// Why a person's name was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RenameError {
    /// It cannot be kept.
    #[error(transparent)]
    Invalid(#[from] NameInvalid),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(RenameError);

impl Customer<'_> {
    /// Changes what to call the person; an empty name removes it.
    pub async fn rename(&self, name: &str) -> Result<(), RenameError> {
        let name = read_name(name)?;
        let now = self.service().now();
        let account = self.who().account.id;
        let mut tx = self.service().store().write().await?;
        tx.set_account_name(account, name.as_deref(), now).await?;
        self.service().record(&mut tx, now, self.actor(), AccountEvent::Renamed.of(account)).await?;
        Ok(tx.commit().await?)
    }
}

/// A name as people type it; `None` if it is empty.
pub(crate) fn read_name(text: &str) -> Result<Option<String>, NameInvalid> {
    let text = text.trim();
    if text.chars().count() > MAX_NAME || text.chars().any(char::is_control) {
        return Err(NameInvalid);
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}
