//! The database of one run: created for it, as durable as in production, and deleted afterwards.

use std::{path::Path, process::Command};

use anyhow::Result;

use super::Kind;
use crate::{
    postgres,
    shell::{Shell, run},
};

/// A database for the server, and another for the floor.
#[derive(Debug)]
pub(crate) struct Database {
    /// The server's database.
    pub(crate) url: String,
    /// The database in which the floor commits rows.
    pub(crate) floor_url: String,
    // Dropped last: it stops the cluster.
    _cluster: Option<postgres::Server>,
}

impl Database {
    /// Creates the databases. SQLite files are created in `folder`.
    pub(crate) fn create(shell: &Shell, kind: Kind, folder: &Path) -> Result<Self> {
        match kind {
            Kind::Sqlite => {
                let url = |name| format!("sqlite://{}", folder.join(name).display());
                Ok(Self { url: url("bench.db"), floor_url: url("floor.db"), _cluster: None })
            }
            Kind::Postgres => {
                let cluster = postgres::start_durable(shell)?;
                for name in ["bench", "floor"] {
                    let mut command = Command::new(cluster.program("psql"));
                    command.args(["--quiet", "--no-psqlrc", "--dbname", &format!("{}/postgres", cluster.url)]);
                    run(command.args(["--command", &format!("CREATE DATABASE {name}")]))?;
                }
                let url = |name| format!("{}/{name}", cluster.url);
                Ok(Self { url: url("bench"), floor_url: url("floor"), _cluster: Some(cluster) })
            }
        }
    }
}
