//! The state of the instance in words, on the page and as a report.

use std::fmt::Write as _;

use latchkey_licensing::{hex, time::Timestamp};
use latchkey_service::{Check, Diagnostics, Health, KeyState, QueueState, WorkerFailure};

use crate::{
    admin::{
        model::{
            diagnostics::{DiagnosticsContent, Guide},
            lists::{Cell, Column, LinkTo, Row, Table},
            object_view::{Notice, Section, SectionBody},
            objects::Fact,
        },
        present::{catalog::overview::number, objects::fact},
    },
    portal::present::when,
    routes::{AdminPage, DiagnosticsActName},
    server_side::host::HostFacts,
    shared::model::{Status, Tone},
};

/// What the page is made of.
pub(crate) struct Known<'a> {
    pub(crate) state: &'a Diagnostics,
    pub(crate) host: &'a HostFacts,
    /// The checks that were made, those of the state first.
    pub(crate) checks: &'a [Check],
    /// Whether these are all checks.
    pub(crate) is_all: bool,
}

pub(crate) fn page(known: &Known<'_>) -> DiagnosticsContent {
    let path = AdminPage::Diagnostics.path();
    let sections = sections(known);
    let facts = facts(known);
    let report = report(known, &facts, &sections);
    DiagnosticsContent {
        toast: None,
        all_checks: (!known.is_all).then(|| LinkTo::new("Run all checks", format!("{path}?checks=all"))),
        test_mail: LinkTo::new("Send a test mail", AdminPage::DiagnosticsAct(DiagnosticsActName::TestMail).path()),
        notices: notices(known.checks),
        facts,
        sections,
        guides: guides(),
        report,
    }
}

fn notices(checks: &[Check]) -> Vec<Notice> {
    let shown = checks.iter().filter(|check| check.health != Health::Ok);
    let notice = |check: &Check| Notice {
        tone: if check.health == Health::Problem { Tone::Bad } else { Tone::Warn },
        text: format!("{}: {} {}", sentence(check.name), check.found, check.remedy.as_deref().unwrap_or_default()),
        link: None,
    };
    shown.map(notice).collect()
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `12.3 MiB`.
fn size(bytes: i64) -> String {
    let kib = bytes.max(0) / 1024;
    if kib < 1024 {
        return format!("{kib} KiB");
    }
    let mib = kib.saturating_mul(10) / 1024;
    let gib = mib / 1024;
    if mib < 10_240 { format!("{}.{} MiB", mib / 10, mib % 10) } else { format!("{}.{} GiB", gib / 10, gib % 10) }
}

fn facts(known: &Known<'_>) -> Vec<Fact> {
    let Known { state, host, .. } = known;
    let text = |text: String| Cell::Text(text);
    let clock = match state.clock_offset() {
        None => "This computer's".to_owned(),
        Some(offset) => format!("Differs by {}.{:03} s", offset.as_secs(), offset.subsec_millis()),
    };
    let seen = match state.api_versions.as_slice() {
        [] => "No events yet".to_owned(),
        versions => {
            let names = versions.iter().map(|(version, _)| version.as_deref().unwrap_or("of the account"));
            names.collect::<Vec<_>>().join(", ")
        }
    };
    vec![
        fact("Version", text(host.version.to_owned())),
        fact("Runs on", text(host.platform.clone())),
        fact("Database", text(format!("{} {}", state.database_kind, state.database.version))),
        fact("Database size", text(size(state.database.size_bytes))),
        fact("Migration", text(format!("{} of {}", state.database.migration, state.last_migration))),
        fact("Database clock", text(clock)),
        fact("Stripe", text(host.payment_key.unwrap_or("No key, so nothing is sold").to_owned())),
        fact("Stripe API expected", text(host.api_version.to_owned())),
        fact("Stripe API seen", text(seen)),
        fact(
            "Audit log ends with",
            Cell::Copyable { text: state.audit_head.to_string(), what: "end of the audit log".to_owned() },
        ),
    ]
}

fn status(word: &str, tone: Tone) -> Cell {
    Cell::Status(Status { word: word.to_owned(), tone, notice: None })
}

fn row(id: impl Into<String>, href: String, cells: Vec<Cell>) -> Row {
    Row { id: id.into(), href, cells }
}

fn section(title: &str, columns: &[&str], rows: Vec<Row>, all: Option<LinkTo>) -> Section {
    let columns = columns.iter().map(|label| Column::new(label)).collect();
    let body = SectionBody::Table(Table { caption: title.to_owned(), columns, rows });
    Section { title: title.to_owned(), body, all }
}

fn sections(known: &Known<'_>) -> Vec<Section> {
    let state = known.state;
    let checks = known.checks.iter().map(|check| {
        let health = match check.health {
            Health::Ok => status("Good", Tone::Good),
            Health::Note => status("Look at it", Tone::Warn),
            Health::Problem => status("Problem", Tone::Bad),
        };
        let found = match &check.remedy {
            Some(remedy) => format!("{} {remedy}", check.found),
            None => check.found.clone(),
        };
        let id = format!("check-{}", check.name.replace(' ', "-"));
        row(id, String::new(), vec![Cell::Text(sentence(check.name)), health, Cell::Text(found)])
    });
    let mails = AdminPage::Mails.path();
    let events = AdminPage::Events.path();
    let queues = [
        queue("Mails", mails, state.queues.mails, state.now),
        queue("Stripe events", events, state.queues.events, state.now),
        queue("Audit log, to be sealed", AdminPage::Audit.path(), state.queues.audits, state.now),
    ];
    let workers = state.workers.iter().map(|worker| {
        let failed = match worker.failed {
            None => Cell::Empty,
            Some((at, why)) => {
                let why = match why {
                    WorkerFailure::Database => "the database was not available",
                    WorkerFailure::Other => "the log says why",
                };
                Cell::Text(format!("{}: {why}", when(at, state.now).exact))
            }
        };
        let ran = worker.ran_at.map_or_else(|| Cell::Text("Not in this process".to_owned()), |at| time(at, state.now));
        let title = worker.worker.title();
        row(
            format!("worker-{}", title.replace(' ', "-")),
            String::new(),
            vec![Cell::Text(title.to_owned()), ran, failed],
        )
    });
    vec![
        section("Checks", &["Check", "State", "Found"], checks.collect(), None),
        section("Queues", &["Queue", "Waiting", "Oldest since", "Given up"], queues.to_vec(), None),
        section("Workers of this process", &["Worker", "Last run", "Last failure"], workers.collect(), None),
        keys(state),
        settings(known.host),
    ]
}

fn time(at: Timestamp, now: Timestamp) -> Cell {
    Cell::Time(when(at, now))
}

fn queue(title: &str, href: String, queue: QueueState, now: Timestamp) -> Row {
    row(
        format!("queue-{}", title.replace([' ', ','], "-")),
        href,
        vec![
            Cell::Text(title.to_owned()),
            Cell::Number(number(queue.waiting)),
            queue.oldest.map_or(Cell::Empty, |at| time(at, now)),
            Cell::Number(number(queue.failed)),
        ],
    )
}

fn keys(state: &Diagnostics) -> Section {
    let rows = state.keys.iter().map(|key| {
        let state_of = match key.state {
            KeyState::Signing => status("Signs", Tone::Good),
            KeyState::Verifying => status("Verifies", Tone::Good),
            KeyState::Waiting => status("Waits", Tone::Warn),
            KeyState::Retired => status("Retired", Tone::Warn),
        };
        row(
            key.id.to_string(),
            String::new(),
            vec![
                Cell::Code(hex::encode(key.public_key.as_bytes()).chars().take(16).collect()),
                state_of,
                time(key.created_at, state.now),
                key.activated_at.map_or(Cell::Empty, |at| time(at, state.now)),
                key.files_until.map_or(Cell::Empty, |at| time(at, state.now)),
            ],
        )
    });
    section(
        "Signing keys",
        &["Public key begins with", "State", "Created", "Signs since", "Files valid until"],
        rows.collect(),
        None,
    )
}

fn settings(host: &HostFacts) -> Section {
    let rows = host.settings.iter().map(|setting| {
        row(
            format!("setting-{}", setting.key),
            String::new(),
            vec![
                Cell::Code(setting.key.to_owned()),
                if setting.value.is_empty() { Cell::Empty } else { Cell::Text(setting.value.clone()) },
                Cell::Text(setting.source.clone()),
            ],
        )
    });
    section("Settings in force", &["Setting", "Value", "From"], rows.collect(), None)
}

fn guides() -> Vec<Guide> {
    let guide = |title: &str, steps: &[&str], commands: &[&str]| Guide {
        title: title.to_owned(),
        steps: steps.iter().map(|step| (*step).to_owned()).collect(),
        commands: commands.iter().map(|command| (*command).to_owned()).collect(),
    };
    vec![
        guide(
            "Rotate the signing key",
            &[
                "On the host, rotate the key. The new one signs from then on, and the old one still verifies.",
                "Release a version of your apps that contains both public keys.",
                "When all customers have it and no file of the old key is valid any more, retire the old key.",
            ],
            &["latchkey keys rotate", "latchkey keys public", "latchkey keys list", "latchkey keys retire ID"],
        ),
        guide(
            "Verify the audit log",
            &[
                "Keep the end of the chain outside the database from time to time. The server also writes it to its log every hour.",
                "To check that no row was changed, deleted or moved, verify the log against an end that you kept.",
            ],
            &["latchkey audit head", "latchkey audit verify --head HEAD"],
        ),
    ]
}

/// Everything on the page as plain text.
fn report(known: &Known<'_>, facts: &[Fact], sections: &[Section]) -> String {
    let mut text = format!("Latchkey support report, {}\n", known.state.now.rfc3339());
    for fact in facts {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}: {}", fact.label, plain(&fact.value));
    }
    for section in sections {
        let _ = write!(text, "\n{}\n", section.title);
        let SectionBody::Table(table) = &section.body else { continue };
        for row in &table.rows {
            let cells: Vec<String> = row.cells.iter().map(plain).collect();
            let _ = writeln!(text, "  {}", cells.join(" | "));
        }
    }
    text
}

fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) | Cell::Code(text) | Cell::Number(text) | Cell::Copyable { text, .. } => text.clone(),
        Cell::Time(when) => when.iso.clone(),
        Cell::Status(status) => status.word.clone(),
        Cell::Link(link) => link.label.clone(),
        Cell::Empty => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_rounded() {
        assert_eq!(size(0), "0 KiB");
        assert_eq!(size(700 * 1024), "700 KiB");
        assert_eq!(size(1_572_864), "1.5 MiB");
        assert_eq!(size(5 * 1024 * 1024 * 1024), "5.0 GiB");
    }
}
