//! tower-sessions with our own storage.
//!
//! A session exists only after a sign-in. The use case that confirms the sign-in opens it, in the transaction
//! that uses the link, so this store only finds and ends sessions, and writes none (ADR 3).

use std::collections::HashMap;

use async_trait::async_trait;
use latchkey_app::server_side::session_token;
use latchkey_service::Service;
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

#[derive(Clone, Debug)]
pub(crate) struct Sessions(pub(crate) Service);

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, _record: &mut Record) -> Result<()> {
        Err(Error::Backend("a session is opened by signing in, not by writing to one".to_owned()))
    }

    async fn save(&self, _record: &Record) -> Result<()> {
        Err(Error::Backend("a session contains only who is signed in".to_owned()))
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = self.0.find_session(&session_token(*id)).await.map_err(failed)?;
        let record = |expiry_date| Record { id: *id, data: HashMap::new(), expiry_date };
        found.map(|who| expiry_date(who.expires_at.unix_micros()).map(record)).transpose()
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.sign_out(&session_token(*id)).await.map_err(failed)
    }
}

fn expiry_date(unix_micros: i64) -> Result<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(unix_micros) * 1_000)
        .map_err(|error| Error::Decode(error.to_string()))
}

fn failed(error: latchkey_service::Internal) -> Error {
    Error::Backend(error.to_string())
}
