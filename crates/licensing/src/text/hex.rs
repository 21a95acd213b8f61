//! Hexadecimal text.

/// Encodes bytes as lower-case hex digits.
pub fn encode(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// Decodes exactly `N` bytes from hex digits in either case. `None` for any other text.
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let is_whole = base16ct::mixed::decode(text, &mut bytes).is_ok_and(|read| read.len() == N);
    is_whole.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_reads_back_and_nothing_else_is_read() {
        let bytes: [u8; 4] = [0x00, 0x1f, 0xa0, 0xff];
        assert_eq!(encode(&bytes), "001fa0ff");
        assert_eq!((decode("001fa0ff"), decode("001FA0fF")), (Some(bytes), Some(bytes)));
        for other in
            ["", "001fa0f", "001fa0", "001fa0ff00", "+0+1+a+f", "001fa0fg", " 01fa0ff", "0x1fa0ff", "001fa0f\u{e9}"]
        {
            assert_eq!(decode::<4>(other), None, "{other:?}");
        }
    }
}
