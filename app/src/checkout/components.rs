//! Parts of offers, on the start page and on the page of an offer. None needs script.

use latchkey_licensing::brand::Brand;
use leptos::prelude::*;

use crate::{checkout::model::Offer, shared::branding::Contact};

/// The amount with its unit, and what it says about tax. Nothing if the amount is not known.
#[component]
pub(crate) fn PriceLine(offer: Offer) -> impl IntoView {
    let Offer { amount, unit, tax, .. } = offer;
    amount.map(|amount| {
        view! {
            <p class="price">
                <strong class="price-amount">{amount.to_string()}</strong>
                " "
                <span class="text-2">{unit} {tax.map(|tax| format!(", {tax}"))}</span>
            </p>
        }
    })
}

#[component]
pub(crate) fn Terms(terms: Vec<String>) -> impl IntoView {
    view! { <ul class="list">{terms.into_iter().map(|term| view! { <li>{term}</li> }).collect_view()}</ul> }
}

/// In place of the button of an offer that cannot be bought yet.
#[component]
pub(crate) fn SalesOpenSoon(brand: Brand) -> impl IntoView {
    view! { <p class="notice-quiet offer-end">"Sales open soon. If you have questions, " <Contact brand/> "."</p> }
}
