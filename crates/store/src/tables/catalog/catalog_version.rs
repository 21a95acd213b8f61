//! The catalog's version, which triggers increase.

use crate::tables::methods;

methods! {
    catalog_version:
    read {
        /// How often products, policies and entitlements have changed.
        catalog_version() -> i64;
    }
    write {}
}
