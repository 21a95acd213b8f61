//! Components used by the pages of all areas.

mod copy;
mod forms;
mod icon;
mod message;
mod text;

pub(crate) use copy::CopyButton;
pub(crate) use forms::{HiddenField, Submit};
pub(crate) use icon::{Icon, IconName};
pub(crate) use message::{Failure, Message, Problem};
pub(crate) use text::{Heading, PageTitle, StatusBadge, Time};
