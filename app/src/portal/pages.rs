//! The pages of the portal.

pub(crate) mod account;
pub(crate) mod change_email;
pub(crate) mod computer;
pub(crate) mod delete_account;
pub(crate) mod downloads;
pub(crate) mod free_computer;
pub(crate) mod license;
pub(crate) mod licenses;
pub(crate) mod new_key;
pub(crate) mod offline;
pub(crate) mod order;
pub(crate) mod orders;
pub(crate) mod overview;
pub(crate) mod receipt;
