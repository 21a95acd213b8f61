//! What only a browser with the script does.

pub(crate) mod bundles;
pub(crate) mod clipboard;
pub(crate) mod passkeys;
pub(crate) mod visits;
