//! The portal's server functions, by area. Each is a public HTTP endpoint under `/fn`.

pub mod account;
pub mod computers;
pub mod deletion;
pub mod downloads;
pub mod email;
pub mod licenses;
pub mod offline;
pub mod orders;
pub mod viewing;
