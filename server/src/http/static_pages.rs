//! Pages that are rendered in advance: the site, the documentation, and the pages of errors.

pub(crate) mod docs;
pub(crate) mod payment_pages;
pub(crate) mod plain_pages;
pub(crate) mod prerendered;
pub(crate) mod site;
