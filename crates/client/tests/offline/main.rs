//! Verification and standing offline, over files that a vendor's key signed.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test reports")]

mod corpus;
mod standing;
mod vectors;
mod vendor;
