//! The pages of the portal.

mod brand;
mod licenses;
mod pages;
mod rights;
