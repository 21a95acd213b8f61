//! What a page says once after something was done.

use latchkey_licensing::brand::Brand;
use serde::{Deserialize, Serialize};

use crate::shared::error::UiError;

/// A message that is shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flash {
    /// A computer was freed.
    Freed {
        /// What it was called; `None` if it had been free before.
        label: Option<String>,
        /// Whether it may hold a file for working offline that is good yet.
        may_hold_file: bool,
    },
    /// The name was saved.
    Renamed,
    /// A computer has another name.
    ComputerRenamed {
        /// What it is called now.
        label: String,
    },
    /// A license has another key.
    KeyReplaced,
    /// A computer without a network was activated.
    ActivatedOffline,
    /// A computer without a network was deactivated.
    DeactivatedOffline {
        /// What it was called; `None` if it was not active.
        label: Option<String>,
    },
    /// A session was ended.
    SessionEnded,
    /// It did not work.
    Failed(UiError),
}

impl Flash {
    /// The message.
    pub fn text(&self, brand: &Brand) -> String {
        match self {
            Self::Freed { label: Some(label), may_hold_file: false } => {
                format!("{label} is free. The app there stops at its next check, and the place is open now.")
            }
            Self::Freed { label: Some(label), may_hold_file: true } => format!(
                "{label} is free, and the place is open now. The app there stops at its next check; without internet it goes on until its file ends."
            ),
            Self::Freed { label: None, .. } => "That computer is free already.".to_owned(),
            Self::Renamed => "Your name is saved.".to_owned(),
            Self::ComputerRenamed { label } => format!("That computer is called {label} now."),
            Self::KeyReplaced => {
                "This license has a new key. The old one stopped working: enter the new key in the app on each computer.".to_owned()
            }
            Self::ActivatedOffline => {
                "The computer is activated. Download its file, carry it there, and open it in the app.".to_owned()
            }
            Self::DeactivatedOffline { label: Some(label) } => format!("{label} is deactivated. Its place is open now."),
            Self::DeactivatedOffline { label: None } => "That computer was not active. Nothing had to be done.".to_owned(),
            Self::SessionEnded => "That browser is signed out.".to_owned(),
            Self::Failed(error) => error.text(brand),
        }
    }

    /// Whether it tells of a failure.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

/// What a form's server function did: what to say, and where to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What to say.
    pub flash: Option<Flash>,
    /// The page that shows the result.
    pub go_to: String,
}
