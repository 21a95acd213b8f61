//! `license export | import`

use std::{
    fmt,
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    sync::mpsc,
};

use latchkey_service::{AdminError, LicenseRow, Operator, Service};
use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::{cli::Format, console, startup::Failure};

/// The columns of a CSV file, in their order.
const COLUMNS: [&str; 14] = [
    "id",
    "email",
    "policy",
    "key",
    "status",
    "expires_at",
    "max_machines",
    "max_cores",
    "max_uses",
    "uses",
    "metadata",
    "entitlements",
    "created_at",
    "last_check_in_at",
];

/// How many rows the reader may be ahead of the database.
const AHEAD: usize = 1_000;

pub(super) async fn export(service: &Service, output: Option<PathBuf>, format: Format) -> Result<(), Failure> {
    let admin = service.admin(Operator::Host);
    let Some(path) = output else {
        // Not the lock: it may not be held across pages.
        let count = write(&admin, std::io::stdout(), format).await?;
        console::error(&format!("{count} licenses written."));
        return Ok(());
    };
    // Beside the place where it is to be, so that a file there is replaced as a whole or not at all.
    let beside = path.with_extension("part");
    let broken = |error: std::io::Error| Failure::Refused(format!("{} cannot be written: {error}", path.display()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&beside).map_err(broken)?;
    let result = write(&admin, BufWriter::new(file), format).await;
    let count = match result {
        Ok(count) => count,
        Err(failure) => {
            let _ = fs::remove_file(&beside);
            return Err(failure);
        }
    };
    fs::rename(&beside, &path).map_err(broken)?;
    console::error(&format!("{count} licenses written to {}.", path.display()));
    Ok(())
}

async fn write(admin: &latchkey_service::Admin<'_>, out: impl Write + Send, format: Format) -> Result<u64, Failure> {
    let broken = |error: &dyn fmt::Display| AdminError::Invalid(format!("the export cannot be written: {error}"));
    match format {
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(COLUMNS).map_err(|error| broken(&error))?;
            let count =
                admin.export_licenses(|row| writer.write_record(cells(&row)).map_err(|error| broken(&error))).await?;
            writer.flush().map_err(|error| broken(&error))?;
            Ok(count)
        }
        Format::Json => {
            let mut out = out;
            let mut is_first = true;
            out.write_all(b"[").map_err(|error| broken(&error))?;
            let count = admin
                .export_licenses(|row| {
                    let text = serde_json::to_string(&row).map_err(|error| broken(&error))?;
                    let comma = if std::mem::take(&mut is_first) { "\n" } else { ",\n" };
                    write!(out, "{comma}{text}").map_err(|error| broken(&error))
                })
                .await?;
            out.write_all(b"\n]\n").and_then(|()| out.flush()).map_err(|error| broken(&error))?;
            Ok(count)
        }
    }
}

fn cells(row: &LicenseRow) -> [String; 14] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let number = |number: Option<u32>| number.map_or_else(String::new, |number| number.to_string());
    let metadata = row.metadata.as_ref().filter(|metadata| !metadata.is_empty());
    let cells = [
        text(&row.id),
        row.email.clone(),
        row.policy.clone(),
        text(&row.key),
        text(&row.status),
        text(&row.expires_at),
        number(row.max_machines),
        number(row.max_cores),
        number(row.max_uses),
        number(row.uses),
        metadata.map_or_else(String::new, |metadata| Value::Object(metadata.clone()).to_string()),
        row.entitlements.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" "),
        text(&row.created_at),
        text(&row.last_check_in_at),
    ];
    cells.map(|cell| if begins_formula(&cell) { format!("'{cell}") } else { cell })
}

/// Whether a spreadsheet would take a cell for a formula (WH-23).
fn begins_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

type Row = (u64, Result<LicenseRow, String>);

pub(super) async fn import(
    service: &Service,
    path: &Path,
    format: Option<Format>,
    is_partial: bool,
    as_json: bool,
) -> Result<(), Failure> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let format = match (format, ending) {
        (Some(format), _) => format,
        (None, "csv") => Format::Csv,
        (None, "json") => Format::Json,
        _ => return Err(Failure::Usage(format!("{}: is it csv or json? Add --format", path.display()))),
    };
    let file =
        File::open(path).map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", path.display())))?;
    // The file is read by a thread of its own, a little ahead, so that it need not fit into memory.
    let (send, receive) = mpsc::sync_channel::<Row>(AHEAD);
    let reader = std::thread::spawn(move || match format {
        Format::Csv => read_csv(file, &send),
        Format::Json => read_json(BufReader::new(file), &send),
    });
    let report = service.admin(Operator::Host).import_licenses(receive.into_iter(), is_partial).await?;
    if reader.join().is_err() {
        return Err(Failure::Refused(format!("{} could not be read to its end", path.display())));
    }
    if as_json {
        console::json(&report);
    } else {
        for refusal in &report.refusals {
            console::error(&format!("{}:{}: {}", path.display(), refusal.line, refusal.why));
        }
        console::line(&format!("{} rows, {} licenses made, {} refused.", report.rows, report.imported, report.refused));
    }
    match (report.refused, is_partial) {
        (0, _) => Ok(()),
        (refused, true) => Err(Failure::Refused(format!("{refused} rows were refused; the others are in"))),
        (refused, false) => Err(Failure::Refused(format!(
            "{refused} rows were refused, so none was taken: mend them, or add --partial"
        ))),
    }
}

fn read_csv(file: File, send: &mpsc::SyncSender<Row>) {
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(file);
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => {
            let _ = send.send((1, Err(error.to_string())));
            return;
        }
    };
    if let Some(unknown) = headers.iter().find(|name| !COLUMNS.contains(name)) {
        let why = format!("there is no column `{unknown}`: there are {}", COLUMNS.join(", "));
        let _ = send.send((1, Err(why)));
        return;
    }
    for record in reader.into_records() {
        let row = match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                (line, from_cells(headers.iter().zip(record.iter())))
            }
            Err(error) => (error.position().map_or(0, csv::Position::line), Err(error.to_string())),
        };
        // Nobody listens any more: the import has failed.
        if send.send(row).is_err() {
            return;
        }
    }
}

fn from_cells<'c>(cells: impl Iterator<Item = (&'c str, &'c str)>) -> Result<LicenseRow, String> {
    let mut row = LicenseRow::default();
    for (name, cell) in cells {
        let cell = cell.strip_prefix('\'').filter(|rest| begins_formula(rest)).unwrap_or(cell).trim();
        if cell.is_empty() {
            continue;
        }
        let number = || cell.parse().map(Some).map_err(|_| format!("{name}: `{cell}` is no number"));
        match name {
            "id" => row.id = Some(cell.to_owned()),
            "email" => cell.clone_into(&mut row.email),
            "policy" => cell.clone_into(&mut row.policy),
            "key" => row.key = Some(cell.to_owned()),
            "status" => row.status = Some(cell.to_owned()),
            "expires_at" => row.expires_at = Some(cell.to_owned()),
            "max_machines" => row.max_machines = number()?,
            "max_cores" => row.max_cores = number()?,
            "max_uses" => row.max_uses = number()?,
            "uses" => row.uses = number()?,
            "metadata" => {
                let object: Map<String, Value> =
                    serde_json::from_str(cell).map_err(|error| format!("metadata: no JSON object: {error}"))?;
                row.metadata = Some(object);
            }
            "entitlements" => row.entitlements = Some(cell.split_whitespace().map(str::to_owned).collect()),
            "last_check_in_at" => row.last_check_in_at = Some(cell.to_owned()),
            "created_at" => row.created_at = Some(cell.to_owned()),
            _ => {}
        }
    }
    Ok(row)
}

/// Reads an array of objects one by one; a row is counted from 1.
fn read_json(file: impl BufRead, send: &mpsc::SyncSender<Row>) {
    let mut deserializer = serde_json::Deserializer::from_reader(file);
    let mut seen = 0;
    let read = (Rows { send, seen: &mut seen }).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if let Err(error) = read {
        let _ = send.send((seen + 1, Err(format!("not an array of licenses: {error}"))));
    }
}

struct Rows<'a> {
    send: &'a mpsc::SyncSender<Row>,
    seen: &'a mut u64,
}

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of licenses")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        // First as any object, so that one wrong row does not end the reading.
        while let Some(value) = rows.next_element::<Value>()? {
            *self.seen += 1;
            let row = serde_path_to_error::deserialize(value).map_err(|error| error.to_string());
            if self.send.send((*self.seen, row)).is_err() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WH-23: what a spreadsheet would run is written so that it does not, and reads back.
    #[test]
    fn wh_23_formulas_are_neutralised() {
        for text in ["=1+1", "+1", "-1", "@x", "\tx"] {
            let row = LicenseRow { email: text.to_owned(), ..LicenseRow::default() };
            let written = cells(&row);
            assert!(written[1].starts_with('\''), "{text}");
            let back = from_cells(COLUMNS.into_iter().zip(written.iter().map(String::as_str))).expect("reads");
            assert_eq!(back.email, text.trim());
        }
        assert_eq!(
            cells(&LicenseRow { email: "ada@example.com".to_owned(), ..LicenseRow::default() })[1],
            "ada@example.com"
        );
    }
}
