//! What the sign-in pages show.

use serde::{Deserialize, Serialize};

use crate::shared::flash::Flash;

/// The state of this browser's sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInState {
    /// The address of the open request, as it was entered.
    pub pending: Option<String>,
    /// The sign-in page, which leads to the same page as the open request.
    pub again: String,
    /// The error of the last form.
    pub flash: Option<Flash>,
}
