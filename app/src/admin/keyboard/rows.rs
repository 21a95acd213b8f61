//! Moving through the rows of a table, selecting them, and coming back to the row that was left.

/// The element id of a row.
pub(crate) fn element_id(row: &str) -> String {
    format!("row-{row}")
}

/// The row to which the focus moves: from nowhere to the first, and not beyond the ends.
#[cfg(any(feature = "hydrate", test))]
fn neighbor(current: Option<usize>, count: usize, step: i32) -> Option<usize> {
    let last = count.checked_sub(1)?;
    Some(match current {
        None => 0,
        Some(at) if step < 0 => at.saturating_sub(1),
        Some(at) => at.saturating_add(1).min(last),
    })
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::{
        ev, html,
        prelude::*,
        web_sys::{Element, HtmlFormElement, HtmlInputElement, NodeList},
    };
    use wasm_bindgen::{JsCast, JsValue};

    use super::neighbor;
    use crate::admin::keyboard::dom;

    fn elements(list: &NodeList) -> Vec<Element> {
        (0..list.length()).filter_map(|at| list.item(at)?.dyn_into().ok()).collect()
    }

    /// Moves the focus to the next or the previous row of the page's table.
    pub(crate) fn move_focus(step: i32) -> bool {
        let Ok(found) = document().query_selector_all("main [data-row]") else {
            return false;
        };
        let links = elements(&found);
        let focused = document().active_element();
        let row = focused.and_then(|element| element.closest("tr").ok().flatten());
        let current = row.and_then(|row| links.iter().position(|link| row.contains(Some(link))));
        neighbor(current, links.len(), step).and_then(|at| links.get(at)).is_some_and(dom::focus)
    }

    fn boxes(form: NodeRef<html::Form>) -> Vec<HtmlInputElement> {
        let form: Option<HtmlFormElement> = form.get_untracked();
        let found = form.and_then(|form| form.query_selector_all("tbody input[type=checkbox]").ok());
        found.iter().flat_map(elements).filter_map(|element| element.dyn_into().ok()).collect()
    }

    pub(crate) fn count_selected(form: NodeRef<html::Form>) -> usize {
        boxes(form).iter().filter(|field| field.checked()).count()
    }

    pub(crate) fn select_all(form: NodeRef<html::Form>, is_selected: bool) {
        for field in boxes(form) {
            field.set_checked(is_selected);
        }
    }

    /// Ends the selection, and with it the choice of all rows that match.
    pub(crate) fn clear_selection() {
        let found = document().query_selector_all("main .selection input[type=checkbox]");
        for element in found.iter().flat_map(elements) {
            if let Ok(field) = element.dyn_into::<HtmlInputElement>() {
                field.set_checked(false);
            }
        }
    }

    /// Selects the rows between the last clicked box and this one, if the Shift key is held. Returns the number of the row whose
    /// box was clicked.
    pub(crate) fn select_range(
        form: NodeRef<html::Form>,
        event: &ev::MouseEvent,
        last: Option<usize>,
    ) -> Option<usize> {
        let clicked: HtmlInputElement = event.target()?.dyn_into().ok()?;
        let boxes = boxes(form);
        let at = boxes.iter().position(|field| field == &clicked)?;
        if let Some(last) = last.filter(|_| event.shift_key()) {
            for field in boxes.iter().take(last.max(at) + 1).skip(last.min(at)) {
                field.set_checked(clicked.checked());
            }
        }
        Some(at)
    }

    /// Selects the focused row, or ends its selection.
    pub(crate) fn toggle_focused() -> bool {
        let row = document().active_element().and_then(|element| element.closest("tr").ok().flatten());
        let field = row.and_then(|row| row.query_selector(".select input").ok().flatten());
        let field = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
        // A click also tells the form that something changed.
        field.map(|field| field.click()).is_some()
    }

    /// Notes in the history which row is being left, so that Back returns to it.
    pub(crate) fn remember(element_id: &str) {
        let Ok(history) = window().history() else {
            return;
        };
        let state = history.state().unwrap_or(JsValue::NULL);
        // Without the note, Back returns to the top of the list.
        let _ = history.replace_state_with_url(&state, "", Some(&format!("#{element_id}")));
    }

    /// Focuses the row that was left, if the page was reached by Back.
    pub(crate) fn return_to_row() {
        Effect::new(|_| {
            let hash = window().location().hash().unwrap_or_default();
            let row = hash.strip_prefix('#').filter(|id| id.starts_with("row-"));
            let row = row.and_then(|id| document().get_element_by_id(id));
            if let Some(link) = row.and_then(|row| row.query_selector("[data-row]").ok().flatten()) {
                dom::focus(&link);
            }
        });
    }
}

#[cfg(feature = "hydrate")]
pub(crate) use browser::{
    clear_selection, count_selected, move_focus, remember, return_to_row, select_all, select_range, toggle_focused,
};

#[cfg(not(feature = "hydrate"))]
mod server {
    use leptos::{ev, html, prelude::NodeRef};

    pub(crate) fn move_focus(_step: i32) -> bool {
        false
    }

    pub(crate) fn count_selected(_form: NodeRef<html::Form>) -> usize {
        0
    }

    pub(crate) fn select_all(_form: NodeRef<html::Form>, _is_selected: bool) {}

    pub(crate) fn clear_selection() {}

    pub(crate) fn select_range(
        _form: NodeRef<html::Form>,
        _event: &ev::MouseEvent,
        last: Option<usize>,
    ) -> Option<usize> {
        last
    }

    pub(crate) fn toggle_focused() -> bool {
        false
    }

    pub(crate) fn remember(_element_id: &str) {}

    pub(crate) fn return_to_row() {}
}

#[cfg(not(feature = "hydrate"))]
pub(crate) use server::{
    clear_selection, count_selected, move_focus, remember, return_to_row, select_all, select_range, toggle_focused,
};

#[cfg(test)]
mod tests {
    use super::neighbor;

    #[test]
    fn the_focus_moves_from_row_to_row_and_stops_at_the_ends() {
        for (current, count, step, wanted) in [
            (None, 3, 1, Some(0)),
            (None, 3, -1, Some(0)),
            (Some(0), 3, 1, Some(1)),
            (Some(2), 3, 1, Some(2)),
            (Some(2), 3, -1, Some(1)),
            (Some(0), 3, -1, Some(0)),
            (None, 0, 1, None),
        ] {
            assert_eq!(neighbor(current, count, step), wanted, "{current:?} of {count}, {step}");
        }
    }
}
