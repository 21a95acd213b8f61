//! Orders, prices and amounts of money.

pub mod money;
pub mod order;
pub mod price;
