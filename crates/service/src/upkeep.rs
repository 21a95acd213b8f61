//! Regular upkeep by workers: writing the bookkeeping and deleting expired rows.

mod bookkeeping;
mod expired_rows;
