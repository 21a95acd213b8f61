//! A computer on which the program is installed: commands and servers run as separate processes.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_latchkey");

/// An address at which nothing listens yet.
fn free_address() -> String {
    let probe = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    probe.local_addr().expect("an address").to_string()
}

/// A folder in which the program runs. Its data folder is `data`.
pub(crate) struct Host {
    pub(crate) folder: TempDir,
}

impl Host {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder") }
    }

    /// A host with the demo's products.
    pub(crate) fn with_products() -> Self {
        let host = Self::new();
        let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).join("../content/demo/catalog.toml");
        host.json(&["catalog", "apply", catalog.to_str().expect("UTF-8")]);
        host
    }

    fn command(&self, words: &[&str], environment: &[(&str, &str)]) -> Command {
        self.prepared(Command::new(PROGRAM), words, environment)
    }

    fn prepared(&self, mut command: Command, words: &[&str], environment: &[(&str, &str)]) -> Command {
        command.current_dir(self.folder.path()).args(words).stdin(Stdio::null()).env_clear();
        command.envs(environment.iter().copied());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.run_with(words, &[])
    }

    pub(crate) fn run_with(&self, words: &[&str], environment: &[(&str, &str)]) -> Output {
        self.command(words, environment).output().expect("the program runs")
    }

    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let output = self.run(&[words, &["--json"]].concat());
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    pub(crate) fn refusal(&self, words: &[&str], code: i32) -> String {
        let output = self.run(words);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {}", text(&output.stderr));
        text(&output.stderr)
    }

    /// Starts a server and waits until it listens.
    pub(crate) fn serve(&self, words: &[&str], environment: &[(&str, &str)]) -> Server {
        // Another program may take the port between its choice and its use. In that case another port is tried.
        (0..5).find_map(|_| self.try_to_serve(words, environment)).expect("a port that is free")
    }

    /// Starts a server whose process may have no more than this many descriptors.
    #[cfg(target_os = "linux")]
    pub(crate) fn serve_with_descriptors(&self, limit: u32, environment: &[(&str, &str)]) -> Server {
        let start = |address: &str| {
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", &format!("ulimit -n {limit}; exec \"$0\" \"$@\""), PROGRAM]);
            self.start(self.prepared(shell, &["serve", "--json", "--listen", address], environment), address)
        };
        (0..5).find_map(|_| start(&free_address())).expect("a port that is free")
    }

    /// Starts a server again at the address of one that was killed.
    pub(crate) fn serve_at(&self, address: &str, environment: &[(&str, &str)]) -> Server {
        self.listen_at(address, &[], environment).expect("the address is free")
    }

    fn try_to_serve(&self, words: &[&str], environment: &[(&str, &str)]) -> Option<Server> {
        self.listen_at(&free_address(), words, environment)
    }

    fn listen_at(&self, address: &str, words: &[&str], environment: &[(&str, &str)]) -> Option<Server> {
        let words = [&["serve", "--json", "--listen", address], words].concat();
        self.start(self.command(&words, environment), address)
    }

    fn start(&self, mut command: Command, address: &str) -> Option<Server> {
        let log = File::create(self.folder.path().join("server.log")).expect("a log file");
        let mut process = command.stdout(Stdio::piped()).stderr(log).spawn().expect("the program runs");
        let mut output = BufReader::new(process.stdout.take().expect("output"));
        let mut line = String::new();
        output.read_line(&mut line).expect("read");
        if line.is_empty() {
            let ended = process.wait().expect("it ends");
            assert_eq!(ended.code(), Some(69), "{}", self.server_log());
            return None;
        }
        let announced = serde_json::from_str(&line).expect("JSON");
        Some(Server { process, _output: output, address: address.to_owned(), announced })
    }

    /// What the last server logged.
    pub(crate) fn server_log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default()
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A running server. It is killed when this is dropped.
pub(crate) struct Server {
    process: Child,
    /// Open until the server ends, so that it can write.
    _output: BufReader<ChildStdout>,
    /// `127.0.0.1:PORT`
    pub(crate) address: String,
    /// What it printed when it was ready.
    pub(crate) announced: Value,
}

impl Server {
    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Asks the server to stop, and waits. Returns whether it ended successfully.
    pub(crate) fn stop(mut self) -> bool {
        let asked = Command::new("kill").arg(self.process.id().to_string()).status().expect("kill runs");
        asked.success() && self.process.wait().expect("it ends").success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
