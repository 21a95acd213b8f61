//! A PostgreSQL server for one run of tests or of the bench, on the loopback address, from the installed binaries.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::shell::{Shell, run};

const HOW_TO_GET_IT: &str = "the tests need PostgreSQL 15 or newer, and none was found: on Debian or Ubuntu \
    `apt-get install postgresql`, on macOS `brew install postgresql@17`; or set LATCHKEY_TEST_POSTGRES to \
    postgres://USER@HOST:PORT of a server on which databases may be made";

/// A running server. Dropping it stops the server and removes its data.
#[derive(Debug)]
pub(crate) struct Server {
    /// `postgres://USER@HOST:PORT`
    pub(crate) url: String,
    cluster: Option<Cluster>,
}

#[derive(Debug)]
struct Cluster {
    binaries: PathBuf,
    user: Option<String>,
    folder: TempDir,
}

/// The server that the environment names, or one of our own.
pub(crate) fn start(shell: &Shell) -> Result<Server> {
    if let Ok(url) = std::env::var("LATCHKEY_TEST_POSTGRES") {
        return Ok(Server { url, cluster: None });
    }
    start_cluster(shell, Durability::None)
}

/// A server of our own that keeps what it acknowledges, as in production.
pub(crate) fn start_durable(shell: &Shell) -> Result<Server> {
    start_cluster(shell, Durability::Full)
}

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Durability {
    Full,
    None,
}

fn start_cluster(shell: &Shell, durability: Durability) -> Result<Server> {
    let binaries = find_binaries(shell).context(HOW_TO_GET_IT)?;
    // PostgreSQL refuses to run as root; its own user, which the package made, is there for that.
    let is_root = shell.output(&["id", "-u"]).as_deref() == Some("0");
    let user = is_root.then(|| "postgres".to_owned());
    let folder = tempfile::Builder::new().prefix("latchkey-postgres-").tempdir()?;
    if let Some(user) = &user {
        run(Command::new("chown").arg(user).arg(folder.path()))?;
    }
    let cluster = Cluster { binaries, user, folder };
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    cluster.initialize()?;
    cluster.start(port, durability)?;
    Ok(Server { url: format!("postgres://postgres@127.0.0.1:{port}"), cluster: Some(cluster) })
}

fn find_binaries(shell: &Shell) -> Option<PathBuf> {
    if let Some(folder) = shell.output(&["pg_config", "--bindir"]).map(PathBuf::from)
        && folder.join("initdb").exists()
    {
        return Some(folder);
    }
    // Debian keeps servers out of PATH, one folder a version.
    let mut versions: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    versions.retain(|folder| folder.join("initdb").exists());
    versions.sort();
    versions.pop()
}

impl Cluster {
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let path: &Path = &self.binaries.join(program);
        let mut command = match &self.user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(path);
                command
            }
            None => Command::new(path),
        };
        command.current_dir(self.folder.path()).stdout(std::process::Stdio::null());
        command
    }

    fn initialize(&self) -> Result<()> {
        let mut command = self.command("initdb");
        command.arg("--pgdata").arg(self.data());
        run(command.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]))
    }

    fn start(&self, port: u16, durability: Durability) -> Result<()> {
        let sockets = self.folder.path().display();
        let fsync = if durability == Durability::Full { "on" } else { "off" };
        let options = format!("-h 127.0.0.1 -p {port} -k {sockets} -c fsync={fsync} -c max_connections=300");
        let mut command = self.command("pg_ctl");
        command.arg("--pgdata").arg(self.data()).arg("--log").arg(self.folder.path().join("log"));
        if run(command.args(["--wait", "--options", &options, "start"])).is_err() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            bail!("PostgreSQL does not start:\n{log}");
        }
        Ok(())
    }
}

impl Server {
    /// A program of the same version; by its bare name if the server is not ours.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.cluster.as_ref().map_or_else(|| name.into(), |cluster| cluster.binaries.join(name))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(cluster) = &self.cluster {
            let mut command = cluster.command("pg_ctl");
            command.arg("--pgdata").arg(cluster.data()).args(["--mode=immediate", "--wait", "stop"]);
            // Whether or not it stops, there is nobody left to tell.
            let _ = run(&mut command);
        }
    }
}
