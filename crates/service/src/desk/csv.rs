//! Comma-separated values (RFC 4180) for spreadsheets.

use latchkey_licensing::time::Timestamp;

/// The byte order mark, without which some spreadsheets do not read UTF-8.
pub(crate) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A cell of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text, which people may have written.
    Text(String),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// An instant.
    Time(Timestamp),
}

impl Cell {
    /// A text. Nothing if there is none.
    pub(crate) fn text(text: Option<&str>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(text.to_owned()))
    }

    /// An instant. Nothing if there is none.
    pub(crate) fn time(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Empty, Self::Time)
    }

    /// The cell as it is shown.
    pub fn show(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Time(at) => at.rfc3339(),
        }
    }

    /// The cell in a file.
    fn spell(&self) -> String {
        match self {
            Self::Text(text) => quote(&neutralize(text)),
            other => other.show(),
        }
    }
}

/// A line of a file, with its end.
pub(crate) fn line(cells: &[Cell]) -> String {
    let cells: Vec<String> = cells.iter().map(Cell::spell).collect();
    format!("{}\r\n", cells.join(","))
}

/// Makes a spreadsheet show a text that it would otherwise compute (WH-23). Some split lines at semicolons, whatever the file
/// uses, so what follows one may begin a cell as well.
fn neutralize(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 1);
    let mut may_begin = true;
    for letter in text.chars() {
        if may_begin && "=+-@＝＋－＠\t\r\n".contains(letter) {
            safe.push('\'');
        }
        safe.push(letter);
        may_begin = matches!(letter, ';' | '\t' | '\r' | '\n');
    }
    safe
}

fn quote(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        Cell::Text(text.to_owned()).spell()
    }

    #[test]
    fn wh_23_no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert!(text(formula).trim_start_matches('"').starts_with('\''), "{formula:?}");
        }
        assert_eq!(text("=HYPERLINK(\"x\",\"y\")"), "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"");
        assert_eq!(text("x;=1+1"), "x;'=1+1");
        assert_eq!(text("x\n=1"), "\"x\n'=1\"");
        assert!(text("＝1").starts_with('\''));
        assert_eq!(text("1=1; 2"), "1=1; 2");
        // Numbers are not texts.
        assert_eq!(Cell::Number(-5).spell(), "-5");
    }

    #[test]
    fn cells_are_quoted_where_necessary() {
        let at = Timestamp::from_unix_micros(1_795_435_200_000_000);
        let cells = [text("a,b"), text("say \"x\""), text("a\nb"), Cell::Time(at).spell(), Cell::Flag(true).spell()];
        assert_eq!(cells, ["\"a,b\"", "\"say \"\"x\"\"\"", "\"a\nb\"", "2026-11-23T12:00:00.000Z", "true"]);
        assert_eq!(line(&[Cell::Empty, Cell::Number(3)]), ",3\r\n");
    }
}
