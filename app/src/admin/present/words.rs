//! The words and tones of states.

use latchkey_licensing::{account::Role, order::OrderStatus, time::Timestamp};
use latchkey_service::{DeactivatedBy, EventState, MailKind, MailState};

use crate::shared::model::{Status, Tone};

fn plain(word: &str, tone: Tone) -> Status {
    Status { word: word.to_owned(), tone, notice: None }
}

/// The status of a license, by its word.
pub(crate) fn license_status(word: &str) -> Status {
    match word {
        "ACTIVE" => plain("Active", Tone::Good),
        "INACTIVE" => plain("Not in use", Tone::Good),
        "EXPIRING" => plain("Expires soon", Tone::Warn),
        "SUSPENDED" => plain("Suspended", Tone::Warn),
        "EXPIRED" => plain("Expired", Tone::Bad),
        "REVOKED" => plain("Revoked", Tone::Bad),
        "BANNED" => plain("Account disabled", Tone::Bad),
        other => plain(other, Tone::Warn),
    }
}

/// The status of an account that was deleted.
pub(crate) fn deleted() -> Status {
    plain("Deleted", Tone::Bad)
}

pub(crate) fn order_status(status: OrderStatus) -> Status {
    match status {
        OrderStatus::Open => plain("Open", Tone::Warn),
        OrderStatus::Expired => plain("Abandoned", Tone::Warn),
        OrderStatus::Pending => plain("Payment pending", Tone::Warn),
        OrderStatus::PaymentFailed => plain("Payment failed", Tone::Bad),
        OrderStatus::Held => plain("Held", Tone::Bad),
        OrderStatus::Paid => plain("Paid", Tone::Good),
        OrderStatus::PartlyRefunded => plain("Partly refunded", Tone::Good),
        OrderStatus::Disputed => plain("Disputed", Tone::Bad),
        OrderStatus::Refunded => plain("Refunded", Tone::Warn),
        OrderStatus::DisputeLost => plain("Dispute lost", Tone::Bad),
    }
}

pub(crate) fn event_state(state: EventState) -> Status {
    match state {
        EventState::Waiting => plain("Waiting", Tone::Warn),
        EventState::Done => plain("Handled", Tone::Good),
        EventState::Ignored => plain("Nothing to do", Tone::Good),
        EventState::NotUnderstood => plain("Not understood", Tone::Warn),
        EventState::Failed => plain("Failed", Tone::Bad),
    }
}

pub(crate) fn mail_state(state: MailState) -> Status {
    match state {
        MailState::Waiting => plain("Waiting", Tone::Warn),
        MailState::Sent => plain("Sent", Tone::Good),
        MailState::Failed => plain("Given up", Tone::Bad),
    }
}

pub(crate) fn machine_status(deactivated: Option<&(Timestamp, DeactivatedBy)>) -> Status {
    match deactivated {
        None => plain("Active", Tone::Good),
        Some((_, DeactivatedBy::App)) => plain("Deactivated by app", Tone::Warn),
        Some((_, DeactivatedBy::Customer)) => plain("Freed by customer", Tone::Warn),
        Some((_, DeactivatedBy::Admin)) => plain("Freed by admin", Tone::Warn),
        Some((_, DeactivatedBy::Server)) => plain("Missed heartbeats", Tone::Warn),
    }
}

pub(crate) fn disabled() -> Status {
    plain("Disabled", Tone::Bad)
}

pub(crate) fn role(role: Role) -> &'static str {
    match role {
        Role::Customer => "Customer",
        Role::Support => "Support",
        Role::Admin => "Admin",
    }
}

/// The name of a kind of mail. One that a later version wrote is shown as it is stored.
pub(crate) fn mail_kind(word: &str) -> String {
    MailKind::parse(word).map_or_else(|| word.replace('_', " "), |kind| kind.title().to_owned())
}
