//! Components of the portal's pages.

mod computers;
mod key_row;
mod passkeys;
mod proof;

pub(crate) use computers::{ComputerTable, SlotTiles};
pub(crate) use key_row::KeyRow;
pub(crate) use passkeys::Passkeys;
pub(crate) use proof::Proof;
