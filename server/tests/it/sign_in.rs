//! Signing in, and sessions.

mod by_mail;
mod email_change;
mod notices;
mod passkeys;
mod rate_limits;
mod sessions;
mod staff;
