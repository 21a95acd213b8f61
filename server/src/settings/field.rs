//! What is said about each setting.

/// A setting: its key, what it is for, and whether its value is a secret.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Section and name, `server.listen`.
    pub key: &'static str,
    /// What it is for, in one sentence.
    pub help: &'static str,
    /// Whether its value must never be shown. Secrets may also come from a file, by `…_FILE`.
    pub is_secret: bool,
}

pub(super) const fn field(key: &'static str, help: &'static str) -> Field {
    Field { key, help, is_secret: false }
}

pub(super) const fn secret(key: &'static str, help: &'static str) -> Field {
    Field { key, help, is_secret: true }
}
