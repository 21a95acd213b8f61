//! License keys, random and signed, and the public keys that verify them.

pub mod alphabet;
pub mod license_key;
pub mod public_key;
pub mod signed_key;
