//! What the sign-in pages show.

use serde::{Deserialize, Serialize};

use crate::shared::{error::UiError, flash::Flash, model::RelativeTime};

/// The state of this browser's sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInState {
    /// The address of the open request, as it was entered.
    pub pending: Option<String>,
    /// The sign-in page, which leads to the same page as the open request.
    pub again: String,
    /// What became of the link whose page this is. `None` on other pages.
    pub link: Option<LinkState>,
    /// The error of the last form.
    pub flash: Option<Flash>,
}

/// What became of a mailed link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkState {
    /// This browser asked for it, and can confirm it. It signs in to this address.
    Open(String),
    /// This browser asked again since.
    Superseded,
    /// This browser asked for it, and it was used.
    Used,
    /// This browser asked for it, and it has expired.
    TooOld,
    /// This browser did not ask for it. It may not exist.
    Unknown,
}

/// What the page of a change of an account's e-mail address shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChangeView {
    /// `None` if the link has expired or is unknown.
    pub change: Option<EmailChangeDetail>,
    /// The error of the last form.
    pub flash: Option<Flash>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChangeDetail {
    /// The address that the account has. `None` if the link was mailed to the new address, whose owner may be somebody else.
    pub old_email: Option<String>,
    pub new_email: String,
    pub state: EmailChangeStep,
}

/// What became of a change of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EmailChangeStep {
    /// This address has yet to confirm it.
    Asked,
    /// The other address has yet to confirm it.
    Waiting,
    Done,
    Canceled,
}

/// What a person can do about the second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorView {
    /// The oldest first.
    pub passkeys: Vec<PasskeyLine>,
    /// How many recovery codes are left.
    pub codes_left: u32,
    /// Why this session cannot create a passkey.
    pub cannot_enroll: Option<UiError>,
    /// Whether the second factor is recent enough for sensitive acts.
    pub is_fresh: bool,
    /// Whether this session has a second factor.
    pub has_second_factor: bool,
    /// Whether the account is a support agent's or admin's.
    pub is_staff: bool,
    /// The page that the person sees first.
    pub first_page: String,
    /// The error of the last form.
    pub flash: Option<Flash>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyLine {
    pub id: String,
    pub name: String,
    /// What the field for its name contains: its name, or what was typed and refused.
    pub typed: String,
    pub created: RelativeTime,
    pub last_used: Option<RelativeTime>,
}

/// A passkey was created, or the recovery codes were replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPasskey {
    /// Recovery codes, which are shown only now.
    pub codes: Vec<String>,
}
