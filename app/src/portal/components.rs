//! Components of the portal's pages.

mod computers;
mod key_row;
mod passkeys;

pub(crate) use computers::{ComputerTable, SlotTiles};
pub(crate) use key_row::KeyRow;
pub(crate) use passkeys::Passkeys;
