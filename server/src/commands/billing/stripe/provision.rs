//! `stripe provision`: makes what is missing at Stripe for the catalog to be sold.

pub(crate) mod plan;

use std::collections::BTreeMap;

use latchkey_licensing::{
    ids::PriceId,
    price::{ProvisionedPrice, TaxBehavior},
};
use latchkey_service::{CatalogPrice, Operator, Service};
use latchkey_stripe::objects::Price;
use serde_json::json;
use url::{Host, Url};

use crate::{
    adapters::stripe::{Account, CallError, NewPrice},
    commands::terminal::confirmation::{Answer, confirm},
    console,
    http::webhooks::STRIPE_PATH,
    settings::Settings,
    startup::Failure,
};

use plan::{Endpoint, Found, Plan, Source, Step, UNREACHABLE, Wanted, plan, product};

/// Whether changes may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// A person is asked.
    Ask,
    Given,
    /// Changes are only shown.
    DryRun,
}

impl Consent {
    /// From the flags `--yes` and `--dry-run`, which exclude each other.
    pub(crate) fn of(yes: bool, dry_run: bool) -> Self {
        match (yes, dry_run) {
            (_, true) => Self::DryRun,
            (true, false) => Self::Given,
            (false, false) => Self::Ask,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) consent: Consent,
    /// Whether a new webhook endpoint is made although there is one.
    pub(crate) replaces_endpoint: bool,
    pub(crate) as_json: bool,
}

pub(crate) async fn provision(
    service: &Service,
    settings: &Settings,
    account: &Account,
    options: Options,
) -> Result<(), Failure> {
    let is_live = settings.stripe.key()?.is_some_and(|key| key.is_live());
    let prices = service.prices().await?;
    let wanted: Vec<Wanted> = prices.iter().map(|price| wanted_of(price, is_live)).collect();
    let address = endpoint_url(settings);
    let endpoint = match (&address, options.replaces_endpoint) {
        (None, true) => return Err(Failure::Refused(format!("nothing was changed. {UNREACHABLE}"))),
        (None, false) => Endpoint::Unreachable,
        (Some(url), false) => Endpoint::At(url),
        (Some(url), true) => Endpoint::Again(url),
    };
    let found = find(account, &wanted).await?;
    let plan = plan(&wanted, endpoint, &found);
    if !options.as_json {
        show(&plan, is_live);
    }
    if !plan.conflicts.is_empty() {
        return Err(Failure::Refused(format!("nothing was changed. {}", plan.conflicts.join(" "))));
    }
    let is_applied = options.consent != Consent::DryRun && !plan.steps.is_empty();
    let mut secret = None;
    if is_applied {
        if options.as_json && options.consent == Consent::Ask {
            // The question cannot be answered without seeing the steps.
            plan.steps.iter().for_each(|step| console::error(&step.to_string()));
        }
        if confirm(options.consent == Consent::Given, "Make these changes at Stripe?")? == Answer::No {
            return Err(Failure::Refused("nothing was changed".to_owned()));
        }
        secret = Run { service, account, owner: &settings.portal_url(), is_live, prices: &prices, wanted: &wanted }
            .carry_out(&plan, &found, options.as_json)
            .await?;
    }
    if options.as_json {
        console::json(&json!({
            "live": is_live,
            "steps": plan.steps,
            "notes": plan.notes,
            "applied": is_applied,
            "webhook_secret": secret,
        }));
    } else if is_applied {
        console::line(&format!("{} changes made.", plan.steps.len()));
    } else if !plan.steps.is_empty() {
        console::line(&format!("{} changes, none of them made.", plan.steps.len()));
    }
    Ok(())
}

/// What is missing at Stripe for the catalog's prices to be sold, and what is wrong with them.
pub(crate) async fn missing(service: &Service, settings: &Settings, account: &Account) -> Result<Vec<String>, Failure> {
    let is_live = settings.stripe.key()?.is_some_and(|key| key.is_live());
    let wanted: Vec<Wanted> = service.prices().await?.iter().map(|price| wanted_of(price, is_live)).collect();
    let found = find(account, &wanted).await?;
    let plan = plan(&wanted, Endpoint::Unreachable, &found);
    Ok(plan.steps.iter().map(ToString::to_string).chain(plan.conflicts).collect())
}

fn show(plan: &Plan, is_live: bool) {
    console::line(if is_live { "Stripe, live mode:" } else { "Stripe, test mode:" });
    plan.steps.iter().for_each(|step| console::line(&format!("  {step}")));
    if plan.steps.is_empty() && plan.conflicts.is_empty() {
        console::line("  Everything is there.");
    }
    plan.notes.iter().for_each(|note| console::line(note));
}

fn wanted_of(price: &CatalogPrice, is_live: bool) -> Wanted {
    let recorded = price.price.provisioned.as_ref().filter(|recorded| recorded.is_live == is_live);
    Wanted {
        code: price.price.code.clone(),
        product_code: price.product.code.clone(),
        product_name: price.product.name.clone(),
        amount: price.price.amount,
        recurring: price.price.interval.map(|interval| (interval.unit.as_str(), interval.count)),
        tax_behavior: match price.price.tax_behavior {
            TaxBehavior::Unspecified => None,
            word @ (TaxBehavior::Exclusive | TaxBehavior::Inclusive) => Some(word.as_str()),
        },
        source: match &price.price.stripe_price {
            Some(id) => Source::Named(id.clone()),
            None => Source::Made(recorded.map(|recorded| recorded.id.clone())),
        },
    }
}

/// Where Stripe sends events. `None` if it cannot reach the portal. A test server on this computer can.
pub(crate) fn endpoint_url(settings: &Settings) -> Option<String> {
    let portal = settings.portal_url();
    let is_local = |url: &str| {
        Url::parse(url).is_ok_and(|url| match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified() || ip.is_private() || ip.is_link_local(),
            Some(Host::Ipv6(ip)) => {
                ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local()
            }
            None => false,
        })
    };
    let is_reachable = !is_local(&portal) || is_local(&settings.stripe.api_url);
    is_reachable.then(|| format!("{portal}{STRIPE_PATH}"))
}

async fn find(account: &Account, wanted: &[Wanted]) -> Result<Found, CallError> {
    let codes: Vec<&str> = wanted
        .iter()
        .filter(|price| matches!(price.source, Source::Made(_)))
        .map(|price| price.code.as_str())
        .collect();
    let mut prices = account.prices(&codes).await?;
    for price in wanted {
        let (Source::Named(id) | Source::Made(Some(id))) = &price.source else { continue };
        if prices.iter().any(|known| known.id == *id) {
            continue;
        }
        match account.price(id).await {
            Ok(price) => prices.push(price),
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Found { products: account.products().await?, prices, endpoints: account.endpoints().await? })
}

/// The making of the plan's changes. Each is recorded at once, so that an interrupted run can be repeated.
struct Run<'a> {
    service: &'a Service,
    account: &'a Account,
    owner: &'a str,
    is_live: bool,
    prices: &'a [CatalogPrice],
    wanted: &'a [Wanted],
}

impl Run<'_> {
    /// Returns the secret of a new endpoint.
    async fn carry_out(&self, plan: &Plan, found: &Found, as_json: bool) -> Result<Option<String>, Failure> {
        // The products at Stripe by their codes.
        let known = self.wanted.iter().filter_map(|price| Some((price.product_code.clone(), product(price, found)?)));
        let mut products: BTreeMap<String, String> = known.map(|(code, id)| (code, id.to_owned())).collect();
        let mut secret = None;
        for step in &plan.steps {
            match step {
                Step::CreateProduct { code, name } => {
                    let made = self.account.create_product(code, name, self.owner).await?;
                    products.insert(code.clone(), made.id);
                }
                Step::CreatePrice { code, product, replaces } => {
                    let product = products.get(product).map(String::as_str).unwrap_or_default();
                    let made = self.create_price(code, product).await?;
                    self.record(code, &made.id).await?;
                    if let Some(old) = replaces {
                        self.account.deactivate_price(old).await?;
                    }
                }
                Step::RecordPrice { code, id } => self.record(code, id).await?,
                Step::RecordAmount { code, amount, .. } => {
                    if let Some(id) = self.id_of(code) {
                        self.service.admin(Operator::Host).set_price_amount(id, *amount).await?;
                    }
                }
                Step::CreateEndpoint { url } => {
                    let made = self.account.create_endpoint(url, self.owner).await?;
                    secret = made.secret;
                    if let (Some(secret), false) = (&secret, as_json) {
                        show_secret(secret);
                    }
                }
                Step::UpdateEndpoint { id } => {
                    self.account.update_endpoint(id).await?;
                }
            }
        }
        Ok(secret)
    }

    async fn create_price(&self, code: &str, product: &str) -> Result<Price, Failure> {
        let wanted = self.wanted.iter().find(|price| price.code == code);
        let Some((wanted, amount)) = wanted.and_then(|price| Some((price, price.amount?))) else {
            return Err(Failure::Refused(format!("the price {code} has no amount")));
        };
        let new = NewPrice {
            code,
            product,
            owner: self.owner,
            amount,
            recurring: wanted.recurring,
            tax_behavior: wanted.tax_behavior,
        };
        Ok(self.account.create_price(&new).await?)
    }

    async fn record(&self, code: &str, id: &str) -> Result<(), Failure> {
        if let Some(price) = self.id_of(code) {
            let made = ProvisionedPrice { id: id.to_owned(), is_live: self.is_live };
            self.service.admin(Operator::Host).set_provisioned_price(price, &made).await?;
        }
        Ok(())
    }

    fn id_of(&self, code: &str) -> Option<PriceId> {
        self.prices.iter().find(|price| price.price.code == code).map(|price| price.price.id)
    }
}

/// Stripe shows it only once, so it is shown at once, even if a later step fails.
fn show_secret(secret: &str) {
    console::line("");
    console::line("The webhook endpoint's signing secret, which is not shown again:");
    console::line(&format!("  LATCHKEY__STRIPE__WEBHOOK_SECRETS={secret}"));
    console::line(
        "Set it in the server's environment, or as `webhook_secrets` in the section [stripe] of latchkey.toml, and \
         restart the server. To replace another secret without losing events, set both, separated by a comma, and remove \
         the old one after its endpoint is deleted.",
    );
    console::line("");
}
