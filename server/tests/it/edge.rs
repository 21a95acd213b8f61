//! The edge: what the server accepts from clients.

mod forms;
