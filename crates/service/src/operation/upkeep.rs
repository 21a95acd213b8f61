//! Regular upkeep by workers: writing the bookkeeping, deleting expired rows and reminding customers.

mod bookkeeping;
mod expired_rows;
mod reminders;
