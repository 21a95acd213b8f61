//! Signing in, and sessions.

mod by_mail;
mod rate_limits;
mod sessions;
mod staff;
