//! Messages that a page shows once after an action.

use latchkey_licensing::brand::Brand;
use serde::{Deserialize, Serialize};

use crate::shared::error::UiError;

/// A message that is shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flash {
    Freed {
        /// The computer's name. `None` if it was already free.
        label: Option<String>,
        /// Whether it may have a machine file that is still valid.
        may_hold_file: bool,
    },
    Renamed,
    ComputerRenamed {
        label: String,
    },
    KeyReplaced,
    ActivatedOffline,
    DeactivatedOffline {
        /// The computer's name. `None` if it was not active.
        label: Option<String>,
    },
    SessionEnded,
    EmailChangeRequested,
    EmailChangeCanceled,
    PasskeyRenamed,
    PasskeyRemoved,
    Failed(UiError),
}

impl Flash {
    pub fn text(&self, brand: &Brand) -> String {
        match self {
            Self::Freed { label: Some(label), may_hold_file: false } => {
                format!("{label} is free. The app there stops at its next check. You can now activate another computer.")
            }
            Self::Freed { label: Some(label), may_hold_file: true } => format!(
                "{label} is free. You can now activate another computer. The app there stops at its next check; without internet it continues to work until its file expires."
            ),
            Self::Freed { label: None, .. } => "That computer is already free.".to_owned(),
            Self::Renamed => "Your name was saved.".to_owned(),
            Self::ComputerRenamed { label } => format!("The computer was renamed to {label}."),
            Self::KeyReplaced => {
                "This license has a new key. The old one no longer works: enter the new key in the app on each computer. You also get the new key by mail.".to_owned()
            }
            Self::ActivatedOffline => {
                "The computer was activated. Download its file, copy it to the computer, and open it in the app.".to_owned()
            }
            Self::DeactivatedOffline { label: Some(label) } => format!("{label} was deactivated. You can now activate another computer."),
            Self::DeactivatedOffline { label: None } => "That computer was not active. There was nothing to do.".to_owned(),
            Self::SessionEnded => "That browser is signed out.".to_owned(),
            Self::EmailChangeRequested => {
                "Both addresses get a mail with a link. The change is made when both have confirmed it, within 60 minutes.".to_owned()
            }
            Self::EmailChangeCanceled => "The change of your e-mail address was canceled.".to_owned(),
            Self::PasskeyRenamed => "The passkey was renamed.".to_owned(),
            Self::PasskeyRemoved => "The passkey was removed. It can no longer be used here; you can delete it on your device, too.".to_owned(),
            Self::Failed(error) => error.text(brand),
        }
    }

    /// Whether it reports a failure.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

/// The result of a form's server function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormRedirect {
    /// The message to show.
    pub flash: Option<Flash>,
    /// The page that shows the result.
    pub redirect_to: String,
}
