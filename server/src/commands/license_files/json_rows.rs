//! Licenses as a JSON array, read one by one, each with the line on which it begins.

use std::{
    cell::Cell,
    fmt,
    io::{BufRead, BufReader, Read},
};

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde_json::Value;

use crate::commands::license_files::{FileItem, MARK};

/// Hands every row to `take`, until it says that it wants no more.
pub(super) fn read(file: impl Read, mut take: impl FnMut(FileItem) -> bool) {
    let lines = Cell::new(1);
    let mut file = BufReader::new(file);
    if file.fill_buf().is_ok_and(|start| start.starts_with(MARK)) {
        file.consume(MARK.len());
    }
    let mut deserializer = serde_json::Deserializer::from_reader(Counted { file, lines: &lines });
    let rows = Rows { take: &mut take, lines: &lines };
    let read =
        rows.deserialize(&mut deserializer).and_then(|goes_on| if goes_on { deserializer.end() } else { Ok(()) });
    if let Err(error) = read {
        let line = if error.line() > 0 { error.line() as u64 } else { lines.get() };
        take(FileItem::Broken { line, why: format!("not an array of licenses: {error}") });
    }
}

/// Counts the lines that have begun. The deserializer reads byte by byte and looks no further ahead than
/// the byte that it decides by.
struct Counted<'l, R> {
    file: R,
    lines: &'l Cell<u64>,
}

impl<R: BufRead> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let one = buffer.len().min(1);
        let read = self.file.read(buffer.get_mut(..one).unwrap_or_default())?;
        let ended = buffer.iter().take(read).filter(|byte| **byte == b'\n').count() as u64;
        self.lines.set(self.lines.get() + ended);
        Ok(read)
    }
}

struct Rows<'a, F> {
    take: &'a mut F,
    lines: &'a Cell<u64>,
}

impl<'de, F: FnMut(FileItem) -> bool> DeserializeSeed<'de> for Rows<'_, F> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(FileItem) -> bool> Visitor<'de> for Rows<'_, F> {
    /// Whether more is wanted.
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of licenses")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<bool, A::Error> {
        // First as any value, so that one wrong row does not end the reading.
        while let Some((line, value)) = rows.next_element_seed(Placed(self.lines))? {
            let row = serde_path_to_error::deserialize(value).map_err(|error| error.to_string());
            if !(self.take)(FileItem::Row { line, row }) {
                // The rest is not read: it would have to be, to go on behind it.
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A value, with the line on which it begins.
struct Placed<'l>(&'l Cell<u64>);

impl<'de> DeserializeSeed<'de> for Placed<'_> {
    type Value = (u64, Value);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(u64, Value), D::Error> {
        // The first byte of the value has been looked at, and nothing behind it.
        let line = self.0.get();
        let value = <Value as serde::Deserialize>::deserialize(deserializer).map_err(D::Error::custom)?;
        Ok((line, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Vec<(u64, bool, String)> {
        let mut items = Vec::new();
        read(text.as_bytes(), |item| {
            items.push(match item {
                FileItem::Row { line, row } => (line, row.is_ok(), row.map_or_else(|why| why, |row| row.email)),
                FileItem::Broken { line, why } => (line, false, format!("broken: {why}")),
            });
            true
        });
        items
    }

    #[test]
    fn rows_have_their_lines() {
        let text = "[\n  {\"email\": \"a\",\n   \"policy\": \"p\"},\n\n  {\"email\": 5}, {\"email\":\n\"b\"}\n]\n";
        for text in [text.to_owned(), format!("\u{feff}{text}"), text.replace('\n', "\r\n")] {
            let found = items(&text);
            let places: Vec<_> = found.iter().map(|(line, is_good, _)| (*line, *is_good)).collect();
            assert_eq!(places, [(2, true), (5, false), (5, true)], "{found:?}");
            assert!(found[1].2.starts_with("email:"), "{found:?}");
        }
    }

    #[test]
    fn files_without_an_array_are_broken() {
        for (text, line) in [("{}", 1), ("[] []", 1), ("[\n{\"email\":", 2), ("[\n{},\n]", 3), ("[{}\n{}]", 2), ("", 1)]
        {
            let found = items(text);
            let (at, _, why) = found.last().expect("something");
            assert!(why.starts_with("broken: not an array of licenses"), "{text}: {why}");
            assert_eq!(*at, line, "{text}: {why}");
        }
    }
}
