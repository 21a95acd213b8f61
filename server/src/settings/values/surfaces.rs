//! The parts of the product that an instance serves.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A part of the product that an instance may serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// `/`.
    Site,
    /// `/docs`.
    Docs,
    /// `/portal` and `/checkout`, with `/login`.
    Portal,
    /// `/admin`, with `/login` and the pages of the person's own account.
    Admin,
    /// `/v1`.
    Api,
    /// `/webhooks`.
    Webhooks,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surfaces(Arc<[Surface]>);

impl Surface {
    const ALL: [(&'static str, Self); 6] = [
        ("site", Self::Site),
        ("docs", Self::Docs),
        ("portal", Self::Portal),
        ("admin", Self::Admin),
        ("api", Self::Api),
        ("webhooks", Self::Webhooks),
    ];
}

impl Surfaces {
    pub fn has(&self, surface: Surface) -> bool {
        self.0.contains(&surface)
    }
}

impl Default for Surfaces {
    fn default() -> Self {
        Self(Surface::ALL.iter().map(|(_, surface)| *surface).collect())
    }
}

impl<'de> Deserialize<'de> for Surfaces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Text(String),
            List(Vec<String>),
        }
        let words = match Given::deserialize(deserializer)? {
            Given::Text(text) => text.split(',').map(|word| word.trim().to_owned()).collect(),
            Given::List(words) => words,
        };
        if words == ["all"] {
            return Ok(Self::default());
        }
        let read = |word: &String| {
            Surface::ALL.iter().find(|(name, _)| name == word).map(|(_, surface)| *surface).ok_or_else(|| {
                serde::de::Error::custom(format!(
                    "`{word}` is not a surface: use all, or some of site, docs, portal, admin, api, webhooks"
                ))
            })
        };
        words.iter().map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl Serialize for Surfaces {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names = Surface::ALL.iter().filter(|(_, surface)| self.has(*surface)).map(|(name, _)| *name);
        serializer.serialize_str(&names.collect::<Vec<_>>().join(","))
    }
}
