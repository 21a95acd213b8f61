//! The texts of e-mails, and the outbox from which they are sent.

pub(crate) mod messages;
pub(crate) mod outbox;
