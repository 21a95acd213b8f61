//! What commands have in common: reading arguments, asking for confirmation, and describing objects.

pub(crate) mod arguments;
pub(crate) mod confirmation;
pub(crate) mod describe;
pub(crate) mod listing;
