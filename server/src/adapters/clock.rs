//! The system's clock.

use latchkey_licensing::time::Timestamp;
use latchkey_service::Clock;

#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this implements the Clock port")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::from_unix_micros(jiff::Timestamp::now().as_microsecond());
        #[cfg(debug_assertions)]
        let now = now.plus(ahead::by());
        now
    }
}

/// Development builds can run ahead of the system's clock, so that browser tests see what happens months later.
#[cfg(debug_assertions)]
mod ahead {
    use std::{fs, path::PathBuf, sync::LazyLock, time::Duration};

    /// The file that contains by how many seconds, which a test writes while the server runs.
    const FILE: &str = "LATCHKEY_CLOCK_AHEAD_FILE";

    #[expect(clippy::disallowed_methods, reason = "it is not a setting")]
    pub(super) fn by() -> Duration {
        static PATH: LazyLock<Option<PathBuf>> = LazyLock::new(|| std::env::var_os(FILE).map(PathBuf::from));
        let text = PATH.as_ref().and_then(|path| fs::read_to_string(path).ok());
        Duration::from_secs(text.and_then(|text| text.trim().parse().ok()).unwrap_or(0))
    }
}
