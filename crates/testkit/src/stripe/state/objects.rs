//! All objects by id, and the order in which those of a kind were created.

use std::collections::HashMap;

use serde_json::Value;

use crate::stripe::wire::fields::text;

#[derive(Debug, Default)]
pub(crate) struct Objects {
    by_id: HashMap<String, Value>,
    by_kind: HashMap<&'static str, Vec<String>>,
}

impl Objects {
    pub(crate) fn insert(&mut self, kind: &'static str, id: String, object: Value) {
        self.by_kind.entry(kind).or_default().push(id.clone());
        self.by_id.insert(id, object);
    }

    pub(crate) fn find(&self, kind: &str, id: &str) -> Option<&Value> {
        self.any(id).filter(|object| text(object, "object") == kind)
    }

    /// An object of any kind.
    pub(crate) fn any(&self, id: &str) -> Option<&Value> {
        self.by_id.get(id)
    }

    /// An object that other objects of the double refer to.
    pub(crate) fn get(&self, id: &str) -> &Value {
        self.by_id.get(id).expect("objects of the double refer to existing ones")
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> &mut Value {
        self.by_id.get_mut(id).expect("objects of the double refer to existing ones")
    }

    pub(crate) fn remove(&mut self, kind: &str, id: &str) {
        self.by_id.remove(id);
        if let Some(ids) = self.by_kind.get_mut(kind) {
            ids.retain(|other| other != id);
        }
    }

    /// The objects of a kind, newest first.
    pub(crate) fn newest<'a>(&'a self, kind: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        let ids = self.by_kind.get(kind).map(Vec::as_slice).unwrap_or_default();
        ids.iter().rev().filter_map(|id| self.by_id.get(id))
    }

    /// The ids of a kind's objects with this field, oldest first.
    pub(crate) fn with(&self, kind: &str, name: &str, value: &str) -> Vec<String> {
        let mut found: Vec<String> =
            self.newest(kind).filter(|o| text(o, name) == value).map(|o| text(o, "id").to_owned()).collect();
        found.reverse();
        found
    }
}
