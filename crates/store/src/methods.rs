//! The methods of [`Conn`] that read and those of [`Tx`] that write, by table. Each runs the query of the same
//! name.
//!
//! [`Conn`]: crate::Conn
//! [`Tx`]: crate::Tx

mod accounts;
mod billing;
mod catalog;
mod dispatch;
mod licenses;
mod lists;
mod machines;
mod operations;
mod support;

use crate::stats::Method;

/// All methods, for statistics.
pub(crate) fn all() -> impl Iterator<Item = Method> {
    [
        accounts::METHODS,
        billing::METHODS,
        catalog::METHODS,
        licenses::METHODS,
        lists::METHODS,
        machines::METHODS,
        operations::METHODS,
        support::METHODS,
    ]
    .into_iter()
    .flatten()
    .copied()
}
