//! Section `auth`.

use serde::{Deserialize, Serialize};

use super::field::{Field, field};

pub(super) const FIELDS: &[Field] =
    &[field("auth.allow_signup", "Whether signing in with an unknown address creates an account.")];

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    pub allow_signup: bool,
}
