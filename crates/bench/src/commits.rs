//! Commits rows one after the other on one connection, as durably as the server does.

use std::{
    str::FromStr,
    time::{Duration, Instant},
};

use anyhow::Result;
use clap::Args;
use serde_json::json;
use sqlx::{
    Connection, Executor, PgConnection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

/// Where to commit.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A separate database, not the server's: `sqlite://PATH` or `postgres://…`
    #[arg(long)]
    database: String,
    /// The number of seconds for which commits are counted
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// The number of seconds of commits before that, which are not counted
    #[arg(long, default_value_t = 0.5)]
    warm_up: f64,
}

/// About the size of a small row of the audit log.
const PAYLOAD: &str =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Commits rows and prints their number.
pub(crate) async fn run(options: Options) -> Result<()> {
    let start = Instant::now() + Duration::from_secs_f64(options.warm_up);
    let end = start + Duration::from_secs_f64(options.seconds);
    let commits = if options.database.starts_with("sqlite:") {
        let settings = SqliteConnectOptions::from_str(&options.database)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut connection = SqliteConnection::connect_with(&settings).await?;
        connection
            .execute("CREATE TABLE IF NOT EXISTS commits (id INTEGER PRIMARY KEY, payload TEXT NOT NULL)")
            .await?;
        let mut commits = 0_u64;
        while Instant::now() < end {
            sqlx::query("INSERT INTO commits (payload) VALUES ($1)").bind(PAYLOAD).execute(&mut connection).await?;
            commits += u64::from(Instant::now() >= start);
        }
        connection.close().await?;
        commits
    } else {
        let mut connection = PgConnection::connect(&options.database).await?;
        let table = "CREATE TABLE IF NOT EXISTS commits (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload TEXT NOT NULL)";
        connection.execute(table).await?;
        let mut commits = 0_u64;
        while Instant::now() < end {
            sqlx::query("INSERT INTO commits (payload) VALUES ($1)").bind(PAYLOAD).execute(&mut connection).await?;
            commits += u64::from(Instant::now() >= start);
        }
        connection.close().await?;
        commits
    };
    #[expect(clippy::cast_precision_loss, reason = "a rate for display")]
    let rate = commits as f64 / options.seconds;
    println!("{}", json!({ "commits": commits, "per_second": rate }));
    Ok(())
}
