//! Section `stripe`: the payment provider. Without keys, nothing can be bought and everything else works.

use std::time::Duration;

use latchkey_stripe::{api_key::ApiKey, signature::WebhookSecrets};
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use super::{
    Secret, SettingsError,
    field::{Field, field, secret},
    server::is_loopback,
};

pub(super) const FIELDS: &[Field] = &[
    secret("stripe.secret_key", "Stripe's restricted or secret key; without it, nothing can be bought."),
    secret(
        "stripe.webhook_secrets",
        "The webhook endpoint's signing secret; two, separated by a comma, while it is rotated.",
    ),
    field("stripe.api_url", "Where Stripe's API is; another one is only for tests."),
    field("stripe.promotion_codes", "Whether buyers can enter promotion codes."),
    field("stripe.automatic_tax", "Whether Stripe Tax calculates the tax; it must be set up at Stripe."),
    field("stripe.tax_id_collection", "Whether buyers can enter a tax id, such as a VAT number."),
    field("stripe.billing_address", "auto asks for an address if the payment or the tax needs one; required always."),
    field("stripe.refund_on_fraud_warning", "Whether a payment is refunded when a card network suspects fraud."),
    field("stripe.grace_days", "How many days a license stays valid while a renewal of its subscription is unpaid."),
];

/// The number of secrets that a rotation needs.
const MAX_WEBHOOK_SECRETS: usize = 2;

/// Stripe's pages, unless a vendor has a domain of its own for them.
const PAGE_ORIGINS: [&str; 2] = ["https://checkout.stripe.com", "https://billing.stripe.com"];

/// The longest grace period.
const MAX_GRACE_DAYS: u32 = 90;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Stripe {
    /// A blank key differs from a missing one: it is a mistake, and nothing could be sold without anyone noticing.
    #[serde(serialize_with = "word")]
    pub secret_key: Option<Secret>,
    #[serde(serialize_with = "word")]
    pub webhook_secrets: Option<Secret>,
    pub api_url: String,
    pub promotion_codes: bool,
    pub automatic_tax: bool,
    pub tax_id_collection: bool,
    pub billing_address: BillingAddress,
    pub refund_on_fraud_warning: bool,
    pub grace_days: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BillingAddress {
    /// If the payment or the tax needs one.
    #[default]
    Auto,
    Required,
}

impl Default for Stripe {
    fn default() -> Self {
        Self {
            secret_key: None,
            webhook_secrets: None,
            api_url: "https://api.stripe.com".to_owned(),
            promotion_codes: true,
            automatic_tax: false,
            tax_id_collection: false,
            billing_address: BillingAddress::default(),
            refund_on_fraud_warning: false,
            grace_days: 7,
        }
    }
}

impl Stripe {
    /// The key. `None` if nothing is sold.
    pub fn key(&self) -> Result<Option<ApiKey>, SettingsError> {
        let Some(secret) = &self.secret_key else { return Ok(None) };
        let key = ApiKey::parse(secret.expose().unwrap_or_default()).map_err(|why| {
            SettingsError(format!(
                "stripe.secret_key cannot be used because {why}: copy the restricted key from \
                 https://dashboard.stripe.com/apikeys, or remove the setting to sell nothing"
            ))
        })?;
        Ok(Some(key))
    }

    /// The secrets that webhooks are signed with.
    pub fn webhook_secrets(&self) -> Result<Option<WebhookSecrets>, SettingsError> {
        let Some(secret) = &self.webhook_secrets else { return Ok(None) };
        let text = secret.expose().unwrap_or_default();
        let remedy = "use the endpoint's signing secret, whsec_…, and during a rotation the old and the new one, \
                      separated by a comma without spaces";
        let refusal =
            |why: &str| SettingsError(format!("stripe.webhook_secrets cannot be used because {why}: {remedy}"));
        let secrets = WebhookSecrets::parse(text).map_err(|why| refusal(&why.to_string()))?;
        if secrets.count() > MAX_WEBHOOK_SECRETS {
            return Err(refusal("there are more than two"));
        }
        if !text.split(',').all(|secret| secret.starts_with("whsec_")) {
            return Err(refusal("it does not begin with whsec_"));
        }
        Ok(Some(secrets))
    }

    /// The origins of the pages on which buyers pay and manage their payment details. A test server has them on its own.
    pub(crate) fn page_origins(&self) -> Vec<String> {
        match Url::parse(&self.api_url) {
            Ok(api) if is_loopback(&api) => vec![api.origin().ascii_serialization()],
            _ => PAGE_ORIGINS.map(str::to_owned).to_vec(),
        }
    }

    /// How long a license stays valid while a renewal is unpaid.
    pub fn grace_period(&self) -> Duration {
        Duration::from_hours(24 * u64::from(self.grace_days))
    }

    /// `can_lack_secret`: whether the command can run before there is a webhook endpoint.
    pub(super) fn check(&self, portal_url: &str, can_lack_secret: bool) -> Result<(), SettingsError> {
        let api = check_api(&self.api_url)?;
        let (key, secrets) = (self.key()?, self.webhook_secrets()?);
        if let Some(key) = &key
            && key.is_live()
        {
            if is_loopback(&api) {
                return Err(SettingsError::new(
                    "stripe.secret_key is a live key and stripe.api_url is this computer: remove stripe.api_url, or \
                     use a test key",
                ));
            }
            if !portal_url.starts_with("https://") {
                return Err(SettingsError::new(
                    "stripe.secret_key is a live key and server.portal_url is not public: set server.portal_url to the \
                     https address that buyers use, or use a test key",
                ));
            }
        }
        match (key, secrets) {
            (None, Some(_)) => Err(SettingsError::new(
                "stripe.webhook_secrets is set and stripe.secret_key is not: set both or neither",
            )),
            (Some(_), None) if !can_lack_secret => Err(SettingsError::new(
                "stripe.secret_key is set and stripe.webhook_secrets is not: run `latchkey stripe provision`, which \
                 creates the webhook endpoint and prints its secret, or copy the secret of an existing endpoint",
            )),
            _ => self.check_grace(),
        }
    }

    fn check_grace(&self) -> Result<(), SettingsError> {
        if self.grace_days <= MAX_GRACE_DAYS {
            return Ok(());
        }
        Err(SettingsError(format!("stripe.grace_days is too long: use at most {MAX_GRACE_DAYS}")))
    }
}

fn check_api(given: &str) -> Result<Url, SettingsError> {
    let refusal = "stripe.api_url must be https://api.stripe.com; http is only allowed for a test server on this \
                   computer";
    let url = Url::parse(given).map_err(|_| SettingsError::new(refusal))?;
    let is_origin = matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.host().is_some();
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    if is_origin && is_safe { Ok(url) } else { Err(SettingsError::new(refusal)) }
}

#[expect(clippy::ref_option, reason = "serde passes the field")]
fn word<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.clone().unwrap_or_default().serialize(serializer)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{Settings, Sources};

    const KEY: &str = "rk_test_51Hunter2example000000000000";
    const LIVE: &str = "rk_live_51Hunter2example000000000000";
    const SECRET: &str = "whsec_hunter2example00000000000000000";
    const OTHER: &str = "whsec_hunter2another00000000000000000";

    fn read(environment: &[(&str, &str)], is_setup: bool) -> Result<Settings, String> {
        let environment: BTreeMap<_, _> =
            environment.iter().map(|(key, value)| (format!("LATCHKEY__{key}"), (*value).to_owned())).collect();
        Settings::read(Sources { environment, is_setup, ..Sources::default() }).map_err(|error| error.to_string())
    }

    fn with(key: &str, secrets: &str, more: &[(&str, &str)]) -> Result<Settings, String> {
        read(&[&[("STRIPE__SECRET_KEY", key), ("STRIPE__WEBHOOK_SECRETS", secrets)], more].concat(), false)
    }

    #[test]
    fn without_keys_nothing_is_sold() {
        let stripe = read(&[], false).expect("valid").stripe;
        assert!(stripe.key().expect("valid").is_none() && stripe.webhook_secrets().expect("valid").is_none());
    }

    #[test]
    fn a_key_and_one_or_two_secrets_are_accepted() {
        for secrets in [SECRET.to_owned(), format!("{SECRET},{OTHER}")] {
            let stripe = with(KEY, &secrets, &[]).expect("valid").stripe;
            assert!(!stripe.key().expect("valid").expect("a key").is_live());
            let count = stripe.webhook_secrets().expect("valid").expect("secrets").count();
            assert_eq!(count, secrets.split(',').count());
        }
        let public = [("SERVER__PORTAL_URL", "https://portal.example.com")];
        assert!(with(LIVE, SECRET, &public).is_ok());
        let local = [("STRIPE__API_URL", "http://127.0.0.1:12111")];
        assert!(with(KEY, SECRET, &local).is_ok());
    }

    /// The key, the secrets, other settings, and a part of the refusal.
    type BadConfiguration<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str);

    #[test]
    fn st_01_bad_configurations_are_refused_with_the_remedy() {
        let portal = ("SERVER__PORTAL_URL", "https://portal.example.com");
        let cases: &[BadConfiguration] = &[
            ("", SECRET, &[], "it is blank"),
            (" \t", SECRET, &[], "it is blank"),
            ("sk_test_hunter2", SECRET, &[], "fewer than 32"),
            ("hunter2hunter2hunter2hunter2hunter2", SECRET, &[], "does not begin with rk_test_"),
            ("pk_test_51Hunter2example000000000000", SECRET, &[], "publishable key"),
            (SECRET, KEY, &[], "does not begin with rk_test_"),
            ("rk_test_51Hunter2example000000000000\n", SECRET, &[], "white space"),
            (KEY, "", &[], "it is blank"),
            (KEY, "   ", &[], "it is blank"),
            (KEY, "whsec_hunter2", &[], "fewer than 32"),
            (KEY, "hunter2hunter2hunter2hunter2hunter2", &[], "does not begin with whsec_"),
            (KEY, &format!("{SECRET},"), &[], "it is blank"),
            (KEY, &format!("{SECRET}, {OTHER}"), &[], "without spaces"),
            (KEY, &format!("{SECRET},{SECRET}"), &[], "equal"),
            (KEY, &format!("{SECRET},{OTHER},{OTHER}2"), &[], "more than two"),
            (LIVE, SECRET, &[], "live key and server.portal_url is not public"),
            (LIVE, SECRET, &[portal, ("STRIPE__API_URL", "http://localhost:1")], "live key and stripe.api_url"),
            (LIVE, SECRET, &[portal, ("STRIPE__API_URL", "https://127.0.0.1:1")], "live key and stripe.api_url"),
            (KEY, SECRET, &[("STRIPE__API_URL", "http://stripe.example.com")], "http is only allowed"),
            (KEY, SECRET, &[("STRIPE__API_URL", "https://u:hunter2@api.stripe.com")], "must be https"),
            (KEY, SECRET, &[("STRIPE__API_URL", "https://api.stripe.com/v1")], "must be https"),
            (KEY, SECRET, &[("STRIPE__GRACE_DAYS", "91")], "at most 90"),
        ];
        for (key, secrets, more, expected) in cases {
            let error = with(key, secrets, more).expect_err("refused");
            assert!(error.contains(expected) && !error.to_lowercase().contains("hunter2"), "{expected}: {error}");
        }
        let error = read(&[("STRIPE__SECRET_KEY", KEY)], false).expect_err("refused");
        assert!(error.contains("`latchkey stripe provision`"), "{error}");
        let error = read(&[("STRIPE__WEBHOOK_SECRETS", SECRET)], false).expect_err("refused");
        assert!(error.contains("set both or neither"), "{error}");
    }

    #[test]
    fn commands_that_create_the_endpoint_run_without_its_secret() {
        assert!(read(&[("STRIPE__SECRET_KEY", KEY)], true).is_ok());
        assert!(read(&[("STRIPE__WEBHOOK_SECRETS", SECRET)], true).is_err());
    }

    #[test]
    fn st_26_keys_are_not_printed() {
        let settings = with(KEY, SECRET, &[]).expect("valid");
        let printed = format!("{settings:?} {:?} {:?}", settings.print(), settings.stripe.key());
        assert!(!printed.to_lowercase().contains("hunter2"), "{printed}");
        let empty = read(&[], false).expect("valid").print();
        assert!(empty.contains(&("stripe.secret_key", "(not set)".into())), "{empty:?}");
    }
}
