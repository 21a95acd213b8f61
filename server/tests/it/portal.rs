//! The pages of the portal.

mod brand;
mod licenses;
mod overview;
mod pages;
mod rights;
