//! What is missing at Stripe for the catalog to be sold. Pure: from what is wanted and what was found.

use std::{collections::BTreeSet, fmt};

use latchkey_licensing::money::Money;
use latchkey_stripe::{
    API_VERSION,
    event::HANDLED,
    metadata,
    objects::{Identified, Price, Product, WebhookEndpoint},
};
use serde::Serialize;

/// A price of the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) code: String,
    pub(crate) product_code: String,
    pub(crate) product_name: String,
    /// `None` if the catalog leaves the amount to the price that it names.
    pub(crate) amount: Option<Money>,
    /// The word for the interval of payments, and how many intervals are between them.
    pub(crate) recurring: Option<(&'static str, u32)>,
    /// The word for whether the amount includes tax. `None` leaves it to Stripe.
    pub(crate) tax_behavior: Option<&'static str>,
    pub(crate) source: Source,
}

/// Where the price at Stripe comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The catalog names it.
    Named(String),
    /// We make it. The id is that of the one which was recorded, in this mode.
    Made(Option<String>),
}

/// What there is at Stripe.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Active products.
    pub(crate) products: Vec<Product>,
    /// Active prices with a code of the catalog as their lookup key, and those with a recorded or named id.
    pub(crate) prices: Vec<Price>,
    pub(crate) endpoints: Vec<WebhookEndpoint>,
}

/// A step of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub(crate) enum Step {
    CreateProduct {
        code: String,
        name: String,
    },
    CreatePrice {
        code: String,
        product: String,
        /// The price of ours that it replaces, which is deactivated.
        replaces: Option<String>,
    },
    /// The price was made before and is not recorded in the catalog.
    RecordPrice {
        code: String,
        id: String,
    },
    /// The catalog leaves the amount to Stripe.
    RecordAmount {
        code: String,
        id: String,
        #[serde(skip)]
        amount: Money,
    },
    CreateEndpoint {
        url: String,
    },
    UpdateEndpoint {
        id: String,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateProduct { code, name } => write!(f, "+ product {code}: {name}"),
            Self::CreatePrice { code, replaces: None, .. } => write!(f, "+ price {code}"),
            Self::CreatePrice { code, replaces: Some(id), .. } => {
                write!(f, "~ price {code}: a new one replaces {id}, which stays valid for existing subscriptions")
            }
            Self::RecordPrice { code, id } => write!(f, "~ price {code}: record {id} in the catalog"),
            Self::RecordAmount { code, amount, .. } => write!(f, "~ price {code}: record its amount, {amount}"),
            Self::CreateEndpoint { url } => write!(f, "+ webhook endpoint {url}"),
            Self::UpdateEndpoint { id } => write!(f, "~ webhook endpoint {id}: enable it and all events"),
        }
    }
}

/// The plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    /// What has to be decided by a person first.
    pub(crate) conflicts: Vec<String>,
    /// What a person should know.
    pub(crate) notes: Vec<String>,
}

/// Where Stripe should send events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint<'a> {
    /// Stripe cannot reach the portal.
    Unreachable,
    At(&'a str),
    /// A new endpoint is made although there may be one, because its signing secret is lost.
    Again(&'a str),
}

/// Why there is no webhook endpoint.
pub(crate) const UNREACHABLE: &str = "Stripe cannot reach the portal at its address, so there is no webhook endpoint: set \
    LATCHKEY__SERVER__PORTAL_URL to the portal's public address, such as https://portal.example.com. To try it on this \
    computer, forward events with the Stripe CLI: `stripe listen --forward-to`.";

pub(crate) fn plan(wanted: &[Wanted], endpoint: Endpoint<'_>, found: &Found) -> Plan {
    let mut plan = Plan::default();
    let mut new_products = BTreeSet::new();
    for price in wanted {
        match &price.source {
            Source::Named(id) => plan.named(price, id, found),
            Source::Made(recorded) => {
                let adds = plan.made(price, recorded.as_deref(), found);
                if adds && product(price, found).is_none() && new_products.insert(&price.product_code) {
                    let step =
                        Step::CreateProduct { code: price.product_code.clone(), name: price.product_name.clone() };
                    // Before the price that was just added.
                    plan.steps.insert(plan.steps.len().saturating_sub(1), step);
                }
            }
        }
    }
    match endpoint {
        Endpoint::At(url) => plan.endpoint(url, found),
        Endpoint::Again(url) => plan.endpoint_again(url, found),
        Endpoint::Unreachable => plan.notes.push(UNREACHABLE.to_owned()),
    }
    plan
}

/// The product of a price, if we made it.
pub(crate) fn product<'a>(price: &Wanted, found: &'a Found) -> Option<&'a str> {
    let is_it = |product: &&Product| {
        product.metadata.contains_key(metadata::OWNER)
            && product.metadata.get(metadata::PRODUCT) == Some(&price.product_code)
    };
    found.products.iter().find(is_it).map(Identified::id)
}

impl Plan {
    fn named(&mut self, wanted: &Wanted, id: &str, found: &Found) {
        let code = &wanted.code;
        let Some(price) = found.prices.iter().find(|price| price.id == id) else {
            return self.conflicts.push(format!(
                "The catalog says that {code} is sold as {id}, which does not exist at Stripe with this key: correct \
                 `stripe_price`, or remove it so that a price is made."
            ));
        };
        let Some(amount) = price.unit_amount.map(|minor| Money::new(minor, price.currency)) else {
            return self
                .conflicts
                .push(format!("{id}, which {code} is sold as, has no fixed amount: use another one."));
        };
        if !price.active {
            self.conflicts
                .push(format!("{id}, which {code} is sold as, is not active: activate it, or use another one."));
        } else if !is_recurring_as(wanted, price) {
            self.conflicts.push(format!("{id}, which {code} is sold as, has another interval than the catalog says."));
        } else if wanted.amount.is_none() {
            self.steps.push(Step::RecordAmount { code: code.clone(), id: id.to_owned(), amount });
        } else if wanted.amount != Some(amount) {
            self.conflicts
                .push(format!("{id}, which {code} is sold as, costs {amount}, and the catalog says otherwise."));
        }
    }

    /// Returns whether a price is created.
    fn made(&mut self, wanted: &Wanted, recorded: Option<&str>, found: &Found) -> bool {
        let code = wanted.code.clone();
        let by_id = found.prices.iter().find(|price| Some(price.id.as_str()) == recorded);
        if by_id.is_some_and(|price| is_sold_as(wanted, price)) {
            return false;
        }
        let by_code = found.prices.iter().find(|price| price.active && price.lookup_key.as_ref() == Some(&code));
        let create =
            |replaces| Step::CreatePrice { code: code.clone(), product: wanted.product_code.clone(), replaces };
        match by_code {
            Some(price) if !is_ours(wanted, price) => {
                self.conflicts.push(format!(
                    "{} has the lookup key {code} and was not made by `latchkey stripe provision`: name it in the \
                     catalog as the `stripe_price` of {code}, or remove its lookup key.",
                    price.id
                ));
                false
            }
            Some(price) if is_sold_as(wanted, price) => {
                self.steps.push(Step::RecordPrice { code: code.clone(), id: price.id.clone() });
                false
            }
            Some(price) => {
                self.steps.push(create(Some(price.id.clone())));
                true
            }
            None => {
                let old = by_id.filter(|price| price.active && is_ours(wanted, price)).map(|price| price.id.clone());
                self.steps.push(create(old));
                true
            }
        }
    }

    fn endpoint_again(&mut self, url: &str, found: &Found) {
        self.steps.push(Step::CreateEndpoint { url: url.to_owned() });
        for old in found.endpoints.iter().filter(|endpoint| endpoint.url == url) {
            self.notes.push(format!(
                "{} sends the same events with a secret of its own. Delete it at https://dashboard.stripe.com/webhooks as \
                 soon as the secret of the new one is set.",
                old.id
            ));
        }
    }

    fn endpoint(&mut self, url: &str, found: &Found) {
        let mut same = found.endpoints.iter().filter(|endpoint| endpoint.url == url).peekable();
        if same.peek().is_none() {
            return self.steps.push(Step::CreateEndpoint { url: url.to_owned() });
        }
        let same: Vec<_> = same.collect();
        let has_version = |endpoint: &&&WebhookEndpoint| endpoint.api_version.as_deref() == Some(API_VERSION);
        let is_ours = |endpoint: &&&WebhookEndpoint| endpoint.metadata.contains_key(metadata::OWNER);
        if let Some(ours) = same.iter().find(|endpoint| is_ours(endpoint) && has_version(endpoint)) {
            if !is_complete(ours) {
                self.steps.push(Step::UpdateEndpoint { id: ours.id.clone() });
            }
        } else if let Some(other) = same.iter().find(|endpoint| !is_ours(endpoint)) {
            self.notes.push(format!(
                "{} sends events to the portal and was not made by `latchkey stripe provision`, so it is left alone{}.",
                other.id,
                shortcomings(other)
            ));
        } else {
            self.steps.push(Step::CreateEndpoint { url: url.to_owned() });
            for old in same {
                self.notes.push(format!(
                    "{} sends events in the version {}. Delete it at https://dashboard.stripe.com/webhooks as soon as \
                     the secret of the new one is set.",
                    old.id,
                    old.api_version.as_deref().unwrap_or("of the account")
                ));
            }
        }
    }
}

fn is_ours(wanted: &Wanted, price: &Price) -> bool {
    price.metadata.contains_key(metadata::OWNER) && price.metadata.get(metadata::PRICE) == Some(&wanted.code)
}

/// Whether a price at Stripe has the terms of the catalog.
fn is_sold_as(wanted: &Wanted, price: &Price) -> bool {
    let amount = price.unit_amount.map(|minor| Money::new(minor, price.currency));
    let has_tax = wanted.tax_behavior.is_none_or(|word| price.tax_behavior.as_deref() == Some(word));
    price.active && amount == wanted.amount && is_recurring_as(wanted, price) && has_tax
}

fn is_recurring_as(wanted: &Wanted, price: &Price) -> bool {
    match (wanted.recurring, &price.recurring) {
        (None, None) => true,
        (Some((unit, count)), Some(there)) => {
            (unit, u64::from(count)) == (there.interval.as_str(), there.interval_count)
        }
        _ => false,
    }
}

/// Whether an endpoint is enabled and sends all events that this program acts on.
pub(crate) fn is_complete(endpoint: &WebhookEndpoint) -> bool {
    endpoint.status == "enabled" && missing_events(endpoint).next().is_none()
}

fn missing_events(endpoint: &WebhookEndpoint) -> impl Iterator<Item = &'static str> {
    let has_all = endpoint.enabled_events.iter().any(|kind| kind == "*");
    let is_missing = move |kind: &&'static str| !has_all && !endpoint.enabled_events.iter().any(|sent| sent == kind);
    HANDLED.iter().map(|(kind, _)| *kind).filter(is_missing)
}

fn shortcomings(endpoint: &WebhookEndpoint) -> String {
    let mut found = Vec::new();
    if endpoint.status != "enabled" {
        found.push("it is disabled".to_owned());
    }
    if endpoint.api_version.as_deref() != Some(API_VERSION) {
        found.push(format!("it should send the version {API_VERSION}"));
    }
    let missing: Vec<_> = missing_events(endpoint).collect();
    if !missing.is_empty() {
        found.push(format!("it should also send {}", missing.join(", ")));
    }
    if found.is_empty() { String::new() } else { format!("; {}", found.join(", and ")) }
}

#[cfg(test)]
mod tests;
