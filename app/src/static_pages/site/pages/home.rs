//! `/`: what the product is, what it costs, and what visitors ask.

use leptos::prelude::*;

use super::{
    pricing::{BuyCards, offer_schema},
    questions::QuestionsBand,
};
use crate::static_pages::{
    document::render,
    site::{
        Offers, Site, SitePage,
        figures::{FeatureFigure, HeroPicture},
        model::{DataFlow, Facts, Feature, Hero, Passage},
        shell::SiteDocument,
    },
};

pub fn home(site: &Site, offers: &Offers) -> String {
    let site = site.clone();
    let offers = offers.clone();
    render(move || {
        let content = site.content.home.clone();
        let name = site.look.branding.brand.name.clone();
        let (docs, closing) = (site.links.docs.clone(), content.closing.clone());
        let schema = offers.iter().filter_map(|offer| offer_schema(&site, offer)).collect_view();
        let questions = site.content.questions_by_id(&content.questions);
        let (category, system) = (content.category.clone(), content.operating_system.clone());
        view! {
            <SiteDocument
                site=site.clone()
                page=SitePage::Home
                title=content.title
                description=content.description.clone()
            >
                <div itemscope itemtype="https://schema.org/SoftwareApplication">
                    <meta itemprop="name" content=name/>
                    <meta itemprop="description" content=content.description/>
                    {category.map(|category| view! { <meta itemprop="applicationCategory" content=category/> })}
                    {system.map(|system| view! { <meta itemprop="operatingSystem" content=system/> })}
                    {schema}
                </div>
                <HeroSection hero=content.hero docs/>
                <Steps steps=content.steps/>
                <Features features=content.features/>
                {content.data.map(|data| view! { <DataSection data/> })}
                {content.facts.map(|facts| view! { <FactsSection facts/> })}
                <section class="band" id="pricing" aria-labelledby="pricing-title">
                    <div class="band-head">
                        <h2 class="display-2" id="pricing-title">{site.content.pricing.title.clone()}</h2>
                        <p class="lead">{site.content.pricing.lead.clone()}</p>
                    </div>
                    <BuyCards site=site.clone() offers in_section=true/>
                </section>
                <QuestionsBand questions/>
                <Closing closing/>
            </SiteDocument>
        }
    })
}

#[component]
fn HeroSection(hero: Hero, docs: Option<String>) -> impl IntoView {
    view! {
        <section class="hero">
            <div class="hero-text">
                <h1 class="display-1">{hero.title}</h1>
                <p class="lead">{hero.lead}</p>
                <p class="cluster">
                    <a class="button button-accent button-large" href=SitePage::Pricing.path()>"Buy"</a>
                    {docs.map(|href| view! { <a class="button button-large" href=href>"Read the docs"</a> })}
                </p>
                {hero.note.map(|note| view! { <p class="small text-2">{note}</p> })}
            </div>
            {hero.picture.map(|picture| view! { <HeroPicture picture/> })}
        </section>
    }
}

#[component]
fn Steps(steps: Vec<Passage>) -> impl IntoView {
    (!steps.is_empty()).then(|| {
        let steps = steps.into_iter().map(|step| {
            view! { <li><h2 class="title-2">{step.title}</h2> <p class="text-2">{step.text}</p></li> }
        });
        view! { <section class="band band-steps" aria-label="How to start"><ol class="steps">{steps.collect_view()}</ol></section> }
    })
}

#[component]
fn Features(features: Vec<Feature>) -> impl IntoView {
    let features = features.into_iter().map(|feature| {
        view! {
            <li class="feature">
                {feature.figure.map(|figure| view! { <FeatureFigure figure/> })}
                <h3 class="title-2">{feature.title}</h3>
                <p class="text-2">{feature.text}</p>
            </li>
        }
    });
    view! {
        <section class="band" id="features" aria-labelledby="features-title">
            <h2 class="visually-hidden" id="features-title">"Features"</h2>
            <ul class="features">{features.collect_view()}</ul>
        </section>
    }
}

#[component]
fn DataSection(data: DataFlow) -> impl IntoView {
    let carries = data.carries;
    let stations = data.stations.into_iter().enumerate().map(|(at, station)| {
        let carried = at.checked_sub(1).and_then(|before| carries.get(before).cloned());
        view! {
            {carried.map(|text| view! { <li class="flow-carried"><span>{text}</span></li> })}
            <li class="flow-station"><strong>{station.title}</strong> <span class="small text-2">{station.text}</span></li>
        }
    });
    view! {
        <section class="band" aria-labelledby="data-title">
            <div class="band-head">
                <h2 class="display-2" id="data-title">{data.title}</h2>
                <p class="lead">{data.text}</p>
            </div>
            <ol class="flow">{stations.collect_view()}</ol>
            <p class="flow-left-out"><strong>{data.left_out.title}</strong> " " {data.left_out.text}</p>
        </section>
    }
}

#[component]
fn FactsSection(facts: Facts) -> impl IntoView {
    let rows = facts.facts.into_iter().map(|fact| {
        view! { <div><dt>{fact.title}</dt> <dd>{fact.text}</dd></div> }
    });
    view! {
        <section class="band" aria-labelledby="facts-title">
            <div class="band-head">
                <h2 class="display-2" id="facts-title">{facts.title}</h2>
                <p class="lead">{facts.text}</p>
            </div>
            <dl class="site-facts">{rows.collect_view()}</dl>
        </section>
    }
}

#[component]
fn Closing(closing: Passage) -> impl IntoView {
    view! {
        <section class="band band-closing" aria-labelledby="closing-title">
            <h2 class="display-2" id="closing-title">{closing.title}</h2>
            <p class="lead">{closing.text}</p>
            <p><a class="button button-accent button-large" href=SitePage::Pricing.path()>"Buy"</a></p>
        </section>
    }
}
