//! Section `database`.

use serde::{Deserialize, Serialize};

use super::{
    Secret, SettingsError,
    field::{Field, field, secret},
};

pub(super) const FIELDS: &[Field] = &[
    secret("database.url", "sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME; if unset, SQLite in data_dir."),
    field("database.connections", "The largest number of connections to the database."),
    field(
        "database.transaction_pooler",
        "Whether PostgreSQL is reached through a pooler in transaction mode, such as PgBouncer.",
    ),
];

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    pub url: Secret,
    pub connections: u32,
    pub transaction_pooler: bool,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: Secret::default(), connections: 16, transaction_pooler: false }
    }
}

impl Database {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let is_known =
            |url: &str| ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
        match self.url.expose() {
            Some(url) if !is_known(url) => {
                Err(SettingsError::new("database.url must be sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME"))
            }
            _ => Ok(()),
        }
    }
}
