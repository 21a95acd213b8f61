//! Pages of the catalog: what is sold, its entries, and changes of it, in the words of the pages.

pub(crate) mod entry;
pub(crate) mod overview;
pub(crate) mod plan;
pub(crate) mod words;
