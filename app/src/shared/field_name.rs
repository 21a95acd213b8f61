//! Names of fields in errors.

use serde::{Deserialize, Serialize};

/// The longest name.
const LONGEST: usize = 24;

/// The name of a form's field, shortened if it is long. Empty if the whole form cannot be read.
///
/// It takes no allocation, so that errors can be copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct FieldName([u8; LONGEST]);

impl FieldName {
    pub(crate) fn new(name: &str) -> Self {
        let mut bytes = [0; LONGEST];
        let known = name.bytes().filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        for (to, from) in bytes.iter_mut().zip(known) {
            *to = from;
        }
        Self(bytes)
    }

    pub(crate) fn as_str(&self) -> &str {
        let used = self.0.split(|byte| *byte == 0).next().unwrap_or_default();
        str::from_utf8(used).unwrap_or_default()
    }
}

impl From<String> for FieldName {
    fn from(name: String) -> Self {
        Self::new(&name)
    }
}

impl From<FieldName> for String {
    fn from(name: FieldName) -> Self {
        name.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::FieldName;

    #[test]
    fn names_are_short_and_harmless() {
        assert_eq!(FieldName::new("email").as_str(), "email");
        assert_eq!(FieldName::new("<b>\"x_1\"").as_str(), "bx_1");
        assert_eq!(FieldName::new(&"n".repeat(100)).as_str().len(), 24);
        assert_eq!(FieldName::default().as_str(), "");
    }
}
