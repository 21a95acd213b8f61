//! `/pricing`: what it costs, what is included, and what is not.

use leptos::prelude::*;

use super::questions::QuestionsBand;
use crate::{
    checkout::model::Offer,
    static_pages::{
        document::render,
        offers::OfferCards,
        site::{
            Offers, Site, SitePage,
            model::{Costs, Passage},
            shell::SiteDocument,
        },
    },
};

pub fn pricing(site: &Site, offers: &Offers) -> String {
    let site = site.clone();
    let offers = offers.clone();
    render(move || {
        let pricing = site.content.pricing.clone();
        let questions = site.content.questions_by_id(&pricing.questions);
        view! {
            <SiteDocument site=site.clone() page=SitePage::Pricing title="Pricing" description=pricing.description.clone()>
                <div class="band band-first">
                    <div class="band-head">
                        <h1 class="display-2">{pricing.title.clone()}</h1>
                        <p class="lead">{pricing.lead.clone()}</p>
                    </div>
                    <BuyCards site=site.clone() offers/>
                    <Rules rules=pricing.rules.clone()/>
                </div>
                {pricing.costs.clone().map(|costs| view! { <CostsSection costs/> })}
                <QuestionsBand questions/>
            </SiteDocument>
        }
    })
}

/// What can be bought, with what is included and what is not.
#[component]
pub(crate) fn BuyCards(
    site: Site,
    offers: Offers,
    /// Whether the cards stand in a section with a heading of its own.
    #[prop(optional)]
    in_section: bool,
) -> impl IntoView {
    let is_single = offers.len() == 1;
    let pricing = site.content.pricing.clone();
    let brand = site.look.branding.brand.clone();
    let class = if is_single { "buy buy-single" } else { "buy" };
    view! {
        <div class=class>
            <OfferCards offers shop=site.shop brand in_section/>
            <div class="card buy-included">
                {heading("Included", in_section)}
                <ul class="checks">{items(pricing.included)}</ul>
            </div>
            <div class="card buy-included">
                {heading("Not included", in_section)}
                <ul class="crosses">{items(pricing.not_included)}</ul>
            </div>
        </div>
    }
}

fn heading(text: &'static str, in_section: bool) -> AnyView {
    if in_section {
        view! { <h3 class="title-2">{text}</h3> }.into_any()
    } else {
        view! { <h2 class="title-2">{text}</h2> }.into_any()
    }
}

fn items(texts: Vec<String>) -> impl IntoView {
    texts.into_iter().map(|text| view! { <li>{text}</li> }).collect_view()
}

/// An offer for search engines. `None` if its amount is not known.
pub(crate) fn offer_schema(site: &Site, offer: &Offer) -> Option<impl IntoView + use<>> {
    let amount = offer.amount?;
    let availability = if offer.is_for_sale { "https://schema.org/InStock" } else { "https://schema.org/PreOrder" };
    let url = site.address(&SitePage::Pricing.path());
    Some(view! {
        <div itemprop="offers" itemscope itemtype="https://schema.org/Offer">
            <meta itemprop="name" content=offer.policy.clone()/>
            <meta itemprop="price" content=amount.decimal()/>
            <meta itemprop="priceCurrency" content=amount.currency.to_string()/>
            <link itemprop="availability" href=availability/>
            <link itemprop="url" href=url/>
        </div>
    })
}

#[component]
fn Rules(rules: Vec<Passage>) -> impl IntoView {
    let rules = rules.into_iter().map(|rule| {
        view! { <div><h2 class="title-3">{rule.title}</h2> <p class="text-2">{rule.text}</p></div> }
    });
    view! { <div class="rules">{rules.collect_view()}</div> }
}

#[component]
fn CostsSection(costs: Costs) -> impl IntoView {
    let columns = costs.columns.into_iter().map(|column| view! { <th scope="col">{column}</th> });
    let rows = costs.rows.into_iter().map(|row| {
        let cells = row.into_iter().enumerate().map(|(at, cell)| {
            if at == 0 {
                view! { <th scope="row">{cell}</th> }.into_any()
            } else {
                view! { <td>{cell}</td> }.into_any()
            }
        });
        view! { <tr>{cells.collect_view()}</tr> }
    });
    view! {
        <section class="band" aria-labelledby="costs-title">
            <div class="band-head">
                <h2 class="display-2" id="costs-title">{costs.title}</h2>
                <p class="lead">{costs.text}</p>
            </div>
            <div class="scroll" tabindex="0" role="group" aria-labelledby="costs-title">
                <table class="site-table">
                    <thead><tr>{columns.collect_view()}</tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
            {costs.note.map(|note| view! { <p class="small text-2">{note}</p> })}
        </section>
    }
}
