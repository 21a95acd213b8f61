//! Converts domain objects into what pages show.

pub(crate) mod downloads;
pub(crate) mod orders;
pub(crate) mod parts;

use latchkey_licensing::{
    account::Account,
    brand::Brand,
    ids::{AccountId, SessionId},
    license::{Expiry, LicenseStatus, Standing},
    license_key,
    machine::Machine,
    policy::ExpiryStrategy,
    time::Timestamp,
};
use latchkey_service::{
    Actor, AuditEntry, AuditEvent, DeactivationReason, DeletionPlan, LicenseEvent, LicenseView, PendingEmailChange,
    Role, SessionSummary, Unfinished, UnfinishedWhy,
};

use crate::{
    portal::model::{
        Computer, DeletionView, EmailChangeLine, HistoryLine, LicenseSummary, OwnerRights, SessionLine, Swaps,
        UnfinishedLine,
    },
    shared::model::{ProvenForm, RelativeTime, Status, Tone},
};

const HOUR: u64 = 60 * 60;

/// An instant, relative to now if that says more than the date.
pub(crate) fn when(at: Timestamp, now: Timestamp) -> RelativeTime {
    RelativeTime::of(at, now)
}

pub(crate) fn license(view: &LicenseView, now: Timestamp, brand: &Brand) -> LicenseSummary {
    LicenseSummary {
        id: view.license.id,
        product: view.product.name.clone(),
        policy: view.policy.name.clone(),
        status: status(view, brand),
        masked_key: license_key::masked(&view.license.key_prefix, &view.license.key_tail),
        key_tail: view.license.key_tail.clone(),
        issued: RelativeTime::on(view.license.created_at),
        term: term(view, now),
        entitlements: view.entitlement_names.clone(),
        allows_activation: match view.status {
            LicenseStatus::Banned | LicenseStatus::Suspended => false,
            LicenseStatus::Expired => {
                matches!(view.policy.expiry_strategy, ExpiryStrategy::MaintainAccess | ExpiryStrategy::AllowAccess)
            }
            LicenseStatus::Expiring | LicenseStatus::Inactive | LicenseStatus::Active => true,
        },
        computer_count: usize::try_from(view.machine_count).unwrap_or(usize::MAX),
        computers: view.machines.iter().map(|machine| computer(machine, now)).collect(),
        limit: view.machine_limit_with_overage,
        swaps: view.swaps.map(|swaps| Swaps {
            left: swaps.left,
            count: swaps.allowance.count,
            hours: swaps.allowance.window.as_secs() / HOUR,
            next: swaps.next_at.map(|at| when(at, now)),
        }),
        can_replace_key: view.policy.customer_replaces_key && view.license.standing == Standing::Good,
        rights: OwnerRights {
            frees_computers: view.policy.customer_frees_machines,
            renames_computers: view.policy.customer_renames_machines,
            downloads_files: view.policy.customer_downloads_files,
            sees_history: view.policy.customer_sees_history,
        },
        has_downloads: false,
    }
}

/// When a license ends, as a date: the customer plans with it.
fn term(view: &LicenseView, now: Timestamp) -> String {
    const SOON: u64 = 30;
    match (view.license.standing, view.license.expiry) {
        (Standing::Revoked(at), _) => format!("Ended {}", at.human_date()),
        (_, Expiry::Never) => "Never ends".to_owned(),
        (_, Expiry::AfterFirstUse) => match view.policy.duration {
            Some(duration) => format!("{} from first use", length(duration.as_secs())),
            None => "Ends after its first use".to_owned(),
        },
        (_, Expiry::At(at)) if at <= now => format!("Ended {}", at.human_date()),
        (_, Expiry::At(at)) => {
            let days = at.since(now).as_secs().div_ceil(24 * HOUR);
            let left = if days == 1 { "1 day left".to_owned() } else { format!("{days} days left") };
            let soon = if days <= SOON { format!(", {left}") } else { String::new() };
            format!("Ends {}{soon}", at.human_date())
        }
    }
}

/// A length of time in the largest unit that divides it.
fn length(seconds: u64) -> String {
    let (number, unit) = match seconds / HOUR {
        hours if hours > 0 && hours % (365 * 24) == 0 => (hours / (365 * 24), "year"),
        hours if hours > 0 && hours % 24 == 0 => (hours / 24, "day"),
        hours => (hours, "hour"),
    };
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

fn status(view: &LicenseView, brand: &Brand) -> Status {
    let contact = brand.contact();
    let plain = |word: &str, tone| Status { word: word.to_owned(), tone, notice: None };
    let with = |word: &str, tone, notice: String| Status { word: word.to_owned(), tone, notice: Some(notice) };
    match (view.status, view.license.standing) {
        (LicenseStatus::Banned, _) => plain("Blocked", Tone::Bad),
        (LicenseStatus::Suspended, Standing::Revoked(at)) => with(
            "Revoked",
            Tone::Bad,
            format!("This license was revoked on {}. If you have questions, {contact}.", at.human_date()),
        ),
        (LicenseStatus::Suspended, Standing::Suspended(at)) => with(
            "Suspended",
            Tone::Warn,
            format!(
                "This license has been suspended since {}. The app does not start until it is reinstated. To ask why, {contact}.",
                at.human_date()
            ),
        ),
        (LicenseStatus::Suspended, Standing::Good) => plain("Suspended", Tone::Warn),
        (LicenseStatus::Expired, _) => with("Expired", Tone::Bad, expired(view, &contact)),
        (LicenseStatus::Expiring, _) => plain("Expires soon", Tone::Warn),
        (LicenseStatus::Inactive | LicenseStatus::Active, _) => plain("Active", Tone::Good),
    }
}

/// What it means that a license has expired.
fn expired(view: &LicenseView, contact: &str) -> String {
    let on = view.license.expiry.at().map_or_else(String::new, |at| format!(" on {}", at.human_date()));
    match view.policy.expiry_strategy {
        ExpiryStrategy::RestrictAccess | ExpiryStrategy::RevokeAccess => {
            format!("This license expired{on}, and the app has stopped working. To renew it, {contact}.")
        }
        ExpiryStrategy::MaintainAccess => {
            format!(
                "This license expired{on}. The version of the app that you have continues to work; newer versions require a renewal."
            )
        }
        ExpiryStrategy::AllowAccess => format!("This license expired{on}. The app continues to work."),
    }
}

pub(crate) fn computer(machine: &Machine, now: Timestamp) -> Computer {
    Computer {
        may_hold_file: machine.last_check_out_at.is_some(),
        id: machine.id,
        label: machine.label(),
        platform: machine.facts.platform.clone(),
        app_version: machine.facts.app_version.clone(),
        activated: when(machine.created_at, now),
        last_seen: when(machine.last_seen_at, now),
    }
}

/// A line of a license's history as `reader` sees it. `None` for events that mean nothing to the owner.
pub(crate) fn history(entry: &AuditEntry, reader: AccountId, now: Timestamp) -> Option<HistoryLine> {
    let AuditEvent::License(_, event) = &entry.event else {
        return None;
    };
    let what = match event {
        LicenseEvent::Issued { .. } => "License issued".to_owned(),
        LicenseEvent::Suspended => "License suspended".to_owned(),
        LicenseEvent::Reinstated => "License reinstated".to_owned(),
        LicenseEvent::Revoked => "License revoked".to_owned(),
        LicenseEvent::Started { until: Some(until) } => {
            format!("License first used; it expires on {}", until.human_date())
        }
        LicenseEvent::Started { until: None } => "License first used".to_owned(),
        LicenseEvent::Renewed { to, .. } => format!("License renewed until {}", to.human_date()),
        LicenseEvent::Changed(_) => "License terms changed".to_owned(),
        LicenseEvent::KeyReplaced => "License key replaced".to_owned(),
        LicenseEvent::KeyMailed => "License key mailed again".to_owned(),
        // It changes nothing for the owner.
        LicenseEvent::KeyShown => return None,
        LicenseEvent::CheckedOut { until, .. } => {
            format!("License file created, valid until {}", until.human_date())
        }
        LicenseEvent::MachineCheckedOut { until, name, .. } => {
            format!("License file for {name} created, valid until {}", until.human_date())
        }
        LicenseEvent::MachineActivated { name, .. } => format!("{name} activated"),
        LicenseEvent::MachineDeactivated { name, reason: DeactivationReason::Heartbeat, .. } => {
            format!("{name} freed because it stopped reporting")
        }
        LicenseEvent::MachineDeactivated { name, reason: DeactivationReason::Asked, .. } => format!("{name} freed"),
        LicenseEvent::MachineRenamed { from, name, .. } => format!("{from} renamed to {name}"),
    };
    let by = match entry.actor {
        Actor::Account { id, .. } if id == reader => "You",
        Actor::Account { role: Role::Customer, .. } => "A previous owner",
        Actor::App(_) => "The app",
        Actor::Server => "Automatic",
        Actor::Account { role: Role::Support | Role::Admin, .. } | Actor::Host | Actor::Visitor => "The seller",
    };
    Some(HistoryLine { when: when(entry.at, now), text: what, by: by.to_owned() })
}

pub(crate) fn email_change(change: &PendingEmailChange, owner: &Account, now: Timestamp) -> EmailChangeLine {
    let sides = [(change.is_old_confirmed, &owner.email), (change.is_new_confirmed, &change.new_email)];
    let waits_for = sides.into_iter().filter(|(is_confirmed, _)| !is_confirmed).map(|(_, email)| email.to_string());
    EmailChangeLine {
        new_email: change.new_email.to_string(),
        waits_for: waits_for.collect(),
        expires: when(change.expires_at, now),
    }
}

pub(crate) fn deletion(plan: DeletionPlan, form: ProvenForm) -> DeletionView {
    let line = |unfinished: Unfinished| UnfinishedLine {
        text: match unfinished.why {
            UnfinishedWhy::Subscription => {
                "Its subscription still runs. Cancel it on the order's page, under “Payment settings”.".to_owned()
            }
            UnfinishedWhy::Payment => "It waits for its payment, or for us. Try again when it is settled.".to_owned(),
        },
        order: unfinished.order,
        number: unfinished.number,
    };
    let unfinished = plan.unfinished.into_iter().map(line).collect();
    DeletionView { form, licenses: plan.licenses, orders: plan.orders, unfinished }
}

pub(crate) fn session(summary: &SessionSummary, current: Option<SessionId>, now: Timestamp) -> SessionLine {
    SessionLine {
        id: summary.id.to_string(),
        agent: summary.agent.clone(),
        network: summary.network.clone(),
        opened: when(summary.authenticated_at, now),
        last_used: when(summary.last_seen_at, now),
        is_current: Some(summary.id) == current,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MINUTE: u64 = 60;
    const DAY: u64 = 24 * HOUR;

    #[test]
    fn instants_are_shown_in_words() {
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
