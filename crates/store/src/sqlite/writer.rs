//! SQLite's only writer, and the group commit that its callers share.
//!
//! Callers take turns in the order of their arrival. A caller that nobody waits behind commits alone. If
//! others are waiting, it leaves the transaction open for the next caller, whose work is a savepoint in that
//! transaction, and gets its response when the shared transaction is on disk. A group is committed by
//! whichever comes first: its last member, when nobody else is waiting; the member that fills it; or a
//! separate task, which queues behind the callers that were waiting when the group began and is not affected
//! by dropped futures.
//!
//! If anything fails on a connection other than a statement because of its own error, the connection is
//! closed: SQLite may have rolled back by itself. The whole group gets the error, and the next turn opens a
//! new connection.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    runtime::Handle,
    sync::{Mutex, OwnedMutexGuard, oneshot},
    time::{Instant, timeout, timeout_at},
};

use crate::{
    error::{Result, StoreError},
    sqlite::dialect,
    stats::Stats,
};

/// The savepoint of a turn in a group's transaction.
const SAVEPOINT: &str = "SAVEPOINT member";
/// The same after a member whose savepoint is still open: both in one round trip to the connection's thread.
const NEXT_SAVEPOINT: &str = "RELEASE member; SAVEPOINT member";
const RELEASE: &str = "RELEASE member";
const ROLLBACK_TO: &str = "ROLLBACK TO member";

/// The most transactions that share a commit, and the greatest age of a group while others wait.
const GROUP_MEMBERS: usize = 64;
const GROUP_AGE: Duration = Duration::from_millis(20);

/// How long a failed connection may take to close.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct Writer {
    options: SqliteConnectOptions,
    slot: Arc<Mutex<Slot>>,
    waiting: AtomicUsize,
    is_suspect: AtomicBool,
    runtime: Handle,
    stats: Arc<Stats>,
}

/// What one turn passes to the next.
#[derive(Debug, Default)]
struct Slot {
    /// `None` before the first turn, during a turn, and after a connection was closed.
    conn: Option<Link>,
    /// The finished members of the transaction that is open between turns.
    group: Option<Group>,
    groups: u64,
}

#[derive(Debug)]
struct Group {
    number: u64,
    began: Instant,
    /// Whether the savepoint of the last member is still open. The next one releases it, or the commit.
    has_open_savepoint: bool,
    members: Vec<oneshot::Sender<Result<()>>>,
}

/// A connection, and whether SQLite has rolled back on it since the last look.
#[derive(Debug)]
struct Link {
    conn: SqliteConnection,
    has_rolled_back: Arc<AtomicBool>,
}

impl Link {
    async fn execute(&mut self, sql: &'static str) -> sqlx::Result<()> {
        sqlx::query(sql).execute(&mut self.conn).await.map(drop)
    }
}

struct Place<'w>(&'w Writer);

impl<'w> Place<'w> {
    fn take(writer: &'w Writer) -> Self {
        writer.waiting.fetch_add(1, Ordering::SeqCst);
        Self(writer)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Writer {
    pub(crate) fn new(options: SqliteConnectOptions, runtime: Handle, stats: Arc<Stats>) -> Self {
        Self {
            options,
            slot: Arc::default(),
            waiting: AtomicUsize::new(0),
            is_suspect: AtomicBool::new(false),
            runtime,
            stats,
        }
    }

    /// Whether the last commit or statement failed so that its connection was closed.
    pub(crate) fn is_suspect(&self) -> bool {
        self.is_suspect.load(Ordering::SeqCst)
    }

    async fn connect(&self) -> sqlx::Result<Link> {
        let mut conn = self.options.connect().await?;
        let has_rolled_back = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&has_rolled_back);
        conn.lock_handle().await?.set_rollback_hook(move || flag.store(true, Ordering::SeqCst));
        Ok(Link { conn, has_rolled_back })
    }

    /// Opens the connection, to fail early if the database is unusable.
    pub(crate) async fn open(&self) -> Result<()> {
        let mut slot = self.slot.lock().await;
        if slot.conn.is_none() {
            slot.conn = Some(self.connect().await?);
        }
        Ok(())
    }

    /// Waits for a turn and begins its transaction.
    pub(crate) async fn begin(self: &Arc<Self>, deadline: Instant) -> Result<Turn> {
        let place = Place::take(self);
        let slot = timeout_at(deadline, Arc::clone(&self.slot).lock_owned()).await.map_err(|_| StoreError::Busy)?;
        drop(place);
        let mut turn = Turn {
            writer: Arc::clone(self),
            slot: Some(slot),
            link: None,
            failure: None,
            is_first: true,
            has_begun: false,
        };
        let mut is_fresh = false;
        loop {
            let begun = timeout_at(deadline, turn.begin(deadline, &mut is_fresh)).await;
            match begun {
                Ok(Ok(())) => return Ok(turn),
                Ok(Err(StoreError::Busy)) | Err(_) => return Err(StoreError::Busy),
                // A connection that failed earlier may report it only now, unlike a new one.
                Ok(Err(_)) if !is_fresh && turn.is_first => turn.link = None,
                Ok(Err(error)) => {
                    turn.failure = Some(error.clone());
                    return Err(error);
                }
            }
        }
    }

    /// Closes the connection, after what was handed to a group is on disk.
    pub(crate) async fn close(self: &Arc<Self>) {
        loop {
            let mut slot = Arc::clone(&self.slot).lock_owned().await;
            let Some(link) = slot.conn.take() else { return };
            if slot.group.is_some() {
                flush(Arc::clone(self), slot, link).await;
            } else {
                // There is nothing to be done about an error: what was acknowledged is on disk.
                let _ = timeout(CLOSE_PATIENCE, link.conn.close()).await;
                return;
            }
        }
    }
}

/// A caller's turn with the writer. If it is dropped, its work is rolled back before the next turn.
#[derive(Debug)]
pub(crate) struct Turn {
    writer: Arc<Writer>,
    slot: Option<OwnedMutexGuard<Slot>>,
    link: Option<Link>,
    /// Why the connection is unusable.
    failure: Option<StoreError>,
    /// Whether the turn has its own transaction rather than a savepoint in a group's.
    is_first: bool,
    /// Whether the transaction or savepoint is known to have begun.
    has_begun: bool,
}

impl Turn {
    pub(crate) fn conn(&mut self) -> Option<&mut SqliteConnection> {
        self.link.as_mut().map(|link| &mut link.conn)
    }

    /// Decides after a failed statement whether the connection is still usable.
    pub(crate) fn note(&mut self, error: &StoreError) {
        let has_rolled_back = self.link.as_ref().is_none_or(|link| link.has_rolled_back.load(Ordering::SeqCst));
        if has_rolled_back || error.breaks_connection() {
            self.failure = Some(error.clone());
        }
    }

    async fn begin(&mut self, deadline: Instant, is_fresh: &mut bool) -> Result<()> {
        let Some(slot) = self.slot.as_mut() else { return Err(gone()) };
        self.is_first = slot.group.is_none();
        if self.link.is_none() {
            self.link = slot.conn.take();
        }
        if self.link.is_none() {
            *is_fresh = true;
            self.link = Some(self.writer.connect().await?);
        }
        let Some(link) = self.link.as_mut() else { return Err(gone()) };
        if let Some(group) = slot.group.as_mut() {
            let sql = if group.has_open_savepoint { NEXT_SAVEPOINT } else { SAVEPOINT };
            link.execute(sql).await?;
            group.has_open_savepoint = false;
            self.has_begun = true;
            return Ok(());
        }
        // Another process may hold the lock for longer than one statement waits.
        loop {
            match link.execute(dialect::BEGIN).await.map_err(StoreError::from) {
                Err(StoreError::Busy) if Instant::now() < deadline => {}
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        self.has_begun = true;
        self.writer.stats.begins.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Commits the turn's work, together with that of others if they are waiting.
    pub(crate) async fn commit(mut self) -> Result<()> {
        if self.link.as_ref().is_none_or(|link| link.has_rolled_back.load(Ordering::SeqCst)) {
            self.failure.get_or_insert_with(gone);
        }
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let (Some(slot), Some(link)) = (self.slot.as_mut(), self.link.as_mut()) else { return Err(gone()) };
        let is_full = slot
            .group
            .as_ref()
            .is_some_and(|group| group.members.len() + 1 >= GROUP_MEMBERS || group.began.elapsed() >= GROUP_AGE);
        let is_last = is_full || self.writer.waiting.load(Ordering::SeqCst) == 0;
        if is_last && self.is_first {
            // If this is dropped here, the rollback finds the work either committed or not; no caller got a
            // response.
            let result = link.execute("COMMIT").await.map_err(StoreError::from);
            match &result {
                Ok(()) => {
                    self.writer.committed();
                    self.hand_on();
                }
                Err(error) => self.failure = Some(error.clone()),
            }
            return result;
        }
        // From here there is no await until the group owns the work.
        let (sender, answer) = oneshot::channel();
        let writer = Arc::clone(&self.writer);
        let Some(slot) = self.slot.as_mut() else { return Err(gone()) };
        if let Some(group) = slot.group.as_mut() {
            group.has_open_savepoint = true;
            group.members.push(sender);
        } else {
            slot.groups += 1;
            let number = slot.groups;
            slot.group = Some(Group { number, began: Instant::now(), has_open_savepoint: false, members: vec![sender] });
            writer.runtime.spawn(flush_later(Arc::clone(&writer), number));
        }
        if is_last {
            if let (Some(slot), Some(link)) = (self.slot.take(), self.link.take()) {
                writer.runtime.spawn(flush(Arc::clone(&writer), slot, link));
            }
        } else {
            self.hand_on();
        }
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Gives the writer to the next caller.
    fn hand_on(&mut self) {
        if let (Some(mut slot), Some(link)) = (self.slot.take(), self.link.take()) {
            slot.conn = Some(link);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            let work = Work {
                writer: Arc::clone(&self.writer),
                slot,
                link: self.link.take(),
                failure: self.failure.take(),
                is_first: self.is_first,
                has_begun: self.has_begun,
            };
            self.writer.runtime.spawn(work.roll_back());
        }
    }
}

/// The work of a turn that ended without a commit.
struct Work {
    writer: Arc<Writer>,
    slot: OwnedMutexGuard<Slot>,
    link: Option<Link>,
    failure: Option<StoreError>,
    is_first: bool,
    has_begun: bool,
}

impl Work {
    async fn roll_back(mut self) {
        let Some(mut link) = self.link.take() else {
            // The connection is closed, and the group's work is lost with it.
            self.writer.fail(self.slot, None, &self.failure.unwrap_or_else(gone));
            return;
        };
        if self.failure.is_none() {
            let statements: &[&'static str] = match (self.is_first, self.has_begun) {
                (true, _) => &["ROLLBACK"],
                (false, true) => &[ROLLBACK_TO, RELEASE],
                // A rollback might hit the savepoint of the member before. An additional savepoint is harmless.
                (false, false) => &[SAVEPOINT],
            };
            for sql in statements {
                // A dropped future may not have begun, or may have committed: then there is nothing to roll
                // back.
                if let Err(error) = link.execute(sql).await.map_err(StoreError::from)
                    && error.breaks_connection()
                {
                    self.failure = Some(error);
                    break;
                }
            }
            let has_rolled_back = link.has_rolled_back.swap(false, Ordering::SeqCst);
            if !self.is_first && has_rolled_back {
                self.failure.get_or_insert_with(gone);
            }
        }
        match self.failure {
            Some(failure) => self.writer.fail(self.slot, Some(link), &failure),
            None => self.slot.conn = Some(link),
        }
    }
}

impl Writer {
    fn committed(&self) {
        self.stats.commits.fetch_add(1, Ordering::Relaxed);
        self.is_suspect.store(false, Ordering::SeqCst);
    }

    /// Closes a connection and reports to the group that its work is lost.
    fn fail(&self, mut slot: OwnedMutexGuard<Slot>, link: Option<Link>, failure: &StoreError) {
        self.is_suspect.store(true, Ordering::SeqCst);
        let group = slot.group.take();
        drop(slot);
        if let Some(link) = link {
            // Closing rolls back. It can wait for the disk, so it runs in the background.
            self.runtime.spawn(timeout(CLOSE_PATIENCE, link.conn.close()));
        }
        for member in group.into_iter().flat_map(|group| group.members) {
            // A caller that is gone needs no response.
            let _ = member.send(Err(failure.clone()));
        }
    }
}

/// Commits a group after the callers that were waiting when it began have had their turns, unless it is
/// already committed.
async fn flush_later(writer: Arc<Writer>, number: u64) {
    let mut slot = Arc::clone(&writer.slot).lock_owned().await;
    if slot.group.as_ref().is_none_or(|group| group.number != number) {
        return;
    }
    match slot.conn.take() {
        Some(link) => flush(writer, slot, link).await,
        None => writer.fail(slot, None, &gone()),
    }
}

/// Commits a group.
async fn flush(writer: Arc<Writer>, mut slot: OwnedMutexGuard<Slot>, mut link: Link) {
    let result = if link.has_rolled_back.load(Ordering::SeqCst) {
        Err(gone())
    } else {
        link.execute("COMMIT").await.map_err(StoreError::from)
    };
    if let Err(failure) = result {
        writer.fail(slot, Some(link), &failure);
        return;
    }
    writer.committed();
    let group = slot.group.take();
    slot.conn = Some(link);
    drop(slot);
    for member in group.into_iter().flat_map(|group| group.members) {
        // A caller that is gone needs no response.
        let _ = member.send(Ok(()));
    }
}

/// The error for work whose connection or transaction is gone.
fn gone() -> StoreError {
    StoreError::from(sqlx::Error::WorkerCrashed)
}
