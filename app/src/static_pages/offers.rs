//! The offers on the site and on the start page.

use latchkey_licensing::brand::Brand;
use latchkey_service::CatalogPrice;
use leptos::prelude::*;

use crate::{
    checkout::{
        components::{PriceLine, SalesOpenSoon},
        model::Offer,
        present,
    },
    routes::{FormTarget, Page},
};

/// Where offers are bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shop {
    /// On this origin, so that a form on the start page opens the checkout.
    Here,
    /// At the portal's origin, to which a link leads.
    At(String),
}

impl Shop {
    /// The portal's first page.
    pub(crate) fn portal(&self) -> String {
        self.address(&Page::Overview)
    }

    /// A page of the portal.
    pub(crate) fn address(&self, page: &Page) -> String {
        let path = page.path();
        match self {
            Self::Here => path,
            Self::At(portal) => format!("{portal}{path}"),
        }
    }
}

/// What anyone can buy, in the catalog's order. `is_live` is whether the payment provider's keys are for real money, if there
/// are any.
pub fn offers(prices: &[CatalogPrice], is_live: Option<bool>) -> Vec<Offer> {
    let new = prices.iter().filter(|found| !found.price.is_upgrade());
    new.filter_map(|found| present::offer(found, is_live)).collect()
}

/// One card for each offer. Where a product has several offers, each is called by its policy.
#[component]
pub(crate) fn OfferCards(
    offers: Vec<Offer>,
    shop: Shop,
    brand: Brand,
    /// Whether the cards stand in a section with a heading of its own.
    #[prop(optional)]
    in_section: bool,
) -> impl IntoView {
    let list = if in_section { "checks" } else { "list" };
    let products: Vec<String> = offers.iter().map(|offer| offer.product.clone()).collect();
    let cards = offers.into_iter().map(|offer| {
        let has_several = products.iter().filter(|product| **product == offer.product).count() > 1;
        let (heading, line) = if has_several {
            (offer.policy.clone(), offer.product.clone())
        } else {
            (offer.product.clone(), offer.policy.clone())
        };
        let id = format!("offer-{}", offer.price);
        let title = id.clone();
        let heading = if in_section {
            view! { <h3 class="title-2" id=id>{heading}</h3> }.into_any()
        } else {
            view! { <h2 class="title-2" id=id>{heading}</h2> }.into_any()
        };
        view! {
            <section class="card stack offer" aria-labelledby=title>
                <div>{heading} <p class="text-2">{line}</p></div>
                <PriceLine offer=offer.clone()/>
                <ul class=list>{offer.terms.clone().into_iter().map(|term| view! { <li>{term}</li> }).collect_view()}</ul>
                <BuyButton offer shop=shop.clone() brand=brand.clone()/>
            </section>
        }
    });
    view! { <div class="offers">{cards.collect_view()}</div> }
}

#[component]
fn BuyButton(offer: Offer, shop: Shop, brand: Brand) -> AnyView {
    let label = format!("Buy {}, {}", offer.product, offer.policy);
    let page = Page::Offer(offer.price.clone()).path();
    match shop {
        _ if !offer.is_for_sale => view! { <SalesOpenSoon brand/> }.into_any(),
        Shop::At(portal) => {
            let href = format!("{portal}{page}");
            view! { <a class="button button-accent button-wide offer-end" href=href aria-label=label>"Buy"</a> }
                .into_any()
        }
        Shop::Here => {
            let (min, max) = (offer.min_quantity.to_string(), offer.max_quantity.to_string());
            let id = format!("quantity-{}", offer.price);
            let field = if offer.has_quantity() {
                view! {
                    <div class="field field-line">
                        <label for=id.clone()>"Licenses"</label>
                        <input id=id name="quantity" r#type="number" inputmode="numeric" min=min.clone() max=max step="1" required value=min/>
                    </div>
                }
                .into_any()
            } else {
                view! { <input r#type="hidden" name="quantity" value=min/> }.into_any()
            };
            view! {
                <form method="post" action=FormTarget::Checkout.path() class="stack offer-end">
                    <input r#type="hidden" name="price" value=offer.price.to_string()/>
                    {field}
                    <button r#type="submit" class="button button-accent button-wide" aria-label=label>"Buy"</button>
                </form>
            }
            .into_any()
        }
    }
}
