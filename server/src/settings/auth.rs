//! Section `auth`.

use serde::{Deserialize, Serialize};

use super::field::{Field, field};

pub(super) const FIELDS: &[Field] =
    &[field("auth.allow_signup", "Whether a confirmed sign-in of an unknown address makes an account.")];

/// Section `auth`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "FIELDS explains each")]
pub struct Auth {
    pub allow_signup: bool,
}
