//! Cursors: places in lists as opaque texts. They are encrypted, because they contain addresses and appear in URLs, and bound
//! to their list and its order.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_store::{Position, RowId, SortKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{error::Internal, service::Service};

/// The longest cursor. The longest address fits.
const MAX_LENGTH: usize = 1_000;

/// The content of a cursor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    id: String,
    /// Whether the id is a UUID.
    is_uuid: bool,
}

impl From<&Position> for Content {
    fn from(position: &Position) -> Self {
        let (number, text) = match &position.key {
            SortKey::None => (None, None),
            SortKey::Number(number) => (Some(*number), None),
            SortKey::Text(text) => (None, Some(text.clone())),
        };
        let (id, is_uuid) = match &position.id {
            RowId::Uuid(id) => (id.to_string(), true),
            RowId::Text(id) => (id.clone(), false),
        };
        Self { number, text, id, is_uuid }
    }
}

impl Content {
    fn position(self) -> Option<Position> {
        let key = match (self.number, self.text) {
            (None, None) => SortKey::None,
            (Some(number), None) => SortKey::Number(number),
            (None, Some(text)) => SortKey::Text(text),
            (Some(_), Some(_)) => return None,
        };
        let id = if self.is_uuid { RowId::Uuid(Uuid::parse_str(&self.id).ok()?) } else { RowId::Text(self.id) };
        Some(Position { key, id })
    }
}

impl Service {
    /// The cursor of a place. `list` names the list and its order.
    pub(crate) fn seal_cursor(&self, list: &str, position: &Position) -> Result<String, Internal> {
        let content = serde_json::to_vec(&Content::from(position))
            .map_err(|why| Internal::Document { what: "a cursor".to_owned(), why })?;
        let sealed = self.0.vault.seal_cursor(list, &content, self.random()?);
        let sealed = sealed.ok_or(Internal::Invariant("a cursor cannot be encrypted"))?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The place that a cursor stands for. `None` if it was not made for this list and order.
    pub(crate) fn open_cursor(&self, list: &str, cursor: &str) -> Option<Position> {
        if cursor.len() > MAX_LENGTH {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let content = self.0.vault.open_cursor(list, &sealed).ok()?;
        serde_json::from_slice::<Content>(&content).ok()?.position()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_survive() {
        for key in [SortKey::None, SortKey::Number(-5), SortKey::Text("émile@example.com".to_owned())] {
            for id in [RowId::Uuid(Uuid::from_u128(7)), RowId::Text("evt_1".to_owned())] {
                let position = Position { key: key.clone(), id };
                let json = serde_json::to_vec(&Content::from(&position)).expect("JSON");
                let read: Content = serde_json::from_slice(&json).expect("JSON");
                assert_eq!(read.position(), Some(position));
            }
        }
    }
}
