//! Acts: how they ask for confirmation, and how they report.

mod bulk;
mod confirm;
mod field;
mod toasts;

pub(crate) use bulk::BulkGroups;
pub(crate) use confirm::ConfirmForm;
pub(crate) use field::FormField;
pub(crate) use toasts::ToastRegion;
