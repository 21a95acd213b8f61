//! The secret keys of Stripe's API (<https://docs.stripe.com/keys>).

use std::fmt;

use zeroize::Zeroizing;

/// The shortest key. Stripe's own are much longer.
const MIN_LENGTH: usize = 32;

/// Why a text is no key that a server can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// It is empty, or only white space.
    #[error("it is blank")]
    Blank,
    /// It contains white space, or other characters that no key has.
    #[error("it contains white space or other characters that no key has")]
    Malformed,
    /// It is a key that browsers use.
    #[error("it is a publishable key: use the restricted key")]
    Publishable,
    /// It has none of the beginnings of secret keys.
    #[error("it does not begin with rk_test_, rk_live_, sk_test_ or sk_live_")]
    OtherKind,
    /// It is too short.
    #[error("it has fewer than {MIN_LENGTH} characters")]
    Short,
}

/// A secret or restricted key.
#[derive(Clone)]
pub struct ApiKey {
    text: Zeroizing<String>,
    is_live: bool,
    is_restricted: bool,
}

impl ApiKey {
    /// Reads a key.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        if text.trim().is_empty() {
            return Err(InvalidKey::Blank);
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(InvalidKey::Malformed);
        }
        if text.starts_with("pk_") {
            return Err(InvalidKey::Publishable);
        }
        let kinds = [
            ("sk_test_", false, false),
            ("rk_test_", false, true),
            ("sk_live_", true, false),
            ("rk_live_", true, true),
        ];
        let (_, is_live, is_restricted) =
            kinds.into_iter().find(|(start, ..)| text.starts_with(start)).ok_or(InvalidKey::OtherKind)?;
        if text.len() < MIN_LENGTH {
            return Err(InvalidKey::Short);
        }
        Ok(Self { text: Zeroizing::new(text.to_owned()), is_live, is_restricted })
    }

    /// Whether it is for real money.
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// Whether it has only some permissions.
    pub fn is_restricted(&self) -> bool {
        self.is_restricted
    }

    /// The key, for the header of a request.
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").field("is_live", &self.is_live).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn st_01_only_secret_keys_of_full_length_are_keys() {
        let tail = "51H8vZQexample0000000000";
        for (start, is_live, is_restricted) in
            [("sk_test_", false, false), ("rk_test_", false, true), ("sk_live_", true, false), ("rk_live_", true, true)]
        {
            let key = ApiKey::parse(&format!("{start}{tail}")).expect("a key");
            assert_eq!((key.is_live(), key.is_restricted()), (is_live, is_restricted));
            assert_eq!(format!("{key:?}"), format!("ApiKey {{ is_live: {is_live}, .. }}"));
        }
        for (text, why) in [
            (String::new(), InvalidKey::Blank),
            (" \n".to_owned(), InvalidKey::Blank),
            (format!("sk_test_{tail} "), InvalidKey::Malformed),
            (format!("sk_test_{tail}\n"), InvalidKey::Malformed),
            (format!("sk_test_é{tail}"), InvalidKey::Malformed),
            (format!("pk_live_{tail}"), InvalidKey::Publishable),
            (format!("whsec_{tail}0123456789"), InvalidKey::OtherKind),
            (format!("SK_TEST_{tail}"), InvalidKey::OtherKind),
            ("sk_test_short".to_owned(), InvalidKey::Short),
        ] {
            assert_eq!(ApiKey::parse(&text).map(|_| ()), Err(why), "{text:?}");
        }
    }
}
