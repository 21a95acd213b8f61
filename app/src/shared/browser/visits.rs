//! Navigation without loading a document does what loading one does: the focus moves to the page's heading, which screen readers
//! then read, and Back returns to the place on the page that was left.

use leptos::{ev, html, prelude::*, web_sys::HtmlHeadingElement};

use crate::shared::address::use_address;

/// How many places are remembered.
const MAX_PLACES: usize = 50;

/// The pages that were visited in this document.
#[derive(Clone, Copy)]
pub(crate) struct Visits {
    address: Signal<String>,
    /// The address whose heading has been reached. The first one was loaded by the browser, which focuses nothing.
    reached: StoredValue<String>,
    has_navigated: StoredValue<bool>,
    is_return: StoredValue<bool>,
    /// How far the pages were scrolled when a link on them was followed.
    places: StoredValue<Vec<(String, f64)>>,
}

impl Visits {
    pub(crate) fn new() -> Self {
        let address = Signal::derive(use_address());
        let visits = Self {
            address,
            reached: StoredValue::new(address.get_untracked()),
            has_navigated: StoredValue::new(false),
            is_return: StoredValue::new(false),
            places: StoredValue::new(Vec::new()),
        };
        Effect::new(move |listens: Option<()>| {
            if listens.is_none() {
                let listener = window_event_listener(ev::popstate, move |_| visits.is_return.set_value(true));
                on_cleanup(move || listener.remove());
            }
        });
        visits
    }

    /// Remembers the place on the page. For every click, because any may follow a link.
    pub(crate) fn keep_place(self) {
        let (here, place) = (self.address.get_untracked(), scrolled());
        self.is_return.set_value(false);
        self.places.update_value(|places| {
            places.retain(|(address, _)| *address != here);
            places.push((here, place));
            if places.len() > MAX_PLACES {
                places.remove(0);
            }
        });
    }

    /// Moves the focus to the heading of a page once it is there, unless it was there when the document was loaded.
    pub(crate) fn arrive(self, heading: NodeRef<html::H1>) {
        Effect::new(move |_| {
            let Some(heading) = heading.get() else { return };
            let here = self.address.get_untracked();
            let is_reached = self.reached.with_value(|reached| *reached == here);
            // A page that is rendered again takes the focus away with the element that had it.
            if is_reached && !(self.has_navigated.get_value() && is_focus_lost()) {
                return;
            }
            self.has_navigated.set_value(true);
            let returns = self.is_return.get_value() && !is_reached;
            let place = self.places.with_value(|places| {
                let found = places.iter().find(|(address, _)| *address == here);
                found.filter(|_| returns).map(|(_, place)| *place)
            });
            self.is_return.set_value(false);
            self.reached.set_value(here);
            // The page is laid out by then.
            request_animation_frame(move || show(&heading, place));
        });
    }
}

#[cfg(feature = "hydrate")]
fn scrolled() -> f64 {
    window().scroll_y().unwrap_or(0.0)
}

#[cfg(not(feature = "hydrate"))]
fn scrolled() -> f64 {
    0.0
}

#[cfg(feature = "hydrate")]
fn is_focus_lost() -> bool {
    let focused = document().active_element();
    focused.is_none_or(|element| element.tag_name() == "BODY")
}

#[cfg(not(feature = "hydrate"))]
fn is_focus_lost() -> bool {
    false
}

/// Focuses the heading without scrolling to it, and scrolls to the place, or else to the part that the address names.
#[cfg(feature = "hydrate")]
fn show(heading: &HtmlHeadingElement, place: Option<f64>) {
    let before = scrolled();
    // A failure leaves the focus where it is.
    let _ = heading.focus();
    window().scroll_to_with_x_and_y(0.0, place.unwrap_or(before));
    let hash = window().location().hash().ok().filter(|hash| place.is_none() && hash.len() > 1);
    if let Some(part) = hash.and_then(|hash| document().get_element_by_id(hash.trim_start_matches('#'))) {
        part.scroll_into_view();
    }
}

#[cfg(not(feature = "hydrate"))]
fn show(_heading: &HtmlHeadingElement, _place: Option<f64>) {}
