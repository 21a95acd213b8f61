//! Lists: frame, table, pages, selection and empty states.

mod frame;
mod paging;
mod states;
mod table;

pub(crate) use frame::ListHeader;
pub(crate) use paging::Paging;
pub(crate) use states::{EmptyList, TableSkeleton};
pub(crate) use table::DataTable;
