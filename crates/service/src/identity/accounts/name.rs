//! The names that customers give themselves and their computers.

use latchkey_licensing::text::in_line;

use crate::{
    audit::event::AccountEvent,
    error::{Internal, internal_errors},
    identity::actors::Customer,
};

/// The longest name, in characters.
const MAX_NAME: usize = 100;

/// The text is not a valid name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has at most {MAX_NAME} characters and no control characters")]
pub struct InvalidName;

/// Why a person's name was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RenameError {
    /// The text is not a valid name.
    #[error(transparent)]
    Invalid(#[from] InvalidName),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(RenameError);

impl Customer<'_> {
    /// Changes the customer's name. An empty name removes it.
    pub async fn rename(&self, name: &str) -> Result<(), RenameError> {
        let name = parse_name(name)?;
        let now = self.service().now();
        let account = self.who().account.id;
        let mut tx = self.service().store().write().await?;
        tx.lock_account(account).await?;
        if !tx.get_account(account).await?.is_in_use() {
            // It was deleted or disabled since the request arrived, which ended the session.
            return Ok(());
        }
        tx.set_account_name(account, name.as_deref(), now).await?;
        self.service().record(&mut tx, now, self.cause(), AccountEvent::Renamed.of(account)).await?;
        Ok(tx.commit().await?)
    }
}

/// Parses a name as people type it. `None` if it is empty. Letters that change the text around them, which people paste without
/// seeing them, become spaces.
pub(crate) fn parse_name(text: &str) -> Result<Option<String>, InvalidName> {
    if text.trim().chars().any(char::is_control) {
        return Err(InvalidName);
    }
    let text = in_line(text);
    let text = text.trim();
    if text.chars().count() > MAX_NAME {
        return Err(InvalidName);
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}
