//! Commands about the instance as a whole: its settings, its health, its mails, and serving.

pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod mail;
pub(crate) mod serve;
