//! Parameters as Stripe takes them: form-encoded, with nested names such as `line_items[0][price]`.

use serde_json::{Map, Value};
use url::form_urlencoded;

use super::refusal::Refusal;

/// A tree of objects whose leaves are texts. Lists are objects with numbers as names.
///
/// Paths are written with dots: `payment_intent_data.description`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Params(Value);

impl Params {
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        let mut root = Value::Object(Map::new());
        for (name, value) in form_urlencoded::parse(encoded) {
            insert(&mut root, &split(&name), &value);
        }
        Self(root)
    }

    fn find(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(&self.0, |value, name| value.get(name))
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.find(path).is_some()
    }

    /// A text. An empty one counts as missing, because Stripe uses it to unset fields.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.find(path).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn required(&self, path: &str) -> Result<&str, Refusal> {
        self.text(path).ok_or_else(|| Refusal::missing(&brackets(path)))
    }

    pub(crate) fn int(&self, path: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(path) else { return Ok(None) };
        let refused = |_| Refusal::request(Some("parameter_invalid_integer"), format!("Invalid integer: {text}"));
        text.parse().map(Some).map_err(|error| refused(error).about(&brackets(path)))
    }

    pub(crate) fn flag(&self, path: &str) -> Result<Option<bool>, Refusal> {
        match self.text(path) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => {
                let param = brackets(path);
                Err(Refusal::invalid(&param, format!("Invalid boolean: {other}")))
            }
        }
    }

    /// The elements of a list, in the order of their numbers.
    pub(crate) fn items(&self, path: &str) -> Vec<Self> {
        let mut numbered: Vec<(usize, &Value)> = match self.find(path) {
            Some(Value::Object(fields)) => {
                fields.iter().filter_map(|(name, value)| Some((name.parse().ok()?, value))).collect()
            }
            _ => Vec::new(),
        };
        numbered.sort_by_key(|(number, _)| *number);
        numbered.into_iter().map(|(_, value)| Self(value.clone())).collect()
    }

    /// The texts of a list.
    pub(crate) fn texts(&self, path: &str) -> Vec<String> {
        self.items(path).iter().filter_map(|item| item.0.as_str().map(str::to_owned)).collect()
    }

    /// The nested parameters below a path.
    pub(crate) fn below(&self, path: &str) -> Self {
        Self(self.find(path).cloned().unwrap_or(Value::Object(Map::new())))
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if let Some(fields) = self.0.as_object_mut() {
            fields.remove(name);
        }
    }

    /// Names and texts, as in `metadata`.
    pub(crate) fn map(&self, path: &str) -> Map<String, Value> {
        match self.find(path) {
            Some(Value::Object(fields)) => {
                fields.iter().filter(|(_, value)| value.is_string()).map(|(k, v)| (k.clone(), v.clone())).collect()
            }
            _ => Map::new(),
        }
    }

    /// Metadata, within Stripe's limits.
    pub(crate) fn metadata(&self, path: &str) -> Result<Value, Refusal> {
        let metadata = self.map(path);
        let param = brackets(path);
        if metadata.len() > 50 {
            return Err(Refusal::invalid(&param, "Metadata can have at most 50 keys."));
        }
        for (name, value) in &metadata {
            if name.chars().count() > 40 {
                return Err(Refusal::invalid(&param, "Metadata keys can be at most 40 characters long."));
            }
            if value.as_str().unwrap_or_default().chars().count() > 500 {
                return Err(Refusal::invalid(
                    &format!("{param}[{name}]"),
                    "Metadata values can be at most 500 characters long.",
                ));
            }
        }
        Ok(metadata.into())
    }

    /// Refuses parameters that match none of the patterns, as in `line_items.#.price`. `#` is any number, `*` any name.
    pub(crate) fn only(&self, patterns: &[&str]) -> Result<(), Refusal> {
        let mut leaves = Vec::new();
        collect(&self.0, &mut Vec::new(), &mut leaves);
        for leaf in leaves {
            let fits = |pattern: &str| {
                let parts: Vec<&str> = pattern.split('.').collect();
                let same = |(part, name): (&&str, &String)| match *part {
                    "*" => true,
                    "#" => name.parse::<usize>().is_ok(),
                    part => part == name,
                };
                // A shorter name unsets all that is below it.
                leaf.len() <= parts.len() && parts.iter().zip(&leaf).all(same)
            };
            let is_expand = leaf.first().is_some_and(|name| name == "expand");
            if !is_expand && !patterns.iter().any(|pattern| fits(pattern)) {
                return Err(Refusal::unknown(&brackets(&leaf.join("."))));
            }
        }
        Ok(())
    }
}

/// The name of a parameter as Stripe writes it: `a.b.c` is `a[b][c]`.
pub(crate) fn brackets(path: &str) -> String {
    let mut parts = path.split('.');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| format!("{name}[{part}]"))
}

/// `a[b][]` is `a`, `b` and an empty name.
fn split(name: &str) -> Vec<String> {
    let mut parts = name.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.trim_end_matches(']').to_owned());
    std::iter::once(first).chain(rest).collect()
}

fn insert(node: &mut Value, path: &[String], text: &str) {
    let Some((name, rest)) = path.split_first() else {
        *node = text.into();
        return;
    };
    if !node.is_object() {
        *node = Value::Object(Map::new());
    }
    if let Some(fields) = node.as_object_mut() {
        let name = if name.is_empty() { fields.len().to_string() } else { name.clone() };
        insert(fields.entry(name).or_insert(Value::Null), rest, text);
    }
}

fn collect(node: &Value, path: &mut Vec<String>, leaves: &mut Vec<Vec<String>>) {
    match node {
        Value::Object(fields) => {
            for (name, value) in fields {
                path.push(name.clone());
                collect(value, path, leaves);
                path.pop();
            }
        }
        _ => leaves.push(path.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::Params;

    #[test]
    fn nested_names_become_a_tree_and_lists_keep_their_order() {
        let encoded = b"line_items[0][price]=a&line_items[10][price]=c&line_items[2][price]=b&metadata[order%20no]=7\
                        &expand[]=x&expand[]=y&customer=";
        let params = Params::parse(encoded);
        let prices: Vec<String> =
            params.items("line_items").iter().map(|item| item.text("price").expect("a price").to_owned()).collect();
        assert_eq!(prices, ["a", "b", "c"]);
        assert_eq!(params.texts("expand"), ["x", "y"]);
        assert_eq!(params.map("metadata")["order no"], "7");
        assert_eq!(params.text("customer"), None);
        assert!(params.only(&["line_items.#.price", "metadata.*", "customer"]).is_ok());
        let refusal = params.only(&["line_items.#.quantity", "metadata.*", "customer"]).expect_err("unknown");
        assert_eq!(refusal.param.as_deref(), Some("line_items[0][price]"));
    }
}
