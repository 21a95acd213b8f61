//! From the domain to words.

use latchkey_licensing::{
    ids::AccountId,
    license::{LicenseStatus, Standing},
    license_key,
    machine::Machine,
    policy::ExpiryStrategy,
    time::Timestamp,
};
use latchkey_service::{AuditEntry, LicenseView, SessionSummary, SignedIn};

use crate::portal::model::{Computer, HistoryLine, LicenseSummary, SessionLine, Status, Swaps, Tone, When};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// An instant, relative to now where that says more than its date.
pub(crate) fn when(at: Timestamp, now: Timestamp) -> When {
    let ago = now.since(at).as_secs();
    let count = |n: u64, unit: &str| if n == 1 { format!("1 {unit} ago") } else { format!("{n} {unit}s ago") };
    let words = match ago {
        // The future, too, has no better words than its date.
        _ if at > now => at.human_date(),
        0..MINUTE => "just now".to_owned(),
        MINUTE..HOUR => count(ago / MINUTE, "minute"),
        HOUR..DAY => count(ago / HOUR, "hour"),
        _ if ago < 30 * DAY => count(ago / DAY, "day"),
        _ => at.human_date(),
    };
    When { iso: at.rfc3339(), words, exact: at.human() }
}

pub(crate) fn license(view: &LicenseView, now: Timestamp) -> LicenseSummary {
    LicenseSummary {
        id: view.license.id.to_string(),
        product: view.product.name.clone(),
        policy: view.policy.name.clone(),
        status: status(view),
        masked_key: license_key::masked(&view.license.key_prefix, &view.license.key_tail),
        issued: when(view.license.created_at, now),
        ends: view.license.end.at().map(|at| when(at, now)),
        is_good: match view.status {
            LicenseStatus::Banned | LicenseStatus::Suspended => false,
            LicenseStatus::Expired => view.policy.expiry != ExpiryStrategy::RevokeAccess,
            LicenseStatus::Expiring | LicenseStatus::Inactive | LicenseStatus::Active => true,
        },
        computers: view.machines.iter().map(|machine| computer(machine, now)).collect(),
        limit: view.machine_limit,
        swaps: view.swaps.map(|swaps| Swaps {
            left: swaps.left,
            count: swaps.allowance.count,
            hours: swaps.allowance.window.as_secs() / HOUR,
            next: swaps.next_at.map(|at| when(at, now)),
        }),
        may_rotate_key: view.policy.customer_rotates_key && view.license.standing == Standing::Good,
    }
}

fn status(view: &LicenseView) -> Status {
    let plain = |word: &str, tone| Status { word: word.to_owned(), tone, notice: None };
    let with = |word: &str, tone, notice: String| Status { word: word.to_owned(), tone, notice: Some(notice) };
    match (view.status, view.license.standing) {
        (LicenseStatus::Banned, _) => plain("Blocked", Tone::Bad),
        (LicenseStatus::Suspended, Standing::Revoked(at)) => with(
            "Revoked",
            Tone::Bad,
            format!("This license was revoked on {}. Questions? Reply to your receipt.", at.human_date()),
        ),
        (LicenseStatus::Suspended, Standing::Suspended(at)) => with(
            "Suspended",
            Tone::Warn,
            format!(
                "This license has been suspended since {}. The app does not start until it is reinstated. Reply to your receipt to ask why.",
                at.human_date()
            ),
        ),
        (LicenseStatus::Suspended, Standing::Good) => plain("Suspended", Tone::Warn),
        (LicenseStatus::Expired, _) => with("Expired", Tone::Bad, expired(view)),
        (LicenseStatus::Expiring, _) => plain("Ends soon", Tone::Warn),
        (LicenseStatus::Inactive | LicenseStatus::Active, _) => plain("Active", Tone::Good),
    }
}

/// What it means that a license is over.
fn expired(view: &LicenseView) -> String {
    let on = view.license.end.at().map_or_else(String::new, |at| format!(" on {}", at.human_date()));
    match view.policy.expiry {
        ExpiryStrategy::RestrictAccess | ExpiryStrategy::RevokeAccess => {
            format!("This license ended{on}, and the app with it. Reply to your receipt to renew it.")
        }
        ExpiryStrategy::MaintainAccess => {
            format!("This license ended{on}. The app you have goes on working; newer versions need a renewal.")
        }
        ExpiryStrategy::AllowAccess => format!("This license ended{on}. The app goes on working."),
    }
}

pub(crate) fn computer(machine: &Machine, now: Timestamp) -> Computer {
    Computer {
        may_hold_file: machine.last_check_out_at.is_some(),
        id: machine.id.to_string(),
        label: machine.label(),
        platform: machine.facts.platform.clone(),
        app_version: machine.facts.app_version.clone(),
        activated: when(machine.created_at, now),
        last_seen: when(machine.last_seen_at, now),
    }
}

/// A line of a license's history in plain words for `reader`; `None` for what says nothing to its owner.
pub(crate) fn history(entry: &AuditEntry, reader: AccountId, now: Timestamp) -> Option<HistoryLine> {
    let detail: serde_json::Value = serde_json::from_str(&entry.detail).unwrap_or_default();
    let text = |name: &str| detail.get(name).and_then(serde_json::Value::as_str);
    let name = text("name").unwrap_or("A computer");
    let date =
        |name: &str| text(name).and_then(Timestamp::parse_rfc3339).map_or_else(String::new, Timestamp::human_date);
    let what = match entry.verb.as_str() {
        "license.issued" => "License issued".to_owned(),
        "license.suspended" => "License suspended".to_owned(),
        "license.reinstated" => "License reinstated".to_owned(),
        "license.revoked" => "License revoked".to_owned(),
        "license.begun" if text("until").is_some() => {
            format!("First use: the time of the license began, and ends on {}", date("until"))
        }
        "license.begun" => "First use of the license".to_owned(),
        "license.renewed" => format!("License renewed until {}", date("to")),
        "license.changed" => "Terms of the license changed".to_owned(),
        "license.key_replaced" => "License key replaced".to_owned(),
        "license.checked_out" => format!("File for working offline made, good until {}", date("until")),
        "machine.checked_out" => format!("File for working offline on {name} made, good until {}", date("until")),
        "machine.activated" => format!("{name} activated"),
        "machine.deactivated" if text("why") == Some("heartbeat") => {
            format!("{name} freed, because it stopped reporting")
        }
        "machine.deactivated" => format!("{name} freed"),
        "machine.renamed" => format!("{} renamed to {name}", text("from").unwrap_or("A computer")),
        _ => return None,
    };
    let by = match entry.actor.as_str() {
        "customer" if entry.actor_id == Some(reader.to_string()) => "You",
        "customer" => "A previous owner",
        "app" => "The app",
        "server" => "Automatic",
        _ => "The seller",
    };
    Some(HistoryLine { when: when(entry.at, now), text: what, by: by.to_owned() })
}

pub(crate) fn session(summary: &SessionSummary, who: &SignedIn, now: Timestamp) -> SessionLine {
    SessionLine {
        id: summary.id.to_string(),
        agent: summary.agent.clone(),
        network: summary.network.clone(),
        opened: when(summary.authenticated_at, now),
        last_used: when(summary.last_seen_at, now),
        is_current: summary.id == who.session,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn words() {
        let now = Timestamp::from_unix_micros(1_795_435_200_000_000);
        let ago = |seconds| when(now.minus(Duration::from_secs(seconds)), now).words;
        assert_eq!(ago(5), "just now");
        assert_eq!(ago(MINUTE), "1 minute ago");
        assert_eq!(ago(2 * HOUR + 5), "2 hours ago");
        assert_eq!(ago(29 * DAY), "29 days ago");
        assert_eq!(ago(31 * DAY), "23 October 2026");
        assert_eq!(when(now.plus(Duration::from_secs(DAY)), now).words, "24 November 2026");
    }
}
