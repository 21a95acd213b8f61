//! Descriptions of settings.

#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Section and name, such as `server.listen`.
    pub key: &'static str,
    /// One sentence about its purpose.
    pub help: &'static str,
    /// Whether its value must never be shown. Secrets can also be read from files, with `…_FILE`.
    pub is_secret: bool,
}

pub(super) const fn field(key: &'static str, help: &'static str) -> Field {
    Field { key, help, is_secret: false }
}

pub(super) const fn secret(key: &'static str, help: &'static str) -> Field {
    Field { key, help, is_secret: true }
}
