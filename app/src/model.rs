//! What pages show, in words and ready to render.

use serde::{Deserialize, Serialize};

/// An instant for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// RFC 3339, for the `datetime` attribute.
    pub iso: String,
    /// `3 minutes ago`, or the date if long ago.
    pub words: String,
    /// Date and time, for the tooltip.
    pub exact: String,
}

/// How good a state is, which chooses color and icon beside its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    /// All is well.
    Good,
    /// Something needs attention.
    Warn,
    /// It does not work.
    Bad,
}

/// A license's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// One word or two.
    pub word: String,
    /// How good it is.
    pub tone: Tone,
    /// What it means and what to do, where it is not plain.
    pub notice: Option<String>,
}

/// An active computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computer {
    /// Its id.
    pub id: String,
    /// What to call it.
    pub label: String,
    /// Operating system.
    pub platform: Option<String>,
    /// The app's version.
    pub app_version: Option<String>,
    /// When it was activated.
    pub activated: When,
    /// When it was last seen.
    pub last_seen: When,
}

/// A license.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseSummary {
    /// Its id.
    pub id: String,
    /// The product's name.
    pub product: String,
    /// The policy's name.
    pub policy: String,
    /// Its state.
    pub status: Status,
    /// The key, all but its end hidden.
    pub masked_key: String,
    /// When it was issued.
    pub issued: When,
    /// When it ends.
    pub ends: Option<When>,
    /// The active computers.
    pub computers: Vec<Computer>,
    /// How many may be active; `None` is any number.
    pub limit: Option<u32>,
}

impl LicenseSummary {
    /// `1 of 2 computers in use`.
    pub fn usage(&self) -> String {
        let used = self.computers.len();
        match self.limit {
            Some(1) => format!("{used} of 1 computer in use"),
            Some(limit) => format!("{used} of {limit} computers in use"),
            None if used == 1 => "1 computer in use".to_owned(),
            None => format!("{used} computers in use"),
        }
    }

    /// How many places are open, of those that a page can show.
    pub fn open_places(&self) -> usize {
        let limit = usize::try_from(self.limit.unwrap_or(0)).unwrap_or(0);
        limit.saturating_sub(self.computers.len()).min(12)
    }
}

/// A license with what was asked to be revealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseDetail {
    /// The license.
    pub license: LicenseSummary,
    /// The whole key, once, after asking for it without script.
    pub revealed_key: Option<String>,
}

/// A computer that is about to be freed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreeQuestion {
    /// Its license.
    pub license: LicenseSummary,
    /// The computer; `None` if it is free already.
    pub computer: Option<Computer>,
}

/// An open session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionLine {
    /// Its id.
    pub id: String,
    /// The browser.
    pub agent: String,
    /// The network.
    pub network: String,
    /// When it was opened.
    pub opened: When,
    /// When it was last used.
    pub last_used: When,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// The account page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDetail {
    /// The address.
    pub email: String,
    /// The name.
    pub name: Option<String>,
    /// The open sessions.
    pub sessions: Vec<SessionLine>,
}

/// What the sign-in pages know of this browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInState {
    /// The address of the open request, as it was typed.
    pub pending: Option<String>,
    /// What went wrong with the last form.
    pub flash: Option<Flash>,
}

use crate::flash::Flash;
