//! How pages and the server exchange data: what a page shows, and the forms that it sends.

pub(crate) mod form_action;
pub(crate) mod page_data;
pub(crate) mod page_form;
pub(crate) mod page_json;
