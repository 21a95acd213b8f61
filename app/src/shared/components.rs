//! Components that pages of every area use.

mod forms;
mod icon;
mod message;
mod text;

pub(crate) use forms::{HiddenField, Submit};
pub(crate) use icon::{Icon, Symbol};
pub(crate) use message::{Failure, Message, Problem};
pub(crate) use text::{PageTitle, StatusBadge, Time};
