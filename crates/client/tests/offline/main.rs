//! Offline verification and access decisions, for files signed by a vendor's key.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod access;
mod corpus;
mod vectors;
mod vendor;
