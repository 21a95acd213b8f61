//! Texts of the vendor's content, which are checked as they are read.

pub mod releases;

use serde::Deserialize;

/// Text in Markdown, with the HTML that the server makes of it as it reads the content.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "String")]
pub struct Markdown {
    source: String,
    html: String,
}

impl From<String> for Markdown {
    fn from(source: String) -> Self {
        Self { html: String::new(), source }
    }
}

impl Markdown {
    /// Renders the text with `render`.
    pub fn render(&mut self, render: impl Fn(&str) -> String) {
        self.html = render(&self.source);
    }

    /// The text as it was written.
    pub fn source(&self) -> &str {
        self.source.trim()
    }

    /// The rendered text.
    pub fn html(&self) -> &str {
        &self.html
    }
}

/// Declares a type of text that is checked as it is read.
macro_rules! checked_text {
    ($($(#[$doc:meta])* $name:ident: $check:expr, $error:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let check: fn(&str) -> bool = $check;
                if check(&text) { Ok(Self(text)) } else { Err(format!(concat!("`{}` ", $error), text)) }
            }
        }

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}
pub(crate) use checked_text;

checked_text! {
    /// A name that can be part of an address.
    Slug: |text| {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !text.is_empty() && text.len() <= 60 && text.bytes().all(is_letter)
    }, "is not a name for addresses: use lower-case letters, digits and hyphens";
}
