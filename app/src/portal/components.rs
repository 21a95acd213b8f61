//! Components of the portal's pages.

mod account_menu;
mod breadcrumb;
mod computers;
mod downloads;
mod key_row;
mod license_card;
mod license_table;
mod parts;
mod passkeys;
mod proof;
mod rail;

pub(crate) use account_menu::AccountMenu;
pub(crate) use breadcrumb::Breadcrumb;
pub(crate) use computers::{ComputerRows, ComputerTable, SlotMeter};
pub(crate) use downloads::ReleaseBuilds;
pub(crate) use key_row::KeyRow;
pub(crate) use license_card::{LicenseFacts, LicenseHead, LicenseNotice};
pub(crate) use license_table::{LicenseTable, Search};
pub(crate) use parts::Parts;
pub(crate) use passkeys::Passkeys;
pub(crate) use proof::Proof;
pub(crate) use rail::{HelpCard, NextStep};
