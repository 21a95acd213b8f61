//! Acts on lists: on many records, exports, and saved views.

pub(super) mod bulk;
mod choice;
pub(super) mod export;
pub(super) mod issue;
pub(super) mod views;
