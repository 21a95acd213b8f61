//! What pages show, ready to render.

pub(crate) mod downloads;
pub(crate) mod orders;
pub(crate) mod parts;

use latchkey_licensing::ids::{LicenseId, MachineId, OrderId};
use serde::{Deserialize, Serialize};

use crate::{
    checkout::model::Offer,
    shared::model::{ProvenForm, RelativeTime, Status, Tone},
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computer {
    pub id: MachineId,
    /// The name to display.
    pub label: String,
    /// The operating system.
    pub platform: Option<String>,
    pub app_version: Option<String>,
    pub activated: RelativeTime,
    pub last_seen: RelativeTime,
    /// Whether it may have a machine file that is still valid.
    pub may_hold_file: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseSummary {
    pub id: LicenseId,
    pub product: String,
    pub policy: String,
    pub status: Status,
    /// The key, hidden except for its end.
    pub masked_key: String,
    /// The end of the key.
    pub key_tail: String,
    /// The date on which it was issued.
    pub issued: RelativeTime,
    /// When it ends, in words: `Ends 1 November 2027`.
    pub term: String,
    /// The names of the entitlements that it grants.
    pub entitlements: Vec<String>,
    /// Whether the license itself allows activation, regardless of free slots.
    pub allows_activation: bool,
    /// How many computers are active.
    pub computer_count: usize,
    /// The first of them; a page shows no more.
    pub computers: Vec<Computer>,
    /// The limit of active computers. `None` means unlimited.
    pub limit: Option<u32>,
    /// How many computers the customer may still free. `None` means unlimited.
    pub swaps: Option<Swaps>,
    /// Whether the owner may replace the key.
    pub can_replace_key: bool,
    /// What else the owner may do.
    pub rights: OwnerRights,
    /// Whether there are builds that the license may have.
    pub has_downloads: bool,
}

/// What the policy lets the owner of a license do in the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent term set by the vendor")]
pub struct OwnerRights {
    pub frees_computers: bool,
    pub renames_computers: bool,
    pub downloads_files: bool,
    pub sees_history: bool,
}

/// How many computers the customer may still free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swaps {
    pub left: u32,
    /// The number allowed in the period.
    pub count: u32,
    /// The length of the period.
    pub hours: u64,
    /// When another one is allowed, if any was used.
    pub next: Option<RelativeTime>,
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

    /// Whether a slot is free.
    pub fn has_free_slot(&self) -> bool {
        self.limit.is_none_or(|limit| self.computer_count < usize::try_from(limit).unwrap_or(usize::MAX))
    }

    /// Whether customers should use it on another computer: it is neither suspended, revoked nor expired.
    pub fn is_usable(&self) -> bool {
        self.allows_activation && self.status.tone != Tone::Bad
    }

    /// How many more computers may use it, in words. `None` if no computer should be activated.
    pub fn free_places(&self) -> Option<String> {
        if !self.is_usable() {
            return None;
        }
        let Some(limit) = self.limit else { return Some("No limit of computers".to_owned()) };
        let free = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(self.computer_count);
        Some(match free {
            0 => return None,
            1 => "1 place free".to_owned(),
            more => format!("{more} places free"),
        })
    }

    /// `1 of 2`.
    pub fn usage_in_short(&self) -> String {
        self.limit
            .map_or_else(|| self.computer_count.to_string(), |limit| format!("{} of {limit}", self.computer_count))
    }

    /// By which a person at the vendor finds it.
    pub fn help_subject(&self) -> String {
        format!("{}, license key ending in {}", self.product, self.key_tail)
    }
}

/// Some of the customer's licenses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseList {
    /// The oldest first, and those that are revoked or expired at the end.
    pub licenses: Vec<LicenseSummary>,
    /// The text that they were searched for. Empty if all are listed.
    pub search: String,
    /// Whether these are the first ones.
    pub is_first: bool,
    /// The last of them, after which the next page begins, if there is one.
    pub next: Option<LicenseId>,
}

impl LicenseList {
    /// Whether there are so many that a person looks for one of them.
    pub fn is_long(&self) -> bool {
        self.licenses.len() >= 10 || self.is_part()
    }

    /// Whether there are more licenses than these.
    pub fn is_part(&self) -> bool {
        !self.is_first || self.next.is_some() || !self.search.is_empty()
    }
}

/// What the portal's first page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverviewDetail {
    pub licenses: LicenseList,
    /// Orders whose subscriptions need a payment.
    pub overdue: Vec<orders::OverdueOrder>,
    /// What happened to the licenses recently, the newest first.
    pub activity: Vec<HistoryLine>,
    /// The address that the customer signed in with.
    pub email: String,
}

/// A license with its history, and the key if it was requested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseDetail {
    pub license: LicenseSummary,
    /// The full key, shown once, if it was requested without scripts.
    pub revealed_key: Option<String>,
    /// The order by which it was bought, and the order's number.
    pub order: Option<(OrderId, String)>,
    /// The newest builds. `None` if the product has none.
    pub downloads: Option<downloads::DownloadList>,
    /// What it can be upgraded to.
    pub upgrades: Vec<Offer>,
    /// Newest first.
    pub history: Vec<HistoryLine>,
}

/// An event in a license's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryLine {
    pub when: RelativeTime,
    /// What happened, in a sentence.
    pub text: String,
    pub by: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComputerDetail {
    pub license: LicenseSummary,
    pub computer: Computer,
    /// What the field for its name contains: its name, or what was typed and refused.
    pub name: String,
    pub parts: parts::ComputerParts,
    /// The choices of how many days a license file is valid, the default last. Empty if it is valid for less
    /// than a day.
    pub file_days: Vec<u32>,
    /// The longest validity of a license file.
    pub file_hours: u64,
}

/// A request of a computer without internet access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineRequest {
    /// Whether it requests activation. Otherwise it requests deactivation.
    pub activates: bool,
    /// The computer's name.
    pub label: String,
    /// The operating system, if the app reported it.
    pub platform: Option<String>,
    /// Whether the computer is active.
    pub is_active: bool,
    pub license: LicenseSummary,
}

/// A computer that the customer is asked to confirm freeing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreeConfirmation {
    pub license: LicenseSummary,
    /// `None` if it is already free.
    pub computer: Option<Computer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionLine {
    pub id: String,
    /// A description of the browser.
    pub agent: String,
    pub network: String,
    pub opened: RelativeTime,
    pub last_used: RelativeTime,
    /// Whether it is the session of this request.
    pub is_current: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDetail {
    pub email: String,
    /// What the field for the name contains: the name, or what was typed and refused.
    pub name: Option<String>,
    /// The change of the address that has yet to be confirmed.
    pub email_change: Option<EmailChangeLine>,
    pub sessions: Vec<SessionLine>,
}

/// A change of an address that has yet to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChangeLine {
    pub new_email: String,
    /// The addresses that have yet to confirm it.
    pub waits_for: Vec<String>,
    /// Until when.
    pub expires: RelativeTime,
}

/// What the page shows that asks before the account is deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletionView {
    pub form: ProvenForm,
    /// How many licenses become anonymous.
    pub licenses: usize,
    /// How many orders are kept.
    pub orders: usize,
    /// What has to end first.
    pub unfinished: Vec<UnfinishedLine>,
}

/// Something that has to end before the account can be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnfinishedLine {
    /// What it is and what to do about it.
    pub text: String,
    pub order: OrderId,
    /// The order's number.
    pub number: String,
}
