//! The pages of the portal.

mod brand;
mod licenses;
mod names;
mod overview;
mod page_owner;
mod pages;
mod rights;
mod surfaces;
