//! SQLite's only writer, and its group commit.
//!
//! Callers take turns in the order of their arrival. If no caller is waiting when a turn ends, the caller commits
//! alone. Otherwise, it leaves the transaction open for the next caller, whose work becomes a savepoint in the same
//! transaction, and it gets its response after the shared transaction is committed. A group is committed by the first
//! of these: its last member, when no caller is waiting; the member that fills it; or a separate task, which queues
//! behind the callers that were waiting when the group began and which dropped futures do not affect.
//!
//! If a failure affects more than its own statement, the connection is closed, because SQLite may have rolled back by
//! itself. The whole group gets the error, and the next turn opens a new connection.

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
    sqlite::{dialect, file::DatabaseFile},
    stats::Stats,
};

/// The statements for a turn's savepoint in a group's transaction.
const SAVEPOINT: &str = "SAVEPOINT turn";
/// Releases the previous turn's savepoint and begins the next, in one call to the connection's thread.
const NEXT_SAVEPOINT: &str = "RELEASE turn; SAVEPOINT turn";
const RELEASE: &str = "RELEASE turn";
const ROLLBACK_TO: &str = "ROLLBACK TO turn";

/// The most transactions that share a commit.
const MAX_GROUP_SIZE: usize = 64;

/// The age at which a group is committed even if other callers are waiting.
const MAX_GROUP_AGE: Duration = Duration::from_millis(20);

/// The longest that closing a connection may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct Writer {
    options: SqliteConnectOptions,
    file: DatabaseFile,
    state: Arc<Mutex<State>>,
    /// The number of callers that are waiting for a turn.
    waiting: AtomicUsize,
    is_suspect: AtomicBool,
    runtime: Handle,
    stats: Arc<Stats>,
}

/// What one turn passes to the next.
#[derive(Debug, Default)]
struct State {
    /// `None` before the first turn, during a turn, and after a connection was closed.
    conn: Option<WriterConn>,
    /// The finished members of the transaction that is open between turns.
    group: Option<Group>,
    /// The number of groups so far.
    groups: u64,
}

#[derive(Debug)]
struct Group {
    number: u64,
    began: Instant,
    /// Whether the last member's savepoint is still open. The next member or the commit releases it.
    has_open_savepoint: bool,
    members: Vec<oneshot::Sender<Result<()>>>,
}

/// The connection, and whether SQLite has rolled back on it since the last check.
#[derive(Debug)]
struct WriterConn {
    sqlite: SqliteConnection,
    has_rolled_back: Arc<AtomicBool>,
}

impl WriterConn {
    async fn execute(&mut self, sql: &'static str) -> sqlx::Result<()> {
        sqlx::query(sql).execute(&mut self.sqlite).await.map(drop)
    }
}

/// Counts a caller as waiting until it is dropped.
struct Waiting<'w>(&'w Writer);

impl<'w> Waiting<'w> {
    fn new(writer: &'w Writer) -> Self {
        writer.waiting.fetch_add(1, Ordering::SeqCst);
        Self(writer)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Writer {
    /// A writer of an existing database.
    pub(crate) fn new(options: SqliteConnectOptions, file: DatabaseFile, runtime: Handle, stats: Arc<Stats>) -> Self {
        Self {
            options,
            file,
            state: Arc::default(),
            waiting: AtomicUsize::new(0),
            is_suspect: AtomicBool::new(false),
            runtime,
            stats,
        }
    }

    /// Whether a connection was closed because of a failure, and nothing has been committed since.
    pub(crate) fn is_suspect(&self) -> bool {
        self.is_suspect.load(Ordering::SeqCst)
    }

    async fn connect(&self) -> sqlx::Result<WriterConn> {
        let mut sqlite = self.options.connect().await?;
        let has_rolled_back = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&has_rolled_back);
        sqlite.lock_handle().await?.set_rollback_hook(move || flag.store(true, Ordering::SeqCst));
        Ok(WriterConn { sqlite, has_rolled_back })
    }

    /// Opens the connection, in order to fail early if the database is unusable.
    pub(crate) async fn open(&self) -> Result<()> {
        let mut state = self.state.lock().await;
        if state.conn.is_none() {
            state.conn = Some(self.connect().await?);
            self.file.note_opened().map_err(|error| StoreError::from(sqlx::Error::Io(error)))?;
        }
        Ok(())
    }

    /// Whether the database's file is still where it was opened.
    pub(crate) fn check_file(&self) -> Result<()> {
        self.file.check()
    }

    /// Waits for a turn and begins its transaction.
    pub(crate) async fn begin(self: &Arc<Self>, deadline: Instant) -> Result<Turn> {
        let waiting = Waiting::new(self);
        let state = timeout_at(deadline, Arc::clone(&self.state).lock_owned()).await.map_err(|_| StoreError::Busy)?;
        drop(waiting);
        self.check_file()?;
        let mut turn = Turn {
            writer: Arc::clone(self),
            state: Some(state),
            conn: None,
            failure: None,
            is_first: true,
            has_begun: false,
        };
        let mut is_new = false;
        loop {
            let begun = timeout_at(deadline, turn.begin(deadline, &mut is_new)).await;
            match begun {
                Ok(Ok(())) => return Ok(turn),
                Ok(Err(StoreError::Busy)) | Err(_) => return Err(StoreError::Busy),
                // The old connection may have failed earlier and report it only now, so try a new one.
                Ok(Err(_)) if !is_new && turn.is_first => turn.conn = None,
                Ok(Err(error)) => {
                    turn.failure = Some(error.clone());
                    return Err(error);
                }
            }
        }
    }

    /// Closes the connection after the open group is committed.
    pub(crate) async fn close(self: &Arc<Self>) {
        loop {
            let mut state = Arc::clone(&self.state).lock_owned().await;
            let Some(conn) = state.conn.take() else { return };
            if state.group.is_some() {
                // In a task of its own, so that a dropped future cannot separate the group from its connection.
                let _ = self.runtime.spawn(commit_group(Arc::clone(self), state, conn)).await;
            } else {
                // An error does no harm: everything acknowledged is on disk.
                let _ = timeout(CLOSE_TIMEOUT, conn.sqlite.close()).await;
                return;
            }
        }
    }
}

/// A caller's turn with the writer. If it is dropped, its work is rolled back before the next turn.
#[derive(Debug)]
pub(crate) struct Turn {
    writer: Arc<Writer>,
    state: Option<OwnedMutexGuard<State>>,
    conn: Option<WriterConn>,
    /// Why the connection can no longer be used.
    failure: Option<StoreError>,
    /// Whether the turn has its own transaction rather than a savepoint in a group's.
    is_first: bool,
    /// Whether the transaction or savepoint is known to have begun.
    has_begun: bool,
}

impl Turn {
    pub(crate) fn conn(&mut self) -> Option<&mut SqliteConnection> {
        self.conn.as_mut().map(|conn| &mut conn.sqlite)
    }

    /// Decides after a failed statement whether the connection can still be used.
    pub(crate) fn note_failure(&mut self, error: &StoreError) {
        let has_rolled_back = self.conn.as_ref().is_none_or(|conn| conn.has_rolled_back.load(Ordering::SeqCst));
        if has_rolled_back || error.breaks_connection() {
            self.failure = Some(error.clone());
        }
    }

    async fn begin(&mut self, deadline: Instant, is_new: &mut bool) -> Result<()> {
        let Some(state) = self.state.as_mut() else { return Err(connection_lost()) };
        self.is_first = state.group.is_none();
        if self.conn.is_none() {
            self.conn = state.conn.take();
        }
        if self.conn.is_none() {
            if state.group.is_some() {
                // The group's transaction is gone with its connection.
                return Err(connection_lost());
            }
            *is_new = true;
            self.conn = Some(self.writer.connect().await?);
        }
        let Some(conn) = self.conn.as_mut() else { return Err(connection_lost()) };
        if let Some(group) = state.group.as_mut() {
            let sql = if group.has_open_savepoint { NEXT_SAVEPOINT } else { SAVEPOINT };
            conn.execute(sql).await?;
            group.has_open_savepoint = false;
            self.has_begun = true;
            return Ok(());
        }
        // Another process may hold the lock for longer than one statement waits.
        loop {
            match conn.execute(dialect::BEGIN).await.map_err(StoreError::from) {
                Err(StoreError::Busy) if Instant::now() < deadline => {}
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        self.has_begun = true;
        self.writer.stats.begins.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Commits the turn's work, together with that of other callers if any are waiting.
    pub(crate) async fn commit(mut self) -> Result<()> {
        if self.conn.as_ref().is_none_or(|conn| conn.has_rolled_back.load(Ordering::SeqCst)) {
            self.failure.get_or_insert_with(connection_lost);
        }
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let (Some(state), Some(conn)) = (self.state.as_mut(), self.conn.as_mut()) else {
            return Err(connection_lost());
        };
        let is_full = state
            .group
            .as_ref()
            .is_some_and(|group| group.members.len() + 1 >= MAX_GROUP_SIZE || group.began.elapsed() >= MAX_GROUP_AGE);
        let is_last = is_full || self.writer.waiting.load(Ordering::SeqCst) == 0;
        if is_last && self.is_first {
            // If this future is dropped here, no caller gets a response, so the work may be committed or not.
            let result = conn.execute("COMMIT").await.map_err(StoreError::from);
            match &result {
                Ok(()) => {
                    self.writer.committed();
                    self.pass_on();
                }
                Err(error) => self.failure = Some(error.clone()),
            }
            return result;
        }
        // There must be no await until the group owns the work, or a dropped future could lose it.
        let (sender, outcome) = oneshot::channel();
        let writer = Arc::clone(&self.writer);
        let Some(state) = self.state.as_mut() else { return Err(connection_lost()) };
        if let Some(group) = state.group.as_mut() {
            group.has_open_savepoint = true;
            group.members.push(sender);
        } else {
            state.groups += 1;
            let number = state.groups;
            state.group =
                Some(Group { number, began: Instant::now(), has_open_savepoint: false, members: vec![sender] });
            writer.runtime.spawn(commit_group_later(Arc::clone(&writer), number));
        }
        if is_last {
            if let (Some(state), Some(conn)) = (self.state.take(), self.conn.take()) {
                writer.runtime.spawn(commit_group(Arc::clone(&writer), state, conn));
            }
        } else {
            self.pass_on();
        }
        outcome.await.unwrap_or_else(|_| Err(connection_lost()))
    }

    /// Passes the connection to the next caller.
    fn pass_on(&mut self) {
        if let (Some(mut state), Some(conn)) = (self.state.take(), self.conn.take()) {
            state.conn = Some(conn);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            let turn = UnfinishedTurn {
                writer: Arc::clone(&self.writer),
                state,
                conn: self.conn.take(),
                failure: self.failure.take(),
                is_first: self.is_first,
                has_begun: self.has_begun,
            };
            self.writer.runtime.spawn(turn.roll_back());
        }
    }
}

/// A turn that ended without a commit.
struct UnfinishedTurn {
    writer: Arc<Writer>,
    state: OwnedMutexGuard<State>,
    conn: Option<WriterConn>,
    failure: Option<StoreError>,
    is_first: bool,
    has_begun: bool,
}

impl UnfinishedTurn {
    async fn roll_back(mut self) {
        let Some(mut conn) = self.conn.take() else {
            // With the connection, the group's work is lost.
            self.writer.fail(self.state, None, &self.failure.unwrap_or_else(connection_lost));
            return;
        };
        if self.failure.is_none() {
            let statements: &[&'static str] = match (self.is_first, self.has_begun) {
                (true, _) => &["ROLLBACK"],
                (false, true) => &[ROLLBACK_TO, RELEASE],
                // A rollback might undo the previous member's savepoint. An additional savepoint is harmless.
                (false, false) => &[SAVEPOINT],
            };
            for sql in statements {
                // If the dropped future had not begun a transaction or had committed it, there is nothing to roll
                // back, and the statement's error does not matter.
                if let Err(error) = conn.execute(sql).await.map_err(StoreError::from)
                    && error.breaks_connection()
                {
                    self.failure = Some(error);
                    break;
                }
            }
            let has_rolled_back = conn.has_rolled_back.swap(false, Ordering::SeqCst);
            if !self.is_first && has_rolled_back {
                self.failure.get_or_insert_with(connection_lost);
            }
        }
        match self.failure {
            Some(failure) => self.writer.fail(self.state, Some(conn), &failure),
            None => self.state.conn = Some(conn),
        }
    }
}

impl Writer {
    fn committed(&self) {
        self.stats.commits.fetch_add(1, Ordering::Relaxed);
        self.is_suspect.store(false, Ordering::SeqCst);
    }

    /// Closes a connection and reports the failure to the group, whose work is lost.
    fn fail(&self, mut state: OwnedMutexGuard<State>, conn: Option<WriterConn>, failure: &StoreError) {
        self.is_suspect.store(true, Ordering::SeqCst);
        let group = state.group.take();
        drop(state);
        if let Some(conn) = conn {
            // Closing rolls back. It can take long on a slow disk, so it runs in the background.
            self.runtime.spawn(timeout(CLOSE_TIMEOUT, conn.sqlite.close()));
        }
        for member in group.into_iter().flat_map(|group| group.members) {
            // A caller whose future was dropped needs no response.
            let _ = member.send(Err(failure.clone()));
        }
    }
}

/// Commits a group after the callers that were waiting when it began have had their turns, unless it has been
/// committed by then.
async fn commit_group_later(writer: Arc<Writer>, number: u64) {
    let mut state = Arc::clone(&writer.state).lock_owned().await;
    if state.group.as_ref().is_none_or(|group| group.number != number) {
        return;
    }
    match state.conn.take() {
        Some(conn) => commit_group(writer, state, conn).await,
        None => writer.fail(state, None, &connection_lost()),
    }
}

async fn commit_group(writer: Arc<Writer>, mut state: OwnedMutexGuard<State>, mut conn: WriterConn) {
    let result = if conn.has_rolled_back.load(Ordering::SeqCst) {
        Err(connection_lost())
    } else {
        conn.execute("COMMIT").await.map_err(StoreError::from)
    };
    if let Err(failure) = result {
        writer.fail(state, Some(conn), &failure);
        return;
    }
    writer.committed();
    let group = state.group.take();
    state.conn = Some(conn);
    drop(state);
    for member in group.into_iter().flat_map(|group| group.members) {
        // A caller whose future was dropped needs no response.
        let _ = member.send(Ok(()));
    }
}

/// The error for work whose connection or transaction is lost.
fn connection_lost() -> StoreError {
    StoreError::from(sqlx::Error::WorkerCrashed)
}
