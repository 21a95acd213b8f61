//! Issuing, showing, changing, importing and exporting licenses.

pub(crate) mod customer;
pub(crate) mod customer_record;
pub(crate) mod export;
pub(crate) mod first_use;
pub(crate) mod import;
pub(crate) mod issue;
pub(crate) mod keys;
pub(crate) mod row;
pub(crate) mod standing;
pub(crate) mod terms;
pub(crate) mod view;
