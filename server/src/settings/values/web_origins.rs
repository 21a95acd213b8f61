//! Origins of web pages that may use the API.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Origins as browsers send them, such as `https://app.example.com`, `tauri://localhost`, or `null` for local files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebOrigins(Vec<String>);

impl WebOrigins {
    /// The word for any origin.
    pub const ANY: &str = "*";

    /// The origins. Empty if pages may not use the API.
    pub fn all(&self) -> &[String] {
        &self.0
    }

    fn parse(text: &str) -> Result<String, String> {
        let origin = text.trim().trim_end_matches('/').to_ascii_lowercase();
        let is_authority = |rest: &str| {
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte))
        };
        let is_scheme = |scheme: &str| {
            scheme.starts_with(|first: char| first.is_ascii_lowercase())
                && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        };
        let is_origin = origin.split_once("://").is_some_and(|(scheme, rest)| is_scheme(scheme) && is_authority(rest));
        if origin == Self::ANY || origin == "null" || is_origin {
            return Ok(origin);
        }
        Err(format!(
            "`{text}` is not an origin: use one such as https://app.example.com or tauri://localhost, null for local files, \
             or * for any"
        ))
    }
}

impl<'de> Deserialize<'de> for WebOrigins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Text(String),
            List(Vec<String>),
        }
        let given = match Given::deserialize(deserializer)? {
            Given::Text(text) => text.split(',').map(str::to_owned).collect(),
            Given::List(list) => list,
        };
        let named = given.iter().filter(|text| !text.trim().is_empty());
        named.map(|text| Self::parse(text).map_err(serde::de::Error::custom)).collect::<Result<_, _>>().map(Self)
    }
}

impl Serialize for WebOrigins {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_as_browsers_send_them() {
        for (text, origin) in [
            ("https://app.example.com", Some("https://app.example.com")),
            (" HTTPS://App.Example.com/ ", Some("https://app.example.com")),
            ("http://localhost:5173", Some("http://localhost:5173")),
            ("tauri://localhost", Some("tauri://localhost")),
            ("app://.", Some("app://.")),
            ("null", Some("null")),
            ("*", Some("*")),
            ("app.example.com", None),
            ("https://", None),
            ("https://app.example.com/path", None),
            ("https://*.example.com", None),
            ("https://user@example.com", None),
            ("https://app.example.com?x", None),
            ("https://app.example.com\r\nx: y", None),
            ("://x", None),
        ] {
            assert_eq!(WebOrigins::parse(text).ok().as_deref(), origin, "{text}");
        }
    }

    #[test]
    fn a_list_may_be_a_text() {
        let read = |json: &str| serde_json::from_str::<WebOrigins>(json).map(|origins| origins.0.len()).ok();
        assert_eq!(read("\"\""), Some(0));
        assert_eq!(read("\"https://a.example, null\""), Some(2));
        assert_eq!(read("[\"https://a.example\"]"), Some(1));
        assert_eq!(read("\"https://a.example, nothing\""), None);
    }
}
