//! Which rows of a list a person chose: some of them, or all that match the filters. Addresses and forms say it with the same
//! fields.

use std::str::FromStr;

use latchkey_service::Selection;
use uuid::Uuid;

use crate::{
    admin::{
        acts::Submission,
        model::lists::LinkTo,
        present::lists::{Fields, link, parse},
    },
    routes::AdminPage,
};

/// The id of a chosen row. It may be repeated.
const ID: &str = "id";
/// Says that all rows are chosen that match the filter.
const ALL: &str = "all";
/// The query of the list's address.
const FILTER: &str = "filter";

/// The chosen rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    ids: Vec<Uuid>,
    is_all: bool,
    filter: String,
}

impl Choice {
    /// What the query of a page's address or, if there is one, the submitted form says.
    pub(super) fn of(query: &str, form: Option<&Submission>) -> Self {
        match form {
            Some(form) => Self::read(form.all()),
            None => Self::read(parse(query).all()),
        }
    }

    fn read(fields: &[(String, String)]) -> Self {
        let get = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
        let ids = fields.iter().filter(|(field, _)| field == ID);
        Self {
            // What is not an id is no row.
            ids: ids.filter_map(|(_, value)| Uuid::from_str(value).ok()).collect(),
            is_all: get(ALL).is_some(),
            filter: get(FILTER).unwrap_or_default().to_owned(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.is_all && self.ids.is_empty()
    }

    /// The filters and the order of the list.
    pub(super) fn fields(&self) -> Fields {
        parse(&self.filter)
    }

    /// The chosen rows. Empty if all are chosen that match.
    pub(super) fn ids(&self) -> &[Uuid] {
        if self.is_all { &[] } else { &self.ids }
    }

    /// The licenses that an act changes.
    pub(super) fn selection(&self) -> Selection {
        if self.is_all {
            Selection::Filter(self.fields().start().all().to_vec())
        } else {
            Selection::Ids(self.ids.iter().copied().map(Into::into).collect())
        }
    }

    /// The fields of a form that say the same.
    pub(super) fn hidden_fields(&self) -> Vec<(String, String)> {
        let ids = self.ids().iter().map(|id| (ID.to_owned(), id.to_string()));
        let all = self.is_all.then(|| (ALL.to_owned(), "on".to_owned()));
        ids.chain(all).chain([(FILTER.to_owned(), self.filter.clone())]).collect()
    }

    /// The list as it was.
    pub(super) fn list(&self, label: &str, page: &AdminPage) -> LinkTo {
        LinkTo::new(label, link(page, &self.fields().start()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_forms_say_the_same() {
        let id = "0190f3c2-0000-7000-8000-000000000000";
        let query = format!("id={id}&id=x&id={id}&filter=q%3Da%2526b%26after%3Dx");
        let choice = Choice::of(&query, None);
        assert_eq!((choice.ids().len(), choice.is_empty()), (2, false));
        assert_eq!(choice.fields().get("q"), Some("a&b"));
        assert_eq!(choice.list("Licenses", &AdminPage::Licenses).href, "/admin/licenses?q=a%26b");
        let sent = serde_urlencoded::to_string(choice.hidden_fields()).expect("a form");
        assert_eq!(Choice::of("", Some(&Submission::parse(sent.as_bytes()))), choice);
        let all = Choice::of("all=on&filter=status%3Dactive", None);
        assert_eq!(all.selection(), Selection::Filter(vec![("status".to_owned(), "active".to_owned())]));
        assert!(all.ids().is_empty() && !all.is_empty());
        assert!(Choice::of("filter=status%3Dactive", None).is_empty());
        assert!(Choice::of("id=x", None).is_empty());
    }
}
