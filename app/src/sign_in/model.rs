//! What the sign-in pages show.

use serde::{Deserialize, Serialize};

use crate::shared::flash::Flash;

/// What the sign-in pages know of this browser.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInState {
    /// The address of the open request, as it was typed.
    pub pending: Option<String>,
    /// The page that asks for another mail, and leads where this request does.
    pub again: String,
    /// What went wrong with the last form.
    pub flash: Option<Flash>,
}
