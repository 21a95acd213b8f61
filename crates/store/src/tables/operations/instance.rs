//! The instance's identity: which master secret its database belongs to.

use latchkey_licensing::time::Timestamp;

use crate::tables::methods;

methods! {
    instance:
    read {
        /// A value derived from the master secret to which the database belongs.
        find_secret_check() -> Option<[u8; 32]>;
    }
    write {
        /// Binds a new database to a master secret. An existing value is not changed.
        insert_instance(secret_check: &[u8; 32], now: Timestamp) -> ();
        /// Writes the row unchanged, to test whether the database accepts writes.
        touch_instance() -> ();
        /// Blocks other starting processes until the transaction ends.
        lock_instance() -> ();
    }
}
