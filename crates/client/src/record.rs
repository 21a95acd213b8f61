//! What an app remembers between its starts: a few lines of JSON in a storage of its choice.
//!
//! The record is the person's to read and to change, so nothing is believed because it stands here:
//! what counts is the signed file inside, which is verified at every look. Deleting the record forgets
//! the clock's mark and the license with it.

use serde::{Deserialize, Serialize};

use latchkey_licensing::time::Timestamp;

/// The version of the record's form.
const VERSION: u32 = 1;

/// What an app remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        Self { version: VERSION, key: None, file: None, latest_signed: None, verdict: None }
    }
}

impl Record {
    /// Reads a record. Nothing remembered is an empty one.
    pub fn read(text: Option<&str>) -> Result<Self, RecordError> {
        let Some(text) = text else {
            return Ok(Self::default());
        };
        let record: Self = serde_json::from_str(text).map_err(|_| RecordError::Unreadable)?;
        if record.version > VERSION { Err(RecordError::Later) } else { Ok(record) }
    }

    /// The record as text.
    pub fn to_text(&self) -> String {
        // Strings and numbers always serialize.
        serde_json::to_string(self).unwrap_or_default()
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
        let later = Record { version: 2, ..Record::default() };
        assert_eq!(Record::read(Some(&later.to_text())), Err(RecordError::Later));
    }
}
