//! The catalog: forms of entries, what a change would do, and the file.

mod entry_form;
mod file;
mod plan;

pub(crate) use entry_form::EntryFormCard;
pub(crate) use file::FileCard;
pub(crate) use plan::PlanCard;
