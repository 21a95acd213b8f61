//! Signing in, and sessions.

mod by_mail;
mod passkeys;
mod rate_limits;
mod sessions;
mod staff;
