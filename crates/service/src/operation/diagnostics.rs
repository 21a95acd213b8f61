//! The state of the instance, for the people who run it.

pub(crate) mod check;
pub(crate) mod test_mail;
pub(crate) mod workers;

use std::time::Duration;

use latchkey_licensing::time::Timestamp;
use latchkey_store::{DatabaseFacts, QueueState, QueueStates};

use crate::{
    audit::chain::ChainHead,
    error::Internal,
    identity::actors::Admin,
    operation::diagnostics::{check::Check, workers::WorkerState},
    service::keyring::SigningKeyInfo,
};

/// Among how many of the newest events the versions of the provider's API are looked for.
const EVENTS: i64 = 200;

/// The state of the instance. It contains no secrets and no data of customers.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    /// The time of this process's clock.
    pub now: Timestamp,
    /// `SQLite` or `PostgreSQL`.
    pub database_kind: &'static str,
    /// Facts about the database.
    pub database: DatabaseFacts,
    /// The number of the last migration that this program knows.
    pub last_migration: i64,
    /// What waits for a worker.
    pub queues: QueueStates,
    /// The versions of the provider's API in the newest events, and when each was last seen. `None` for events that name none.
    pub api_versions: Vec<(Option<String>, Timestamp)>,
    /// The signing keys, the oldest first.
    pub keys: Vec<SigningKeyInfo>,
    /// The end of the audit log's chain.
    pub audit_head: ChainHead,
    /// The workers of this process.
    pub workers: Vec<WorkerState>,
}

impl Admin<'_> {
    /// The state of the instance.
    pub async fn diagnostics(&self) -> Result<Diagnostics, Internal> {
        let service = self.service;
        let mut reader = service.store().read().await?;
        let database = reader.find_database_facts().await?;
        // Read after the database's clock, so that a difference is not the time that reading takes.
        let now = service.now();
        Ok(Diagnostics {
            now,
            database_kind: service.store().kind(),
            database,
            last_migration: service.store().last_migration(),
            queues: reader.find_queue_states().await?,
            api_versions: reader.list_api_versions(EVENTS).await?,
            keys: service.keyring().keys().to_vec(),
            audit_head: reader.get_audit_head().await?.into(),
            workers: service.0.workers.states(),
        })
    }
}

/// From how long a wait on, a queue is slower than it should be.
const SLOW: Duration = Duration::from_mins(10);

/// From how long a wait on, a row of the audit log should have its entry in the chain.
const UNSEALED: Duration = Duration::from_mins(1);

/// From which difference on, a clock should be corrected.
const NOTABLE_OFFSET: Duration = Duration::from_secs(2);

/// From which difference on, processes disagree about what has expired.
const HARMFUL_OFFSET: Duration = Duration::from_secs(30);

impl Diagnostics {
    /// What is as it should be, and what is not.
    pub fn checks(&self) -> Vec<Check> {
        let mut checks = vec![self.schema()];
        checks.extend(self.clock());
        checks.push(self.queue(
            "mail queue",
            self.queues.mails,
            "mails",
            "Check the mail server, and that `latchkey serve` is running.",
        ));
        checks.push(self.queue(
            "event queue",
            self.queues.events,
            "Stripe events",
            "Check that `latchkey serve` is running, and look at its log.",
        ));
        checks.push(self.audit());
        checks
    }

    fn schema(&self) -> Check {
        let (found, known) = (self.database.migration, self.last_migration);
        if found == known {
            Check::ok("database schema", format!("All {known} migrations are applied."))
        } else {
            Check::problem(
                "database schema",
                format!("The database is at migration {found}, this program at {known}."),
                "Run the same version of the program everywhere.",
            )
        }
    }

    /// How much the database's clock differs from this process's. `None` if the database has none of its own.
    pub fn clock_offset(&self) -> Option<Duration> {
        self.database.clock.map(|clock| if clock > self.now { clock.since(self.now) } else { self.now.since(clock) })
    }

    fn clock(&self) -> Option<Check> {
        let (name, remedy) = ("database clock", "Let both computers set their clocks by NTP.");
        let offset = self.clock_offset()?;
        let found = format!("It differs from this computer's by {}.{:03} s.", offset.as_secs(), offset.subsec_millis());
        Some(if offset >= HARMFUL_OFFSET {
            Check::problem(name, found, remedy)
        } else if offset >= NOTABLE_OFFSET {
            Check::note(name, found, remedy)
        } else {
            Check::ok(name, found)
        })
    }

    fn queue(&self, name: &'static str, queue: QueueState, what: &str, remedy: &str) -> Check {
        match queue.oldest.map(|oldest| self.now.since(oldest)) {
            Some(age) if age >= SLOW => {
                let found = format!("{} {what} wait, the oldest for {} minutes.", queue.waiting, age.as_secs() / 60);
                Check::problem(name, found, remedy)
            }
            Some(_) => Check::ok(name, format!("{} {what} wait, none of them for long.", queue.waiting)),
            None => Check::ok(name, format!("No {what} wait.")),
        }
    }

    fn audit(&self) -> Check {
        let name = "audit log";
        let waiting = self.queues.audits;
        match waiting.oldest.map(|oldest| self.now.since(oldest)) {
            Some(age) if age >= UNSEALED => Check::note(
                name,
                format!(
                    "{} rows have no entry in the chain, the oldest for {} minutes.",
                    waiting.waiting,
                    age.as_secs() / 60
                ),
                "Check that `latchkey serve` is running, and look at its log. Then run `latchkey audit verify`.",
            ),
            _ => Check::ok(name, "All its rows have an entry in the chain, or just got there."),
        }
    }
}
