//! `keys …` and `verify`: what apps need to verify licenses without a network.

pub(crate) mod keys;
pub(crate) mod verify;
