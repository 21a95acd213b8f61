//! Every server function, by area. Each is a public HTTP endpoint under `/fn`.

pub mod account;
pub mod licenses;
pub mod sign_in;
