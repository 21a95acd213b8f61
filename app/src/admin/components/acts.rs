//! Acts: how they ask for confirmation, and how they report.

mod confirm;
mod field;
mod toasts;

pub(crate) use confirm::{ConfirmDialog, ConfirmForm};
pub(crate) use field::FormField;
pub(crate) use toasts::ToastRegion;
