//! Who acts: accounts, their sign-in and passkeys, and the types that stand for a person.

pub(crate) mod accounts;
pub(crate) mod actors;
pub(crate) mod passkeys;
pub(crate) mod sign_in;
