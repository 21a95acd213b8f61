//! What pages show, in words and ready to render.

use latchkey_licensing::ids::{LicenseId, MachineId};
use serde::{Deserialize, Serialize};

use crate::shared::model::{Status, When};

/// An active computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computer {
    /// Its id.
    pub id: MachineId,
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
    /// Whether it may hold a file for working offline that is good yet.
    pub may_hold_file: bool,
}

/// A license.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseSummary {
    /// Its id.
    pub id: LicenseId,
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
    /// Whether computers can be activated with it, as far as the license itself goes.
    pub is_good: bool,
    /// How many computers are active.
    pub computer_count: usize,
    /// The first of them; a page shows no more.
    pub computers: Vec<Computer>,
    /// How many may be active; `None` is any number.
    pub limit: Option<u32>,
    /// How often computers may be freed yet; `None` is as often as one likes.
    pub swaps: Option<Swaps>,
    /// Whether its owner may replace its key.
    pub may_rotate_key: bool,
}

/// How often computers may be freed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swaps {
    /// How many are left.
    pub left: u32,
    /// How many there are in all.
    pub count: u32,
    /// Within how many hours.
    pub hours: u64,
    /// When the next one comes back, if any is used.
    pub next: Option<When>,
}

impl Swaps {
    /// `4 of 6 left this month`.
    pub fn words(&self) -> String {
        let period = match (self.hours / 24, self.hours) {
            (7, _) => "this week".to_owned(),
            (28..=31, _) => "this month".to_owned(),
            (365 | 366, _) => "this year".to_owned(),
            (0, 0 | 1) => "this hour".to_owned(),
            (0, hours) => format!("in {hours} hours"),
            (1, _) => "today".to_owned(),
            (days, _) => format!("in {days} days"),
        };
        format!("{} of {} left {period}", self.left, self.count)
    }
}

impl LicenseSummary {
    /// `1 of 2 computers in use`.
    pub fn usage(&self) -> String {
        let used = self.computer_count;
        match self.limit {
            Some(1) => format!("{used} of 1 computer in use"),
            Some(limit) => format!("{used} of {limit} computers in use"),
            None if used == 1 => "1 computer in use".to_owned(),
            None => format!("{used} computers in use"),
        }
    }

    /// Whether another computer could be activated, as far as places go.
    pub fn has_room(&self) -> bool {
        self.limit.is_none_or(|limit| self.computer_count < usize::try_from(limit).unwrap_or(usize::MAX))
    }

    /// How many places are open, of those that a page can show; none where nothing can be activated.
    pub fn open_places(&self) -> usize {
        if !self.is_good {
            return 0;
        }
        let limit = usize::try_from(self.limit.unwrap_or(0)).unwrap_or(0);
        limit.saturating_sub(self.computer_count).min(12)
    }
}

/// A license with what was asked to be revealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseDetail {
    /// The license.
    pub license: LicenseSummary,
    /// The whole key, once, after asking for it without script.
    pub revealed_key: Option<String>,
    /// What happened to it, the newest first.
    pub history: Vec<HistoryLine>,
}

/// Something that happened to a license.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// When.
    pub when: When,
    /// What, in a sentence.
    pub text: String,
    /// Who did it.
    pub by: String,
}

/// One computer of a license.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComputerDetail {
    /// Its license.
    pub license: LicenseSummary,
    /// The computer.
    pub computer: Computer,
    /// How many days a file for working offline may last, the usual number last; none where it lasts less
    /// than a day.
    pub file_days: Vec<u32>,
    /// How many hours it lasts at most.
    pub file_hours: u64,
}

/// A request of a computer without a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineRequest {
    /// Whether it asks to be activated; otherwise to be deactivated.
    pub activates: bool,
    /// What the computer is called.
    pub label: String,
    /// Operating system, if the app told it.
    pub platform: Option<String>,
    /// Whether the computer is active now.
    pub is_active: bool,
    /// The license that it is for.
    pub license: LicenseSummary,
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
