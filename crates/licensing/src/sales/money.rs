//! Amounts of money: integers in the smallest unit of a currency, as Stripe counts them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency code, such as `USD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Currency([u8; 3]);

/// The text is not a currency code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three letters, such as USD")]
pub struct InvalidCurrency;

/// Currencies without a minor unit at Stripe (<https://docs.stripe.com/currencies>). ISK and UGX have none either, but
/// Stripe counts them in hundredths.
const ZERO_DECIMAL: [&str; 15] =
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"];

/// Currencies with three decimal places.
const THREE_DECIMAL: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

/// The currencies that have a symbol which readers recognize. Others are written with their code.
const SYMBOLS: [(&str, &str); 4] = [("EUR", "€"), ("GBP", "£"), ("JPY", "¥"), ("USD", "$")];

impl Currency {
    /// Three letters in upper case.
    pub fn as_str(&self) -> &str {
        // The constructor accepts only ASCII letters.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The number of decimal places in which amounts are written.
    pub fn decimals(self) -> usize {
        let code = self.as_str();
        if ZERO_DECIMAL.contains(&code) {
            0
        } else if THREE_DECIMAL.contains(&code) {
            3
        } else {
            2
        }
    }
}

impl FromStr for Currency {
    type Err = InvalidCurrency;

    /// Accepts either case, because Stripe writes codes in lower case.
    fn from_str(text: &str) -> Result<Self, InvalidCurrency> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| InvalidCurrency)?;
        if code.iter().all(u8::is_ascii_alphabetic) {
            Ok(Self(code.map(|b| b.to_ascii_uppercase())))
        } else {
            Err(InvalidCurrency)
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = InvalidCurrency;

    fn try_from(text: String) -> Result<Self, InvalidCurrency> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount of money. It is negative only as a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The amount in the currency's smallest unit, such as cents.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// An amount in the smallest unit of a currency.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// As programs read it, such as `1049.00`.
    pub fn decimal(&self) -> String {
        let (whole, fraction) = self.digits();
        let sign = if self.minor < 0 { "-" } else { "" };
        if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }

    /// The digits before and after the decimal point.
    fn digits(&self) -> (String, String) {
        let decimals = self.currency.decimals();
        let mut whole = format!("{:0>width$}", self.minor.unsigned_abs(), width = decimals + 1);
        let fraction = whole.split_off(whole.len() - decimals);
        (whole, fraction)
    }
}

/// As people read it, such as `$1,049.00`, `¥4,900` or `CHF 49.00`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = self.digits();
        if self.minor < 0 {
            f.write_str("-")?;
        }
        match SYMBOLS.iter().find(|(code, _)| *code == self.currency.as_str()) {
            Some((_, symbol)) => f.write_str(symbol)?,
            None => write!(f, "{} ", self.currency)?,
        }
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        if fraction.is_empty() { Ok(()) } else { write!(f, ".{fraction}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(minor: i64, currency: &str) -> String {
        Money::new(minor, currency.parse().expect("a currency")).to_string()
    }

    #[test]
    fn amounts_are_written_with_the_decimals_of_their_currency() {
        assert_eq!(shown(4_900, "usd"), "$49.00");
        assert_eq!(shown(104_905, "EUR"), "€1,049.05");
        assert_eq!(shown(4_900, "jpy"), "¥4,900");
        let decimal = |minor, currency: &str| Money::new(minor, currency.parse().expect("a currency")).decimal();
        assert_eq!(decimal(104_905, "EUR"), "1049.05");
        assert_eq!(decimal(-5, "USD"), "-0.05");
        assert_eq!(decimal(4_900, "JPY"), "4900");
        assert_eq!(shown(12_345, "KWD"), "KWD 12.345");
        assert_eq!(shown(5, "CHF"), "CHF 0.05");
        assert_eq!(shown(0, "JPY"), "¥0");
        assert_eq!(shown(-250, "GBP"), "-£2.50");
        assert_eq!(shown(i64::MIN, "USD"), "-$92,233,720,368,547,758.08");
    }

    #[test]
    fn a_currency_is_three_letters_in_either_case() {
        assert_eq!("usd".parse::<Currency>(), "USD".parse());
        for bad in ["", "US", "USDT", "U$D", "ÜS"] {
            assert_eq!(bad.parse::<Currency>(), Err(InvalidCurrency), "{bad}");
        }
    }
}
