//! Pages for people: plain HTML without script.

pub(crate) mod checkout;
pub(crate) mod desk;
mod html;
pub(crate) mod portal;
pub(crate) mod receipts;
mod tables;
