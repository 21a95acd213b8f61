//! Buying, as visitors and customers see it: the start page, the pages around a checkout, and orders in the portal.

mod checkout;
mod orders;
mod start_page;
