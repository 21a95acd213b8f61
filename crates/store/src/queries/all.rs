//! Every query, compiled once for each database: `super::dialect` names which.

use super::dialect;

type Conn = <dialect::Db as sqlx::Database>::Connection;

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod catalog;
pub(crate) mod hearing;
pub(crate) mod instance;
pub(crate) mod licenses;
pub(crate) mod logins;
pub(crate) mod machines;
pub(crate) mod outbox;
pub(crate) mod rate_limits;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
