//! The 32-character alphabet of keys and codes: digits and capitals without I, L, O and U.
//!
//! This is Crockford's base 32. Letters that people misread are left out but accepted as input: I and L
//! are read as 1, O as 0. U is rejected, so that keys do not spell obscenities by accident.

const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The letter for a value. Only the low five bits are used.
pub fn letter(value: u8) -> char {
    LETTERS.get(usize::from(value & 31)).map_or('0', |letter| char::from(*letter))
}

/// The value of a letter in either case. `None` if it is not in the alphabet.
pub fn value(letter: char) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    let position = LETTERS.iter().position(|candidate| char::from(*candidate) == letter)?;
    u8::try_from(position).ok()
}

/// The check value of at most 31 letters: a Reed-Solomon symbol over GF(32).
///
/// It detects every single wrong letter and every swap of two different letters, because each position
/// has its own multiplier.
pub fn check(values: &[u8]) -> u8 {
    let mut sum = 0;
    let mut multiplier = 1;
    for value in values {
        multiplier = multiply(multiplier, 2);
        sum ^= multiply(*value & 31, multiplier);
    }
    sum
}

/// Multiplication in GF(32) with the primitive polynomial x^5 + x^2 + 1.
fn multiply(mut left: u8, mut right: u8) -> u8 {
    let mut product = 0;
    while right > 0 {
        if right & 1 == 1 {
            product ^= left;
        }
        left <<= 1;
        if left & 32 != 0 {
            left ^= 0b10_0101;
        }
        right >>= 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_letter_round_trips() {
        for v in 0..32 {
            assert_eq!(value(letter(v)), Some(v));
            assert_eq!(value(letter(v).to_ascii_lowercase()), Some(v));
        }
        assert_eq!((value('l'), value('O'), value('u'), value('-')), (Some(1), Some(0), None, None));
    }

    proptest! {
        #[test]
        fn one_wrong_letter_is_detected(text in prop::collection::vec(0u8..32, 1..28), at: prop::sample::Index, other in 1u8..32) {
            let mut wrong = text.clone();
            wrong[at.index(text.len())] ^= other;
            prop_assert_ne!(check(&text), check(&wrong));
        }

        #[test]
        fn a_swap_is_detected(text in prop::collection::vec(0u8..32, 2..28), a: prop::sample::Index, b: prop::sample::Index) {
            let (a, b) = (a.index(text.len()), b.index(text.len()));
            prop_assume!(text[a] != text[b]);
            let mut swapped = text.clone();
            swapped.swap(a, b);
            prop_assert_ne!(check(&text), check(&swapped));
        }
    }
}
