//! Parts that pages are made of.

mod address;
mod computers;
mod forms;
mod icon;
mod key_row;
mod message;
mod text;
mod theme;

pub(crate) use computers::{ComputerTable, PlaceTiles};
pub(crate) use forms::{HiddenField, Submit};
pub(crate) use icon::{Icon, Symbol};
pub(crate) use key_row::KeyRow;
pub(crate) use message::{Failure, Message, Problem};
pub(crate) use text::{PageTitle, StatusBadge, Time};
pub(crate) use theme::ThemeChoice;
