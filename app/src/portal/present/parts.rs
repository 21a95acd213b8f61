//! Converts components and processes into what a computer's page shows.

use latchkey_licensing::time::Timestamp;
use latchkey_service::MachineParts;

use super::when;
use crate::portal::model::parts::{ComponentLine, ComputerParts, ProcessLine};

/// How many characters of a fingerprint are shown: enough to compare it, and not all of what identifies a computer.
const TAIL: usize = 8;

pub(crate) fn computer_parts(parts: &MachineParts, now: Timestamp) -> ComputerParts {
    ComputerParts {
        components: parts
            .components
            .iter()
            .map(|component| ComponentLine { name: component.name.clone(), tail: tail(component.fingerprint.as_str()) })
            .collect(),
        processes: parts
            .processes
            .iter()
            .map(|process| ProcessLine {
                pid: process.pid.clone(),
                since: when(process.created_at, now),
                last_seen: when(process.last_heartbeat_at, now),
            })
            .collect(),
        has_more_processes: parts.has_more_processes,
    }
}

fn tail(fingerprint: &str) -> String {
    let skipped = fingerprint.chars().count().saturating_sub(TAIL);
    let end: String = fingerprint.chars().skip(skipped).collect();
    if skipped > 0 { format!("…{end}") } else { end }
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn only_the_end_of_a_fingerprint_is_shown() {
        assert_eq!(tail("0123456789abcdef"), "…89abcdef");
        assert_eq!(tail("disk-ü"), "disk-ü");
    }
}
