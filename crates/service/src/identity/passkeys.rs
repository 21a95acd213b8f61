//! Passkeys: the second factor of support agents and admins, and a way to sign in for everyone (SU-02 to SU-09).
//!
//! A ceremony is a challenge that the browser's authenticator signs. Its state stays in the database, belongs to one
//! session and one purpose, is used once and expires after five minutes.

pub(crate) mod ceremony;
pub(crate) mod confirm;
pub(crate) mod enroll;
pub(crate) mod manage;
pub(crate) mod recovery;
pub(crate) mod sign_in;
pub(crate) mod verifier;
