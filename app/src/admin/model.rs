//! What the admin portal's pages show, as the server sends it.

pub(crate) mod bulk;
pub(crate) mod catalog;
pub(crate) mod charts;
pub(crate) mod diagnostics;
pub(crate) mod find;
pub(crate) mod list_view;
pub(crate) mod lists;
pub(crate) mod object_view;
pub(crate) mod objects;
pub(crate) mod overview;

use serde::{Deserialize, Serialize};

/// What the frame of every page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    pub email: String,
    pub role: StaffRole,
    pub mode: PaymentMode,
    /// Whether single letters are shortcuts.
    pub has_letter_keys: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StaffRole {
    Support,
    Admin,
}

impl StaffRole {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Support => "Support",
            Self::Admin => "Admin",
        }
    }
}

/// Whether sales are real.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentMode {
    Live,
    /// The payment provider's test mode.
    Test,
    /// Without keys of a payment provider.
    Off,
}
