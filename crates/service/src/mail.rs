//! Mail: what it says, and the outbox that sends it.

pub(crate) mod messages;
pub(crate) mod outbox;
