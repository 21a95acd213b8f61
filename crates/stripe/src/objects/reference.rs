//! References to other objects, which Stripe expands on request
//! (<https://docs.stripe.com/api/expanding_objects>).

use serde::Deserialize;

/// An object that has an id.
pub trait Identified {
    /// Its id.
    fn id(&self) -> &str;
}

/// An object of which only the id matters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Reference {
    /// The object's id.
    pub id: String,
}

impl Identified for Reference {
    fn id(&self) -> &str {
        &self.id
    }
}

/// The id of an object, or the object itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Expandable<T = Reference> {
    /// Only the id.
    Id(String),
    /// The object.
    Object(Box<T>),
}

impl<T: Identified> Expandable<T> {
    /// The object's id.
    pub fn id(&self) -> &str {
        match self {
            Self::Id(id) => id,
            Self::Object(object) => object.id(),
        }
    }

    /// The object, if it is there.
    pub fn object(&self) -> Option<&T> {
        match self {
            Self::Id(_) => None,
            Self::Object(object) => Some(object),
        }
    }
}
