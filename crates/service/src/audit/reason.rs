//! Why a person did something. The audit log keeps it with the event.

use latchkey_licensing::text::in_line;
use serde::{Deserialize, Serialize};

/// The longest note of a reason, in letters.
pub const MAX_REASON_NOTE: usize = 500;

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $word:literal, $title:literal;)+) => {
        /// The usual reasons.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum ReasonCode { $($(#[$doc])* #[serde(rename = $word)] $code,)+ }

        impl ReasonCode {
            /// All reasons.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// The word in the audit log and in forms.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $word),+ }
            }

            /// The words shown to people.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$code => $title),+ }
            }

            /// Parses the word. `None` for any other text.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == text)
            }
        }
    };
}

codes! {
    /// The customer asked for it.
    CustomerRequest = "customer_request", "The customer asked for it";
    /// It solves a problem that the customer reported.
    SupportCase = "support_case", "To solve a support case";
    /// The payment was returned, disputed or not made.
    Payment = "payment", "Problem with the payment";
    /// The license was shared, resold or used against its terms.
    Abuse = "abuse", "Abuse or a shared key";
    /// The key or the account is in the wrong hands.
    Compromised = "compromised", "Key or account in the wrong hands";
    /// Goodwill.
    Goodwill = "goodwill", "Goodwill";
    /// An earlier act was wrong.
    Mistake = "mistake", "To correct a mistake";
    /// It was taken back right after it was done.
    Undo = "undo", "Undone";
    /// Something else, which the note says.
    Other = "other", "Another reason";
}

/// Why a person did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// One of the usual reasons.
    pub code: ReasonCode,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Why a reason is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReason {
    /// The note is too long.
    #[error("use at most {MAX_REASON_NOTE} letters")]
    NoteTooLong,
    /// The code says nothing by itself.
    #[error("say which reason")]
    NoteNeeded,
    /// The audit log is never changed, so it must not contain what may have to be erased.
    #[error("leave out e-mail addresses, because the audit log cannot be erased")]
    NoteHasAddress,
}

impl Reason {
    /// A reason with a note, which may be empty.
    pub fn new(code: ReasonCode, note: &str) -> Result<Self, InvalidReason> {
        let text = in_line(note);
        let text = text.trim();
        if text.chars().count() > MAX_REASON_NOTE {
            return Err(InvalidReason::NoteTooLong);
        }
        if text.is_empty() && code == ReasonCode::Other {
            return Err(InvalidReason::NoteNeeded);
        }
        if text.split_whitespace().any(has_address) {
            return Err(InvalidReason::NoteHasAddress);
        }
        Ok(Self { code, note: Some(text.to_owned()).filter(|text| !text.is_empty()) })
    }
}

/// Whether a word contains an e-mail address.
fn has_address(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something_and_names_nobody() {
        let new = Reason::new;
        let plain = Reason { code: ReasonCode::Abuse, note: None };
        assert_eq!(new(ReasonCode::Abuse, " \n "), Ok(plain));
        assert_eq!(new(ReasonCode::Other, "a\nb\0 ").map(|reason| reason.note), Ok(Some("a b".to_owned())));
        assert_eq!(new(ReasonCode::Other, "  "), Err(InvalidReason::NoteNeeded));
        assert_eq!(new(ReasonCode::Abuse, "see ada@example.com"), Err(InvalidReason::NoteHasAddress));
        assert!(new(ReasonCode::Abuse, "3 @ 5, @ada, ada@home").is_ok());
        assert!(new(ReasonCode::Abuse, &"ü".repeat(MAX_REASON_NOTE)).is_ok());
        assert_eq!(new(ReasonCode::Abuse, &"ü".repeat(MAX_REASON_NOTE + 1)), Err(InvalidReason::NoteTooLong));
    }

    #[test]
    fn stored_words_are_parsed_back() {
        for code in ReasonCode::ALL {
            assert_eq!(ReasonCode::parse(code.as_str()), Some(*code));
        }
        assert_eq!(ReasonCode::parse("because"), None);
    }
}
