//! The accounts of customers, support agents and admins.

pub(crate) mod admins;
pub(crate) mod create;
pub(crate) mod customers;
pub(crate) mod deletion;
pub(crate) mod email_change;
pub(crate) mod name;
pub(crate) mod personal_data;
pub(crate) mod viewing;
