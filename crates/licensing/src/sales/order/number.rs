//! The numbers by which people refer to orders.

use crate::{alphabet, ids::OrderId};

/// The number by which people refer to an order.
pub fn number(id: OrderId) -> String {
    let bits = id.uuid().as_u128();
    // Eight letters of five bits each.
    let letter = |at: u32| alphabet::letter(u8::try_from((bits >> (5 * at)) & 31).unwrap_or_default());
    let text: String = (0..8).rev().map(letter).collect();
    let (start, end) = text.split_at(4);
    format!("{start}-{end}")
}

/// The last five bytes of the id of the order with a number, as [`number`] gives it, in any case, with or without its dash.
/// `None` if the text is no number.
pub fn number_bytes(text: &str) -> Option<[u8; 5]> {
    let values: Option<Vec<u8>> =
        text.trim().chars().filter(|letter| !matches!(letter, '-' | ' ')).map(alphabet::value).collect();
    let values = values.filter(|values| values.len() == 8)?;
    let bits = values.iter().fold(0_u64, |bits, value| (bits << 5) | u64::from(*value));
    let [_, _, _, bytes @ ..] = bits.to_be_bytes();
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn the_number_is_eight_letters() {
        let id = OrderId::new(Timestamp::from_unix_micros(0), [0xff; 10]);
        let number = number(id);
        assert_eq!(number.len(), 9, "{number}");
        assert_ne!(number, super::number(OrderId::new(Timestamp::from_unix_micros(0), [1; 10])));
    }

    #[test]
    fn a_number_is_part_of_the_id() {
        let id = OrderId::new(Timestamp::from_unix_micros(0), [1, 2, 3, 4, 5, 6, 77, 133, 210, 255]);
        let bytes = number_bytes(&number(id)).expect("a number");
        assert_eq!(bytes, id.uuid().as_bytes()[11..]);
        let typed = number(id).to_lowercase().replace('-', " ");
        assert_eq!(number_bytes(&format!(" {typed} ")), Some(bytes));
        assert_eq!((number_bytes("7F3K"), number_bytes("7F3K-9QXU"), number_bytes("7F3K-9QXMM")), (None, None, None));
    }
}
