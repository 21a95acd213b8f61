//! What workers do regularly: writing the bookkeeping and removing what has expired.

mod bookkeeping;
mod expired_rows;
