//! The stored form of values in the details of events.

#![expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde passes a field by reference")]

/// An instant in RFC 3339.
pub(super) mod instant {
    use latchkey_licensing::time::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in crate::audit) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.rfc3339())
    }

    pub(in crate::audit) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        Timestamp::parse_rfc3339(&text).ok_or_else(|| D::Error::custom("not an instant"))
    }
}

/// An instant in RFC 3339, or null.
pub(super) mod instant_or_null {
    use latchkey_licensing::time::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(in crate::audit) fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(Timestamp::rfc3339).serialize(serializer)
    }

    pub(in crate::audit) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let read = |text: String| Timestamp::parse_rfc3339(&text).ok_or_else(|| D::Error::custom("not an instant"));
        text.map(read).transpose()
    }
}

/// The expiry of a license: an instant in RFC 3339, `never` or `after first use`.
pub(super) mod expiry {
    use latchkey_licensing::{license::Expiry, time::Timestamp};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use crate::audit::change::Change;

    const NEVER: &str = "never";
    const AFTER_FIRST_USE: &str = "after first use";

    fn text(expiry: Expiry) -> String {
        match expiry {
            Expiry::Never => NEVER.to_owned(),
            Expiry::AfterFirstUse => AFTER_FIRST_USE.to_owned(),
            Expiry::At(at) => at.rfc3339(),
        }
    }

    fn read(text: &str) -> Option<Expiry> {
        match text {
            NEVER => Some(Expiry::Never),
            AFTER_FIRST_USE => Some(Expiry::AfterFirstUse),
            at => Timestamp::parse_rfc3339(at).map(Expiry::At),
        }
    }

    pub(in crate::audit) fn serialize<S: Serializer>(
        change: &Option<Change<Expiry>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        change.map(|change| Change { from: text(change.from), to: text(change.to) }).serialize(serializer)
    }

    pub(in crate::audit) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Change<Expiry>>, D::Error> {
        let Some(change) = Option::<Change<String>>::deserialize(deserializer)? else {
            return Ok(None);
        };
        let expiry = |text: &str| read(text).ok_or_else(|| D::Error::custom("not an expiry"));
        Ok(Some(Change { from: expiry(&change.from)?, to: expiry(&change.to)? }))
    }
}

/// The fact that metadata changed. The metadata itself is not stored, because it may contain anything.
pub(super) mod metadata {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::IgnoredAny};

    use crate::audit::change::Change;

    pub(in crate::audit) fn serialize<S: Serializer>(_is_changed: &bool, serializer: S) -> Result<S::Ok, S::Error> {
        Change { from: false, to: true }.serialize(serializer)
    }

    pub(in crate::audit) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
        Change::<IgnoredAny>::deserialize(deserializer).map(|_| true)
    }
}

/// A role as one word.
pub(super) mod role {
    use latchkey_licensing::account::Role;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in crate::audit) fn read(word: &str) -> Option<Role> {
        [Role::Customer, Role::Support, Role::Admin].into_iter().find(|role| role.as_str() == word)
    }

    pub(in crate::audit) fn serialize<S: Serializer>(role: &Role, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(role.as_str())
    }

    pub(in crate::audit) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
        let word = String::deserialize(deserializer)?;
        read(&word).ok_or_else(|| D::Error::custom("not a role"))
    }
}
