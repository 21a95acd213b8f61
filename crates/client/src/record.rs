//! What an app remembers between its starts: a few lines of JSON in a storage of its choice.
//!
//! The record is the person's to read and to change. Nothing in it grants anything: what does is the
//! signed file inside, which is verified at every look. What the record holds against the person (the
//! clock's mark, the server's "no") lasts as long as the record: who deletes or edits it takes that away,
//! and the file's own end stays.

use std::fmt;

use serde::{Deserialize, Serialize};

use latchkey_licensing::time::Timestamp;

/// The version of the record's form.
const VERSION: u32 = 1;

/// What an app remembers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The version of this form.
    pub version: u32,
    /// The license key as the person entered it. It is a bearer credential: storages keep it private.
    pub key: Option<String>,
    /// The last machine file or license file.
    pub file: Option<String>,
    /// The latest time that the server signed: the clock is not behind it.
    pub latest_signed: Option<Timestamp>,
    /// What the server said against the license, signed.
    pub verdict: Option<Verdict>,
    /// Files that were made no later are history: this computer was freed, or the license refused.
    pub files_after: Option<Timestamp>,
}

/// The key opens the license and so does the file: `Debug`, which logs use, shows neither.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("latest_signed", &self.latest_signed)
            .field("verdict", &self.verdict)
            .field("files_after", &self.files_after)
            .finish_non_exhaustive()
    }
}

/// A signed "no".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The code, such as `SUSPENDED`.
    pub code: String,
    /// In words.
    pub detail: String,
    /// When the server said it.
    pub at: Timestamp,
}

/// The text is no record, or one of a later version of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It cannot be read.
    #[error("what was remembered of the license cannot be read: enter the key again")]
    Unreadable,
    /// A later version of the app wrote it.
    #[error("a later version of this app wrote what is remembered of the license: use that one")]
    Later,
}

impl Default for Record {
    fn default() -> Self {
        Self { version: VERSION, key: None, file: None, latest_signed: None, verdict: None, files_after: None }
    }
}

impl Record {
    /// Reads a record. Nothing remembered is an empty one.
    pub fn read(text: Option<&str>) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let Some(text) = text else {
            return Ok(Self::default());
        };
        // The version alone first: of the rest a later one may have made anything.
        let Version { version } = serde_json::from_str(text).map_err(|_| RecordError::Unreadable)?;
        if version > VERSION {
            return Err(RecordError::Later);
        }
        serde_json::from_str(text).map_err(|_| RecordError::Unreadable)
    }

    /// The record as text.
    pub fn to_text(&self) -> String {
        // Strings and numbers always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// An empty record that keeps what outlasts a license: the clock's mark, and which files are history.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self { latest_signed: self.latest_signed, files_after: self.files_after, ..Self::default() }
    }

    /// Notes that files made no later than `at` are history.
    pub fn end_files(&mut self, at: Timestamp) {
        self.files_after = Some(self.files_after.map_or(at, |before| before.max(at)));
    }

    /// Whether a file made at `issued_at` is history.
    pub fn is_history(&self, issued_at: Timestamp) -> bool {
        self.files_after.is_some_and(|after| issued_at <= after)
    }

    /// Notes a time that the server signed. The mark only moves forward.
    pub fn note_signed_time(&mut self, at: Timestamp) {
        self.latest_signed = Some(self.latest_signed.map_or(at, |latest| latest.max(at)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back() {
        let mut record = Record { key: Some("CGPT".to_owned()), ..Record::default() };
        record.note_signed_time(Timestamp::from_unix_micros(5));
        record.note_signed_time(Timestamp::from_unix_micros(3));
        assert_eq!(record.latest_signed, Some(Timestamp::from_unix_micros(5)));
        assert_eq!(Record::read(Some(&record.to_text())), Ok(record));
        assert_eq!(Record::read(None), Ok(Record::default()));
        assert_eq!(Record::read(Some("{")), Err(RecordError::Unreadable));
        assert_eq!(Record::read(Some(r#"{"version":2,"key":{"of":"another form"}}"#)), Err(RecordError::Later));
        // What an earlier version wrote, before it knew of history.
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
    fn history_outlasts_the_license() {
        let at = Timestamp::from_unix_micros;
        let mut record = Record { key: Some("CGPT".to_owned()), ..Record::default() };
        record.end_files(at(5));
        record.end_files(at(3));
        let record = record.emptied();
        assert_eq!((record.key.as_ref(), record.is_history(at(5)), record.is_history(at(6))), (None, true, false));
    }
}
