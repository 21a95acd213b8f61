//! The texts of e-mails, and the outbox from which they are sent.

pub(crate) mod colors;
pub(crate) mod kind;
pub(crate) mod letter;
pub(crate) mod messages;
pub(crate) mod notify;
pub(crate) mod outbox;
pub(crate) mod preview;
pub(crate) mod reasons;
