//! The database's own mark.

use latchkey_licensing::time::Timestamp;

use crate::tables::methods;

methods! {
    instance:
    read {
        /// What tells whether a master secret is this database's.
        find_secret_check() -> Option<[u8; 32]>;
    }
    write {
        /// Marks a new database as belonging to a master secret; an existing mark stays.
        insert_instance(secret_check: &[u8; 32], now: Timestamp) -> ();
        /// Changes a counter that means nothing, to try whether the database takes writes.
        touch_instance() -> ();
        /// Keeps other starting processes waiting until the transaction ends.
        lock_instance() -> ();
    }
}
