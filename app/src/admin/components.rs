//! Components of the admin portal. They show what the server sends and work without script.

pub(crate) mod acts;
pub(crate) mod catalog;
pub(crate) mod charts;
mod copyable;
mod icon;
pub(crate) mod list;
mod menu;
pub(crate) mod object;
mod value;

pub(crate) use copyable::Copyable;
pub(crate) use icon::{AdminIcon, AdminIconName};
pub(crate) use menu::Menu;
pub(crate) use value::Value;
