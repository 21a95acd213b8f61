//! Types of values that settings have.

pub(super) mod accent;
pub(super) mod proxies;
pub(super) mod secret;
pub(super) mod surfaces;
pub(super) mod web_origins;
