//! Lists: filters, and pages in both directions.

use serde_json::{Value, json};

use super::Answered;
use crate::stripe::{
    state::State,
    wire::{
        fields::{int, text},
        params::Params,
        refusal::Refusal,
    },
};

const PAGING: &[&str] = &["limit", "starting_after", "ending_before", "created", "created.*"];

/// The objects of a kind, newest first, filtered by the given fields.
pub(super) fn list(state: &State, kind: &str, url: &str, params: &Params, filters: &[&str]) -> Answered {
    list_where(state, kind, url, params, filters, |_| true)
}

/// As [`list`], with another condition, for which `filters` names the parameters as well.
pub(super) fn list_where(
    state: &State,
    kind: &str,
    url: &str,
    params: &Params,
    filters: &[&str],
    mut is_wanted: impl FnMut(&Value) -> bool,
) -> Answered {
    params.only(&[PAGING, filters].concat())?;
    let range = Range::of(params)?;
    let fits = |object: &&Value| filters.iter().all(|name| has(object, name, params)) && range.has(object);
    let found: Vec<&Value> = state.objects.newest(kind).filter(fits).filter(|object| is_wanted(object)).collect();
    page(&found, url, params)
}

fn has(object: &Value, name: &str, params: &Params) -> bool {
    let (Some(wanted), Some(field)) = (params.text(name), object.get(name)) else { return true };
    match field {
        Value::String(text) => text == wanted,
        Value::Bool(is_set) => is_set.to_string() == wanted,
        _ => false,
    }
}

/// The `created` filter.
struct Range {
    exactly: Option<i64>,
    bounds: [Option<i64>; 4],
}

impl Range {
    fn of(params: &Params) -> Result<Self, Refusal> {
        let bound = |name: &str| params.int(&format!("created.{name}"));
        Ok(Self { exactly: params.int("created")?, bounds: [bound("gt")?, bound("gte")?, bound("lt")?, bound("lte")?] })
    }

    fn has(&self, object: &Value) -> bool {
        let at = int(object, "created");
        let [gt, gte, lt, lte] = self.bounds;
        self.exactly.is_none_or(|exactly| at == exactly)
            && gt.is_none_or(|bound| at > bound)
            && gte.is_none_or(|bound| at >= bound)
            && lt.is_none_or(|bound| at < bound)
            && lte.is_none_or(|bound| at <= bound)
    }
}

/// The page of a list that the parameters ask for.
pub(super) fn page(found: &[&Value], url: &str, params: &Params) -> Answered {
    let limit = params.int("limit")?.unwrap_or(10);
    let limit = usize::try_from(limit).ok().filter(|limit| (1..=100).contains(limit));
    let Some(limit) = limit else {
        return Err(Refusal::invalid("limit", "This value must be between 1 and 100."));
    };
    let place = |name: &str| match params.text(name) {
        None => Ok(None),
        Some(id) => {
            let at = found.iter().position(|object| text(object, "id") == id);
            at.map(Some).ok_or_else(|| Refusal::no_such_in("object", id, name))
        }
    };
    let (after, before) = (place("starting_after")?, place("ending_before")?);
    let (data, has_more) = match (after, before) {
        (Some(_), Some(_)) => {
            return Err(Refusal::request(
                None,
                "You can only specify one of these parameters: ending_before, starting_after.",
            ));
        }
        (_, Some(before)) => {
            let start = before.saturating_sub(limit);
            (found.get(start..before).unwrap_or_default(), start > 0)
        }
        (after, None) => {
            let start = after.map_or(0, |at| at + 1);
            let end = (start + limit).min(found.len());
            (found.get(start..end).unwrap_or_default(), end < found.len())
        }
    };
    Ok(json!({ "object": "list", "url": url, "has_more": has_more, "data": data }))
}
