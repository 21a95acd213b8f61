//! `license export | import`

mod csv_rows;
mod file_row;
mod json_rows;

use std::{
    fs::File,
    io::{self, BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::mpsc,
};

use latchkey_service::{
    Admin, ImportError, ImportItem, ImportReport, ImportTerms, Internal, Operator, RejectedRow, RowProblem, Service,
};
use serde_json::{Value, json};

use crate::{
    cli::Format,
    commands::{
        licenses::transfer::file_row::FileRow,
        terminal::confirmation::{Answer, confirm},
    },
    console,
    startup::Failure,
};

/// How many rows are read ahead of the database.
const READ_AHEAD: usize = 1_000;

/// The byte order mark with which some programs start UTF-8 files.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The most rejected rows that are listed in JSON.
const MAX_LISTED: usize = 100;

pub(crate) async fn export(
    service: &Service,
    output: Option<PathBuf>,
    format: Option<Format>,
    as_json: bool,
) -> Result<(), Failure> {
    let admin = service.admin(Operator::Host);
    let format = format.unwrap_or(if as_json { Format::Json } else { Format::Csv });
    let Some(path) = output else {
        // Not its lock, which cannot be held across awaits.
        return match write(&admin, io::stdout(), format).await {
            Ok(count) => {
                console::error(&format!("Exported {count} licenses."));
                Ok(())
            }
            // The reader closed the pipe.
            Err(ExportError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(error.into()),
        };
    };
    let broken = |error: io::Error| Failure::Refused(format!("{} cannot be written: {error}", path.display()));
    // A temporary file in the same folder: an existing file is replaced completely or not at all, and only
    // this user can read the keys in the new one.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(broken)?;
    let count = write(&admin, BufWriter::new(&mut temporary), format).await?;
    temporary.as_file().sync_all().map_err(broken)?;
    temporary.persist(&path).map_err(|error| broken(error.error))?;
    if as_json {
        console::json(&json!({ "licenses": count, "output": path.display().to_string() }));
    } else {
        console::error(&format!("Exported {count} licenses to {}.", path.display()));
    }
    Ok(())
}

/// Why an export failed.
#[derive(Debug)]
enum ExportError {
    Write(io::Error),
    Internal(Internal),
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl From<Internal> for ExportError {
    fn from(error: Internal) -> Self {
        Self::Internal(error)
    }
}

impl From<csv::Error> for ExportError {
    fn from(error: csv::Error) -> Self {
        Self::Write(match error.into_kind() {
            csv::ErrorKind::Io(error) => error,
            other => io::Error::other(format!("{other:?}")),
        })
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Write(error) => Self::Refused(format!("the export cannot be written: {error}")),
            ExportError::Internal(error) => Self::Internal(error),
        }
    }
}

async fn write(admin: &Admin<'_>, out: impl Write + Send, format: Format) -> Result<u64, ExportError> {
    match format {
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(csv_rows::COLUMNS)?;
            let write = |row| Ok::<_, ExportError>(writer.write_record(csv_rows::cells(&FileRow::of(row)))?);
            let count = admin.export_licenses(&Operator::Host.fresh(), write).await?;
            writer.flush()?;
            Ok(count)
        }
        Format::Json => {
            let mut out = out;
            let mut is_first = true;
            out.write_all(b"[")?;
            let count = admin
                .export_licenses(&Operator::Host.fresh(), |row| {
                    let text = serde_json::to_string(&FileRow::of(row)).map_err(io::Error::from)?;
                    let comma = if std::mem::take(&mut is_first) { "\n" } else { ",\n" };
                    Ok::<_, ExportError>(write!(out, "{comma}{text}")?)
                })
                .await?;
            out.write_all(b"\n]\n")?;
            out.flush()?;
            Ok(count)
        }
    }
}

pub(crate) async fn import(
    service: &Service,
    path: &Path,
    format: Option<Format>,
    terms: ImportTerms,
    as_json: bool,
) -> Result<(), Failure> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let format = match (format, extension) {
        (Some(format), _) => format,
        (None, "csv") => Format::Csv,
        (None, "json") => Format::Json,
        _ => {
            return Err(Failure::Usage(format!(
                "the format of {} is unknown: add --format csv or --format json",
                path.display()
            )));
        }
    };
    let mut listed = Vec::new();
    let mut report = read_in(service, path, format, terms, as_json, &mut listed).await?;
    if report.repeated > 0 && !terms.may_repeat {
        let question = format!(
            "{} of {} rows have no key, and their customers already have a license under the same policy. Import them as additional \
             licenses?",
            report.repeated, report.rows
        );
        if confirm(false, &question)? == Answer::No {
            return Err(Failure::Refused("not imported".to_owned()));
        }
        listed.clear();
        report =
            read_in(service, path, format, ImportTerms { may_repeat: true, ..terms }, as_json, &mut listed).await?;
    }
    let outcome = match (report.rejected, terms.is_partial) {
        (0, _) => None,
        (refused, true) => Some(format!("{refused} rows were rejected; the others were imported")),
        (refused, false) => {
            Some(format!("{refused} rows were rejected, so nothing was imported: correct them, or add --partial"))
        }
    };
    if as_json {
        let mut document = json!({
            "rows": report.rows,
            "imported": report.imported,
            "rejected": report.rejected,
            "rejected_rows": listed,
        });
        if let (Some(error), Some(document)) = (&outcome, document.as_object_mut()) {
            document.insert("error".to_owned(), Value::from(error.as_str()));
        }
        console::json(&document);
    } else {
        console::line(&format!(
            "{} rows, {} licenses imported, {} rows rejected.",
            report.rows, report.imported, report.rejected
        ));
    }
    outcome.map_or(Ok(()), |error| Err(Failure::PartlyDone(error)))
}

/// Imports the file once. Rejected rows are printed or, for JSON, listed.
async fn read_in(
    service: &Service,
    path: &Path,
    format: Format,
    terms: ImportTerms,
    as_json: bool,
    listed: &mut Vec<Value>,
) -> Result<ImportReport, Failure> {
    let report_refusal = |RejectedRow { line, why }: RejectedRow<String>| {
        let why = problem(why);
        if as_json {
            if listed.len() < MAX_LISTED {
                listed.push(json!({ "line": line, "why": why }));
            }
        } else {
            console::error(&format!("{}:{line}: {why}", path.display()));
        }
    };
    let admin = service.admin(Operator::Host);
    match admin.import_licenses(rows(path, format)?, terms, report_refusal).await {
        Ok(report) => Ok(report),
        Err(ImportError::Malformed { line, why }) => {
            Err(Failure::Refused(format!("{}:{line}: {why}; nothing was imported", path.display())))
        }
        Err(why @ (ImportError::CatalogChanged | ImportError::SigningKeysChanged)) => {
            Err(Failure::Refused(format!("{why}, so nothing was imported: import the file again")))
        }
        Err(ImportError::Internal(error)) => Err(Failure::Internal(error)),
    }
}

/// Describes what is wrong with a row, starting with the column.
fn problem(problem: RowProblem<String>) -> String {
    match problem {
        RowProblem::Unreadable(why) => why,
        RowProblem::PolicyNotFound(why) => format!("policy: {why}"),
        RowProblem::KeyOfOtherLicense(id) => format!("key: it is signed for the license {id}"),
        RowProblem::KeyOfOtherProduct => "key: it is signed for a different product than the policy's".to_owned(),
        RowProblem::KeyNotSigned(why) => format!("key: {why}"),
        RowProblem::EntitlementNotFound(code) => format!("entitlements: there is no entitlement `{code}`"),
        RowProblem::OutOfRange(why) => format!("{}: must be from {} to {}", why.field, why.min, why.max),
        RowProblem::Metadata(why) => format!("metadata: {why}"),
        RowProblem::LicenseExists(id) => format!("id: the license {id} already exists"),
        RowProblem::KeyTaken => "key: another license has this key".to_owned(),
    }
}

/// What reading a file produces.
#[expect(clippy::large_enum_variant, reason = "almost all are rows, and few exist at a time")]
enum FileItem {
    /// A row, or why it is invalid.
    Row { line: u64, row: Result<FileRow, String> },
    /// The file cannot be read beyond this line.
    Broken { line: u64, why: String },
}

impl From<FileItem> for ImportItem<String> {
    fn from(item: FileItem) -> Self {
        match item {
            FileItem::Row { line, row } => Self::Row { line, row: row.and_then(FileRow::read).map(Box::new) },
            FileItem::Broken { line, why } => Self::Malformed { line, why },
        }
    }
}

/// The rows of a file. A separate thread reads it, slightly ahead, so that the file need not fit in memory.
fn rows(path: &Path, format: Format) -> Result<impl Iterator<Item = ImportItem<String>> + Send + use<>, Failure> {
    let file =
        File::open(path).map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", path.display())))?;
    let (send, receive) = mpsc::sync_channel::<FileItem>(READ_AHEAD);
    std::thread::spawn(move || {
        // Sending fails after the import has failed.
        let take = |item| send.send(item).is_ok();
        match format {
            Format::Csv => csv_rows::read(file, take),
            Format::Json => json_rows::read(file, take),
        }
    });
    Ok(receive.into_iter().map(ImportItem::from))
}
