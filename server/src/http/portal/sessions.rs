//! tower-sessions over our own storage.
//!
//! A session exists only once someone has signed in, and it is opened by the use case that confirms
//! the sign-in, in the same transaction that uses the link up. So this store reads and ends
//! sessions; it neither makes nor changes any.

use async_trait::async_trait;
use latchkey_app::server_side::session_token;
use latchkey_service::Service;
use serde_json::json;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

/// Under this key a session says that someone is signed in; who, the use case tells.
const MARK: &str = "signed_in";

#[derive(Clone, Debug)]
pub(crate) struct Sessions(pub(crate) Service);

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, _record: &mut Record) -> Result<()> {
        Err(Error::Backend("a session is opened by signing in, not by writing to one".to_owned()))
    }

    async fn save(&self, _record: &Record) -> Result<()> {
        Err(Error::Backend("a session holds nothing but who is signed in".to_owned()))
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found =
            self.0.find_session(&session_token(*id)).await.map_err(|error| Error::Backend(error.to_string()))?;
        Ok(found.map(|_| Record {
            id: *id,
            data: [(MARK.to_owned(), json!(true))].into(),
            // Expiry is the use case's, by its own clock; this date only has to lie ahead.
            expiry_date: time::OffsetDateTime::from_unix_timestamp(32_503_680_000)
                .unwrap_or(time::OffsetDateTime::UNIX_EPOCH),
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.sign_out(&session_token(*id)).await.map_err(|error| Error::Backend(error.to_string()))
    }
}
