//! Recovery codes, each of which replaces a passkey once (SU-06). They are shown when they are created, and stored only as
//! hashes.

use latchkey_licensing::{alphabet, time::Timestamp};
use latchkey_store::Tx;
use zeroize::Zeroizing;

use crate::{
    audit::event::AccountEvent,
    error::Internal,
    identity::{
        actors::{Customer, is_recent},
        passkeys::ceremony::PasskeyError,
    },
    operation::vault::plain_hash,
};

/// How many codes an account has.
const CODES: usize = 10;

/// The number of letters of a code, which has 120 random bits.
const LETTERS: usize = 24;

/// The number of letters that are shown together.
const GROUP: usize = 4;

/// A recovery code.
#[derive(Clone)]
pub struct RecoveryCode(Zeroizing<String>);

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

impl RecoveryCode {
    fn new(random: [u8; LETTERS]) -> Self {
        Self(Zeroizing::new(random.iter().map(|byte| alphabet::letter(*byte)).collect()))
    }

    /// Parses a code as people type it: in any case, with spaces and dashes anywhere.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > 128 {
            return None;
        }
        let values: Option<Vec<u8>> =
            text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').map(alphabet::value).collect();
        let values: [u8; LETTERS] = values?.try_into().ok()?;
        Some(Self::new(values))
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        plain_hash(self.0.as_bytes())
    }

    /// The code as it is shown, in groups of four letters. It is a secret.
    pub fn spelled(&self) -> String {
        let letters: Vec<char> = self.0.chars().collect();
        letters.chunks(GROUP).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    }
}

impl Customer<'_> {
    /// Replaces the account's recovery codes. Needs a recent second factor.
    pub async fn replace_recovery_codes(&self) -> Result<Vec<RecoveryCode>, PasskeyError> {
        let now = self.service().now();
        if !self.who().second_factor_at.is_some_and(|at| is_recent(at, now)) {
            return Err(PasskeyError::NotFresh);
        }
        let mut tx = self.service().store().write().await?;
        tx.lock_account(self.who().account.id).await?;
        let codes = self.create_recovery_codes(&mut tx, now).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// Creates the account's recovery codes. Earlier ones are deleted.
    pub(crate) async fn create_recovery_codes(
        &self,
        tx: &mut Tx,
        now: Timestamp,
    ) -> Result<Vec<RecoveryCode>, Internal> {
        let account = self.who().account.id;
        let mut codes = Vec::with_capacity(CODES);
        for _ in 0..CODES {
            codes.push(RecoveryCode::new(self.service().random()?));
        }
        let hashes: Vec<[u8; 32]> = codes.iter().map(RecoveryCode::hash).collect();
        tx.delete_recovery_codes_of(account).await?;
        tx.insert_recovery_codes(account, &hashes, now).await?;
        self.service().record(tx, now, self.cause(), AccountEvent::RecoveryCodesCreated.of(account)).await?;
        Ok(codes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn su_06_codes_have_120_bits_and_are_read_as_typed() {
        let code = RecoveryCode::new(std::array::from_fn(|at| u8::try_from(at).expect("small")));
        assert_eq!(code.spelled().len(), LETTERS + LETTERS / GROUP - 1);
        for typed in [code.spelled(), code.spelled().to_lowercase(), code.spelled().replace('-', " ")] {
            assert_eq!(RecoveryCode::parse(&typed).map(|read| read.hash()), Some(code.hash()), "{typed}");
        }
        for bad in ["", "ABCD", &code.spelled()[1..], &"U".repeat(LETTERS)] {
            assert!(RecoveryCode::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(format!("{code:?}"), "RecoveryCode(..)");
    }
}
