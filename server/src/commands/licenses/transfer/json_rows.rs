//! Licenses as a JSON array. They are read one by one, each with the number of the line on which it starts.

use std::{
    cell::Cell,
    fmt,
    io::{BufRead, BufReader, Read},
};

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde_json::Value;

use crate::commands::licenses::transfer::{BYTE_ORDER_MARK, FileItem};

/// Passes each row to `take` until that returns false.
pub(crate) fn read(file: impl Read, mut take: impl FnMut(FileItem) -> bool) {
    let progress = Progress { line: Cell::new(1), left: Cell::new(MAX_ROW) };
    let mut file = BufReader::new(file);
    if file.fill_buf().is_ok_and(|start| start.starts_with(BYTE_ORDER_MARK)) {
        file.consume(BYTE_ORDER_MARK.len());
    }
    let mut deserializer = serde_json::Deserializer::from_reader(Counter { file, progress: &progress });
    let rows = Rows { take: &mut take, progress: &progress };
    let read =
        rows.deserialize(&mut deserializer).and_then(|wants_more| if wants_more { deserializer.end() } else { Ok(()) });
    if let Err(error) = read {
        let line = if error.line() > 0 { error.line() as u64 } else { progress.line.get() };
        take(FileItem::Broken { line, why: format!("not an array of licenses: {error}") });
    }
}

/// The longest row that is accepted, in bytes. It is longer than any license.
const MAX_ROW: usize = 64 * 1024;

/// How far a file has been read.
struct Progress {
    /// The number of lines that have started.
    line: Cell<u64>,
    /// How many bytes the current row may still have.
    left: Cell<usize>,
}

/// Counts lines, and ends rows that are too long. The deserializer reads byte by byte, and never further than the byte that it
/// needs for its decision.
struct Counter<'p, R> {
    file: R,
    progress: &'p Progress,
}

impl<R: BufRead> Read for Counter<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let Some(left) = self.progress.left.get().checked_sub(1) else {
            return Err(std::io::Error::other(format!("a row is longer than {} KiB", MAX_ROW / 1024)));
        };
        self.progress.left.set(left);
        let one = buffer.len().min(1);
        let read = self.file.read(buffer.get_mut(..one).unwrap_or_default())?;
        let ended = buffer.iter().take(read).filter(|byte| **byte == b'\n').count() as u64;
        self.progress.line.set(self.progress.line.get() + ended);
        Ok(read)
    }
}

struct Rows<'a, F> {
    take: &'a mut F,
    progress: &'a Progress,
}

impl<'de, F: FnMut(FileItem) -> bool> DeserializeSeed<'de> for Rows<'_, F> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(FileItem) -> bool> Visitor<'de> for Rows<'_, F> {
    /// Whether `take` wants more rows.
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of licenses")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<bool, A::Error> {
        // Parsed as any value first, so that reading continues after an invalid row.
        while let Some((line, value)) = rows.next_element_seed(Row(self.progress))? {
            let row = serde_path_to_error::deserialize(value).map_err(|error| error.to_string());
            if !(self.take)(FileItem::Row { line, row }) {
                // The rest of the file is not read.
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Parses a value, with the number of the line on which it starts.
struct Row<'p>(&'p Progress);

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = (u64, Value);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(u64, Value), D::Error> {
        // Only the first byte of the value has been read.
        let line = self.0.line.get();
        self.0.left.set(MAX_ROW);
        let value = <Value as serde::Deserialize>::deserialize(deserializer).map_err(D::Error::custom)?;
        self.0.left.set(MAX_ROW);
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
    fn rows_have_the_numbers_of_their_first_lines() {
        let text = "[\n  {\"email\": \"a\",\n   \"policy\": \"p\"},\n\n  {\"email\": 5}, {\"email\":\n\"b\"}\n]\n";
        for text in [text.to_owned(), format!("\u{feff}{text}"), text.replace('\n', "\r\n")] {
            let found = items(&text);
            let places: Vec<_> = found.iter().map(|(line, is_valid, _)| (*line, *is_valid)).collect();
            assert_eq!(places, [(2, true), (5, false), (5, true)], "{found:?}");
            assert!(found[1].2.starts_with("email:"), "{found:?}");
        }
    }

    #[test]
    fn long_rows_end_the_reading() {
        let row = |length: usize| format!("{{\"email\": \"{}\"}}", "x".repeat(length));
        let found = items(&format!("[{}, {}]", row(60_000), row(60_000)));
        assert_eq!(found.len(), 2, "each row has its own limit");
        let found = items(&format!("[{}, {}", row(10), row(100_000)));
        let (_, _, why) = found.last().expect("something");
        assert!(found.len() == 2 && why.contains("longer than 64 KiB"), "{why}");
    }

    #[test]
    fn files_without_an_array_are_rejected() {
        for (text, line) in [("{}", 1), ("[] []", 1), ("[\n{\"email\":", 2), ("[\n{},\n]", 3), ("[{}\n{}]", 2), ("", 1)]
        {
            let found = items(text);
            let (at, _, why) = found.last().expect("something");
            assert!(why.starts_with("broken: not an array of licenses"), "{text}: {why}");
            assert_eq!(*at, line, "{text}: {why}");
        }
    }
}
