//! The form in which server functions are called: the fields of an HTML form, URL-encoded.

#[cfg(feature = "ssr")]
pub use server::PageForm;

/// Browsers only write it.
#[cfg(not(feature = "ssr"))]
pub type PageForm = leptos::server_fn::codec::PostUrl;

/// The server reads it like the framework does, and says which field is wrong.
#[cfg(feature = "ssr")]
mod server {
    use latchkey_licensing::nesting;
    use leptos::server_fn::{
        Bytes, ContentType, Decodes, Encodes, Format, FormatType,
        codec::{Post, PostUrl},
    };
    use serde::{Serialize, de::DeserializeOwned};

    use crate::shared::field_name::FieldName;

    pub type PageForm = Post<Fields>;

    /// How deep fields may be nested, as in the framework.
    const MAX_FIELD_DEPTH: usize = 5;

    /// How deep JSON in a field may be nested.
    const MAX_JSON_DEPTH: usize = 32;

    /// The fields of a form.
    #[derive(Debug)]
    pub struct Fields;

    /// Which field is missing or cannot be read.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct WrongField(FieldName);

    impl std::fmt::Display for WrongField {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0.as_str())
        }
    }

    impl ContentType for Fields {
        const CONTENT_TYPE: &'static str = PostUrl::CONTENT_TYPE;
    }

    impl FormatType for Fields {
        const FORMAT_TYPE: Format = Format::Text;
    }

    impl<T: Serialize> Encodes<T> for Fields {
        type Error = serde_qs::Error;

        fn encode(value: &T) -> Result<Bytes, Self::Error> {
            serde_qs::to_string(value).map(Bytes::from)
        }
    }

    impl<T: DeserializeOwned> Decodes<T> for Fields {
        type Error = WrongField;

        fn decode(bytes: Bytes) -> Result<T, WrongField> {
            let unreadable = WrongField(FieldName::default());
            let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(&bytes).map_err(|_| unreadable)?;
            let deep = fields.iter().find(|(_, value)| nesting::is_deeper_than(value.as_bytes(), MAX_JSON_DEPTH));
            if let Some((name, _)) = deep {
                return Err(WrongField(FieldName::new(name)));
            }
            let config = serde_qs::Config::new(MAX_FIELD_DEPTH, false);
            let reader = serde_qs::Deserializer::with_config(&config, &bytes).map_err(|_| unreadable)?;
            serde_path_to_error::deserialize(reader).map_err(|error| {
                let why = error.inner().to_string();
                let missing = why.split_once("missing field `").and_then(|(_, rest)| rest.split('`').next());
                let at = error.path().to_string();
                let name = missing.unwrap_or_else(|| at.split(['.', '[']).next().unwrap_or_default());
                WrongField(FieldName::new(name))
            })
        }
    }

    #[cfg(test)]
    mod tests {
        use std::collections::HashMap;

        use serde::Deserialize;

        use super::*;

        #[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        struct Form {
            email: String,
            #[serde(default)]
            page: u32,
            next: Option<String>,
            #[serde(default)]
            fields: HashMap<String, String>,
        }

        fn read(text: &str) -> Result<Form, String> {
            Fields::decode(Bytes::from(text.to_owned())).map_err(|error: WrongField| error.to_string())
        }

        #[test]
        fn the_wrong_field_is_named() {
            assert_eq!(read(""), Err("email".to_owned()));
            assert_eq!(read("page=1"), Err("email".to_owned()));
            assert_eq!(read("email=a&page=x"), Err("page".to_owned()));
            assert_eq!(read("email[x]=a"), Err("email".to_owned()));
            let deep = format!("email={}", "%5B".repeat(33));
            assert_eq!(read(&deep), Err("email".to_owned()));
            assert!(read(&format!("email={}", "%5B".repeat(32))).is_ok());
            assert!(read("{\"email\":\"a\"}").is_err());
        }

        #[test]
        fn what_is_written_is_read() {
            let fields = [("a b".to_owned(), "ö&=%".to_owned())].into();
            let form = Form { email: "ada+1@example.com".to_owned(), page: 3, next: Some("/x?y=z".to_owned()), fields };
            let written = Fields::encode(&form).expect("written");
            assert_eq!(Fields::decode(written), Ok::<Form, WrongField>(form));
        }
    }
}
