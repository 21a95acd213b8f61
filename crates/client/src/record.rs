//! The record: what an app stores between runs, as a little JSON in a storage of the app's choice.
//!
//! Users can read and change the record. Only the signed file in it grants access, and that is verified on
//! every use. Entries that restrict access (the latest signed time, the server's refusal) can be removed by
//! deleting or editing the record, but the file's own expiry remains.

use std::fmt;

use serde::{Deserialize, Serialize};

use latchkey_licensing::time::Timestamp;

/// The version of the record's format.
const VERSION: u32 = 1;

/// What an app stores between runs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The version of the format.
    pub version: u32,
    /// The license key. It is a bearer credential, so the storage must keep it private.
    pub key: Option<String>,
    /// The latest machine or license file.
    pub file: Option<String>,
    /// The latest time signed by the server. The current time is never taken to be earlier.
    pub latest_signed: Option<Timestamp>,
    /// The server's signed refusal of the license, if it is in force.
    pub verdict: Option<Verdict>,
    /// Files issued at or before this time are superseded, because this computer was deactivated or the license
    /// refused.
    pub files_after: Option<Timestamp>,
}

/// The license key and the file are credentials, so `Debug`, which logs use, hides them.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("latest_signed", &self.latest_signed)
            .field("verdict", &self.verdict)
            .field("files_after", &self.files_after)
            .finish_non_exhaustive()
    }
}

/// A signed refusal of the license.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The server's code, such as `SUSPENDED`.
    pub code: String,
    /// The server's description, to follow "the license".
    pub detail: String,
    /// The server's time of the refusal.
    pub at: Timestamp,
}

/// Why a record cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The text is not a valid record.
    #[error("the stored license cannot be read: enter the key again")]
    Unreadable,
    /// The record was written by a later version of the app.
    #[error("the stored license was written by a later version of this app: use that version")]
    Later,
}

impl Default for Record {
    fn default() -> Self {
        Self { version: VERSION, key: None, file: None, latest_signed: None, verdict: None, files_after: None }
    }
}

impl Record {
    /// Parses a record. `None` gives an empty one.
    pub fn read(text: Option<&str>) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let Some(text) = text else {
            return Ok(Self::default());
        };
        // The version comes first, because later versions may have changed everything else.
        let Version { version } = serde_json::from_str(text).map_err(|_| RecordError::Unreadable)?;
        if version > VERSION {
            return Err(RecordError::Later);
        }
        serde_json::from_str(text).map_err(|_| RecordError::Unreadable)
    }

    /// The record as text, for storage.
    pub fn to_text(&self) -> String {
        // Strings and numbers always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// A record without key, file and refusal. It keeps the latest signed time and which files are superseded.
    #[must_use]
    pub fn cleared(&self) -> Self {
        Self { latest_signed: self.latest_signed, files_after: self.files_after, ..Self::default() }
    }

    /// Marks files issued at or before `at` as superseded.
    pub fn supersede_files(&mut self, at: Timestamp) {
        self.files_after = Some(self.files_after.map_or(at, |before| before.max(at)));
    }

    /// Whether a file issued at `issued_at` is superseded.
    pub fn is_superseded(&self, issued_at: Timestamp) -> bool {
        self.files_after.is_some_and(|after| issued_at <= after)
    }

    /// Records a time signed by the server. The latest signed time never moves back.
    pub fn note_signed_time(&mut self, at: Timestamp) {
        self.latest_signed = Some(self.latest_signed.map_or(at, |latest| latest.max(at)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_round_trips() {
        let mut record = Record { key: Some("CGPT".to_owned()), ..Record::default() };
        record.note_signed_time(Timestamp::from_unix_micros(5));
        record.note_signed_time(Timestamp::from_unix_micros(3));
        assert_eq!(record.latest_signed, Some(Timestamp::from_unix_micros(5)));
        assert_eq!(Record::read(Some(&record.to_text())), Ok(record));
        assert_eq!(Record::read(None), Ok(Record::default()));
        assert_eq!(Record::read(Some("{")), Err(RecordError::Unreadable));
        assert_eq!(Record::read(Some(r#"{"version":2,"key":{"of":"another form"}}"#)), Err(RecordError::Later));
        // Written by an earlier version, without `files_after`.
        let earlier = r#"{"version":1,"key":"CGPT","file":null,"latest_signed":null,"verdict":null}"#;
        assert_eq!(Record::read(Some(earlier)).map(|record| record.key), Ok(Some("CGPT".to_owned())));
    }

    #[test]
    fn debug_shows_no_key() {
        let record =
            Record { key: Some("CGPT-1".to_owned()), file: Some("-----BEGIN".to_owned()), ..Record::default() };
        let shown = format!("{record:?}");
        assert!(!shown.contains("CGPT") && !shown.contains("BEGIN"), "{shown}");
    }

    #[test]
    fn superseded_files_are_remembered_without_the_license() {
        let at = Timestamp::from_unix_micros;
        let mut record = Record { key: Some("CGPT".to_owned()), ..Record::default() };
        record.supersede_files(at(5));
        record.supersede_files(at(3));
        let record = record.cleared();
        assert_eq!(
            (record.key.as_ref(), record.is_superseded(at(5)), record.is_superseded(at(6))),
            (None, true, false)
        );
    }
}
