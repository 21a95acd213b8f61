//! The chain of the audit log: what an entry authenticates, and how a chain is checked.
//!
//! An entry's code is an HMAC over its position, the code before it, and its row. Someone who can write to the database,
//! but does not have the master secret, can therefore not change, remove, insert or reorder rows unnoticed. Only cutting
//! off the end leaves a valid chain; a [`ChainHead`] that was kept elsewhere reveals that.

use std::{fmt, str::FromStr};

use latchkey_licensing::{hex, ids::AuditId};
use latchkey_store::{AuditHead, AuditLink, AuditRow, ChainedAudit};
use serde::Serialize;

use crate::operation::vault::Vault;

/// The end of the chain at some time, to be kept where someone who can change the database cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// The number of entries.
    pub position: u64,
    /// The code of the last entry.
    pub mac: [u8; 32],
}

impl fmt::Display for ChainHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position, hex::encode(&self.mac))
    }
}

/// The text is not a position, a colon and 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a head is a number, a colon and 64 hexadecimal digits, as `latchkey audit head` prints it")]
pub struct InvalidChainHead;

impl FromStr for ChainHead {
    type Err = InvalidChainHead;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (position, mac) = text.split_once(':').ok_or(InvalidChainHead)?;
        let is_number = position.bytes().all(|digit| digit.is_ascii_digit());
        let position = position.parse().ok().filter(|_| is_number).ok_or(InvalidChainHead)?;
        let mac = hex::decode(mac).ok_or(InvalidChainHead)?;
        Ok(Self { position, mac })
    }
}

impl From<AuditHead> for ChainHead {
    fn from(head: AuditHead) -> Self {
        Self { position: head.position.unsigned_abs(), mac: head.mac }
    }
}

/// What is wrong with the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChainProblem {
    /// A row, its position, or the code of the entry before it is not what the entry authenticates.
    Changed {
        /// The entry's position.
        position: u64,
        /// The row's id.
        row: AuditId,
    },
    /// The row of an entry was deleted.
    RowDeleted {
        /// The entry's position.
        position: u64,
        /// The row's id.
        row: AuditId,
    },
    /// Entries were deleted.
    EntriesDeleted {
        /// The first missing position.
        first: u64,
        /// The last missing position.
        last: u64,
    },
    /// The chain does not end where it should: entries at the end were deleted, or added without the master secret.
    WrongEnd {
        /// Where the chain should end.
        expected: u64,
        /// Where it ends.
        found: u64,
    },
    /// A row that has no entry, although it is not waiting for one: its entry was deleted.
    Unchained {
        /// The row's id.
        row: AuditId,
    },
    /// The chain does not contain the head that was kept elsewhere: it was cut off or rewritten.
    HeadNotFound {
        /// The position of that head.
        position: u64,
    },
}

impl fmt::Display for ChainProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { position, row } => {
                write!(f, "entry {position} does not match its row {row}, which was changed, replaced or moved")
            }
            Self::RowDeleted { position, row } => write!(f, "row {row} of entry {position} was deleted"),
            Self::EntriesDeleted { first, last } if first == last => write!(f, "entry {first} was deleted"),
            Self::EntriesDeleted { first, last } => write!(f, "entries {first} to {last} were deleted"),
            Self::WrongEnd { expected, found } => {
                write!(f, "the log should end with entry {expected} but ends with entry {found}")
            }
            Self::Unchained { row } => write!(f, "row {row} has no entry"),
            Self::HeadNotFound { position } => {
                write!(f, "entry {position} is not the one that was kept: the log was cut off or rewritten")
            }
        }
    }
}

/// The entry that follows `head` and covers a row.
pub(crate) fn next_link(vault: &Vault, head: AuditHead, row: &AuditRow) -> AuditLink {
    let position = head.position.saturating_add(1);
    AuditLink { position, audit_id: row.id, mac: mac(vault, position, &head.mac, row) }
}

fn mac(vault: &Vault, position: i64, before: &[u8; 32], row: &AuditRow) -> [u8; 32] {
    let mut entry = Vec::with_capacity(256 + row.detail.len());
    entry.extend(position.to_be_bytes());
    entry.extend(before);
    entry.extend(row.id.uuid().as_bytes());
    entry.extend(row.at.unix_micros().to_be_bytes());
    // Lengths make the encoding unambiguous. An absent text differs from an empty one.
    let mut text = |text: Option<&str>| {
        entry.extend(text.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
        entry.extend(text.unwrap_or_default().as_bytes());
    };
    text(Some(&row.actor_kind));
    text(row.actor_id.as_deref());
    text(row.network.as_deref());
    text(Some(&row.verb));
    text(Some(&row.subject_kind));
    text(Some(&row.subject_id));
    text(Some(&row.detail));
    vault.audit_mac(&entry)
}

/// The most problems that a report lists.
const LISTED: usize = 100;

/// The result of checking the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainReport {
    /// The end of the chain.
    pub head: ChainHead,
    /// The number of entries that were checked.
    pub entries: u64,
    /// What is wrong. At most 100 problems are listed.
    pub problems: Vec<ChainProblem>,
    /// The number of all problems.
    pub problem_count: usize,
}

/// Checks a chain, entry by entry.
pub(crate) struct ChainCheck<'a> {
    vault: &'a Vault,
    kept: Option<ChainHead>,
    before: AuditHead,
    report: ChainReport,
}

impl<'a> ChainCheck<'a> {
    /// Begins before the first entry. `kept` is a head that was kept elsewhere.
    pub(crate) fn new(vault: &'a Vault, kept: Option<ChainHead>) -> Self {
        let before = AuditHead { position: 0, mac: [0; 32] };
        let report = ChainReport { head: before.into(), entries: 0, problems: Vec::new(), problem_count: 0 };
        // A head before the first entry is part of every chain.
        let kept = kept.filter(|kept| *kept != ChainHead::from(before));
        Self { vault, kept, before, report }
    }

    /// Checks the next entry.
    pub(crate) fn add(&mut self, entry: &ChainedAudit) {
        let link = &entry.link;
        let wanted = self.before.position.saturating_add(1);
        if link.position > wanted {
            let last = link.position.saturating_sub(1).unsigned_abs();
            self.found(ChainProblem::EntriesDeleted { first: wanted.unsigned_abs(), last });
        }
        let (position, row) = (link.position.unsigned_abs(), link.audit_id);
        match &entry.row {
            None => self.found(ChainProblem::RowDeleted { position, row }),
            Some(found) => {
                // After a gap, the code before is unknown, and the gap is reported already.
                let follows = link.position == wanted;
                if follows && mac(self.vault, link.position, &self.before.mac, found) != link.mac {
                    self.found(ChainProblem::Changed { position, row });
                }
            }
        }
        self.before = AuditHead { position: link.position, mac: link.mac };
        self.report.entries = self.report.entries.saturating_add(1);
        if self.kept == Some(self.before.into()) {
            self.kept = None;
        }
    }

    /// Ends the check. `head` is the stored end of the chain, and `unchained` are rows without an entry.
    pub(crate) fn finish(mut self, head: AuditHead, unchained: Vec<AuditId>) -> ChainReport {
        if head != self.before {
            let (expected, found) = (head.position.unsigned_abs(), self.before.position.unsigned_abs());
            self.found(ChainProblem::WrongEnd { expected, found });
        }
        for row in unchained {
            self.found(ChainProblem::Unchained { row });
        }
        if let Some(kept) = self.kept {
            self.found(ChainProblem::HeadNotFound { position: kept.position });
        }
        self.report.head = self.before.into();
        self.report
    }

    fn found(&mut self, problem: ChainProblem) {
        self.report.problem_count = self.report.problem_count.saturating_add(1);
        if self.report.problems.len() < LISTED {
            self.report.problems.push(problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use latchkey_licensing::time::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn row(number: u8) -> AuditRow {
        AuditRow {
            id: AuditId::new(Timestamp::from_unix_micros(i64::from(number) * 1_000_000), [number; 10]),
            at: Timestamp::from_unix_micros(i64::from(number)),
            actor_kind: "admin".to_owned(),
            actor_id: Some("x".to_owned()),
            network: None,
            verb: "license.revoked".to_owned(),
            subject_kind: "license".to_owned(),
            subject_id: number.to_string(),
            detail: "{}".to_owned(),
        }
    }

    fn vault() -> Vault {
        Vault::new(&[1; 32])
    }

    fn chain(length: u8) -> Vec<ChainedAudit> {
        let mut head = AuditHead { position: 0, mac: [0; 32] };
        let mut entries = Vec::new();
        for number in 1..=length {
            let row = row(number);
            let link = next_link(&vault(), head, &row);
            head = AuditHead { position: link.position, mac: link.mac };
            entries.push(ChainedAudit { link, row: Some(row) });
        }
        entries
    }

    fn end(entries: &[ChainedAudit]) -> AuditHead {
        entries.last().map_or(AuditHead { position: 0, mac: [0; 32] }, |last| AuditHead {
            position: last.link.position,
            mac: last.link.mac,
        })
    }

    fn check(entries: &[ChainedAudit], head: AuditHead, kept: Option<ChainHead>) -> Vec<ChainProblem> {
        let vault = vault();
        let mut check = ChainCheck::new(&vault, kept);
        for entry in entries {
            check.add(entry);
        }
        check.finish(head, Vec::new()).problems
    }

    #[test]
    fn an_untouched_chain_has_no_problems() {
        for length in [0, 1, 9] {
            let entries = chain(length);
            let head = end(&entries);
            assert_eq!(check(&entries, head, Some(head.into())), []);
        }
        let entries = chain(9);
        assert_eq!(check(&entries, end(&entries), Some(end(&entries[..4]).into())), []);
    }

    #[test]
    fn each_field_is_authenticated() {
        let changes: [fn(&mut AuditRow); 9] = [
            |row| row.id = AuditId::new(row.at, [99; 10]),
            |row| row.at = Timestamp::from_unix_micros(99),
            |row| row.actor_kind = "host".to_owned(),
            |row| row.actor_id = None,
            |row| row.network = Some(String::new()),
            |row| row.verb = "license.renewed".to_owned(),
            |row| row.subject_kind = "account".to_owned(),
            |row| row.subject_id = "9".to_owned(),
            |row| row.detail = "{\"a\":1}".to_owned(),
        ];
        for change in changes {
            let mut entries = chain(5);
            change(entries[2].row.as_mut().expect("a row"));
            let problems = check(&entries, end(&entries), None);
            assert_eq!(problems, [ChainProblem::Changed { position: 3, row: entries[2].link.audit_id }]);
        }
        // Text that moves from one field to the next changes the code.
        let (mut left, mut right) = (row(1), row(1));
        (left.subject_kind, left.subject_id) = ("ab".to_owned(), "c".to_owned());
        (right.subject_kind, right.subject_id) = ("a".to_owned(), "bc".to_owned());
        assert_ne!(mac(&vault(), 1, &[0; 32], &left), mac(&vault(), 1, &[0; 32], &right));
        assert_ne!(mac(&vault(), 1, &[0; 32], &left), mac(&Vault::new(&[2; 32]), 1, &[0; 32], &left));
    }

    #[test]
    fn deletions_are_found() {
        let entries = chain(6);
        let head = end(&entries);
        let without = |range: std::ops::Range<usize>| [&entries[..range.start], &entries[range.end..]].concat();
        assert_eq!(check(&without(2..4), head, None), [ChainProblem::EntriesDeleted { first: 3, last: 4 }]);
        assert_eq!(check(&without(0..1), head, None), [ChainProblem::EntriesDeleted { first: 1, last: 1 }]);
        assert_eq!(check(&without(4..6), head, None), [ChainProblem::WrongEnd { expected: 6, found: 4 }]);
        let mut hollow = entries.clone();
        hollow[3].row = None;
        let row = entries[3].link.audit_id;
        assert_eq!(check(&hollow, head, None), [ChainProblem::RowDeleted { position: 4, row }]);
        // The end was cut off and the stored end adapted: only a head that was kept elsewhere shows it.
        let short = &entries[..4];
        assert_eq!(check(short, end(short), None), []);
        assert_eq!(check(short, end(short), Some(head.into())), [ChainProblem::HeadNotFound { position: 6 }]);
    }

    #[test]
    fn swapped_rows_are_found() {
        let mut entries = chain(6);
        let (left, right) = (entries[1].row.clone(), entries[4].row.clone());
        (entries[1].row, entries[4].row) = (right, left);
        let changed = |at: usize| ChainProblem::Changed { position: at as u64 + 1, row: entries[at].link.audit_id };
        assert_eq!(check(&entries, end(&entries), None), [changed(1), changed(4)]);
    }

    /// Someone cuts off the end, lets the server continue, and later puts entries of the old end back.
    #[test]
    fn entries_of_another_history_are_found() {
        let old = chain(6);
        let mut new = old[..2].to_vec();
        for number in 7..=10 {
            let row = row(number);
            new.push(ChainedAudit { link: next_link(&vault(), end(&new), &row), row: Some(row) });
        }
        assert_eq!(check(&new, end(&new), None), []);
        let mixed = [&new[..4], &old[4..]].concat();
        let seam = ChainProblem::Changed { position: 5, row: old[4].link.audit_id };
        assert_eq!(check(&mixed, end(&old), None), [seam]);
    }

    #[test]
    fn many_problems_are_counted_and_some_are_listed() {
        let vault = vault();
        let mut check = ChainCheck::new(&vault, None);
        for mut entry in chain(250) {
            entry.row = None;
            check.add(&entry);
        }
        let report = check.finish(end(&chain(250)), Vec::new());
        assert_eq!((report.problems.len(), report.problem_count, report.entries), (100, 250, 250));
    }

    proptest! {
        #[test]
        fn heads_survive_text(position: u64, mac: [u8; 32]) {
            let head = ChainHead { position, mac };
            prop_assert_eq!(head.to_string().parse(), Ok(head));
        }

        #[test]
        fn other_texts_are_refused(text in "[0-9a-f:+ -]{0,80}") {
            if let Ok(head) = text.parse::<ChainHead>() {
                prop_assert_eq!(head.to_string().split_once(':').map(|(_, mac)| mac.len()), Some(64));
                prop_assert!(!text.contains('+'));
            }
        }
    }
}
