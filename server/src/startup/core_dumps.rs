//! Core dumps: a dump of a server contains its keys, so none are written.

use std::io;

/// Forbids core dumps of this process.
#[cfg(unix)]
pub(crate) fn forbid() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // Dumps that a program such as systemd-coredump receives are not limited by their size.
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(())
}

/// Other systems write no core dumps.
#[cfg(not(unix))]
pub(crate) fn forbid() -> io::Result<()> {
    Ok(())
}
