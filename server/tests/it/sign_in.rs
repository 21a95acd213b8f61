//! Signing in, and sessions.

mod by_mail;
mod decoys;
mod email_change;
mod links;
mod notices;
mod old_browsers;
mod passkeys;
mod rate_limits;
mod sessions;
mod staff;
