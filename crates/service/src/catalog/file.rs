//! The catalog as a file: products, entitlements and policies as a vendor writes them down.

use std::{collections::BTreeSet, time::Duration};

use latchkey_licensing::{
    entitlement::EntitlementCode,
    ids::{PolicyId, ProductId},
    license::MAX_USES,
    license_key::KeyPrefix,
    policy::{
        DEFAULT_FILE_TTL, DEFAULT_HEARTBEAT_WINDOW, ExpiryBasis, ExpiryStrategy, HeartbeatCull, HeartbeatResurrection,
        KeyScheme, MIN_FILE_TTL, MIN_HEARTBEAT_WINDOW, OverageStrategy, Policy, RenewalBasis, SwapAllowance,
    },
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::catalog::{
    file_error::{CatalogFault, CatalogProblem},
    human_duration::Span,
};

/// A whole catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogFile {
    /// What is sold.
    #[serde(default)]
    pub products: Vec<ProductEntry>,
    /// What licenses may carry.
    #[serde(default)]
    pub entitlements: Vec<EntitlementEntry>,
    /// On which terms.
    #[serde(default)]
    pub policies: Vec<PolicyEntry>,
}

/// A product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductEntry {
    /// By what commands and apps name it.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// What its random keys start with.
    pub key_prefix: String,
}

/// An entitlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntitlementEntry {
    /// By what apps ask for it.
    pub code: String,
    /// What people call it.
    pub name: String,
}

/// A policy. What is left out has the usual value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyEntry {
    /// By what commands name it.
    pub code: String,
    /// The code of the product that it sells.
    pub product: String,
    /// What people call it.
    pub name: String,
    /// How long a license lasts, such as `365d`; left out is for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Span>,
    /// When the duration begins.
    #[serde(default = "expiry_basis")]
    pub expiry_basis: ExpiryBasis,
    /// What a renewal adds the duration to.
    #[serde(default = "renewal_basis")]
    pub renewal_basis: RenewalBasis,
    /// What an expired license may still do.
    #[serde(default = "expiry_strategy")]
    pub expiry_strategy: ExpiryStrategy,
    /// How many machines may be active; left out is any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_machines: Option<u32>,
    /// How many cores they may have together; left out is any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cores: Option<u32>,
    /// How far the usage counter may go; left out is without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u32>,
    /// How many machines beyond the limit may be active.
    #[serde(default = "overage_strategy")]
    pub overage_strategy: OverageStrategy,
    /// Whether more than one machine is meant.
    #[serde(default = "yes")]
    pub floating: bool,
    /// Whether machines are counted in every validation.
    #[serde(default = "yes")]
    pub strict: bool,
    /// How often apps must check in, such as `7d`; left out is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_in: Option<Span>,
    /// How keys are made.
    #[serde(default = "key_scheme")]
    pub key_scheme: KeyScheme,
    /// How long a file for offline use lasts.
    #[serde(default = "offline_file")]
    pub offline_file: Span,
    /// Whether customers may replace their own key.
    #[serde(default = "yes")]
    pub customer_rotates_key: bool,
    /// The entitlements of every license, by code.
    #[serde(default)]
    pub entitlements: BTreeSet<String>,
    /// How often customers may free machines; left out is as often as they like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swaps: Option<SwapsEntry>,
    /// Heartbeats of machines.
    #[serde(default)]
    pub heartbeat: HeartbeatEntry,
}

/// A swap allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwapsEntry {
    /// How many times.
    pub count: u32,
    /// Within how long.
    pub window: Span,
}

/// Heartbeats of machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeartbeatEntry {
    /// Whether machines must send them.
    pub required: bool,
    /// How long one counts.
    pub window: Span,
    /// What happens to machines whose heartbeat stopped.
    pub cull: HeartbeatCull,
    /// Whether a late one brings its machine back.
    pub resurrection: HeartbeatResurrection,
}

impl Default for HeartbeatEntry {
    fn default() -> Self {
        Self {
            required: false,
            window: Span(DEFAULT_HEARTBEAT_WINDOW),
            cull: HeartbeatCull::DeactivateDead,
            resurrection: HeartbeatResurrection::NoRevive,
        }
    }
}

fn expiry_basis() -> ExpiryBasis {
    ExpiryBasis::FromCreation
}
fn renewal_basis() -> RenewalBasis {
    RenewalBasis::FromExpiry
}
fn expiry_strategy() -> ExpiryStrategy {
    ExpiryStrategy::RestrictAccess
}
fn overage_strategy() -> OverageStrategy {
    OverageStrategy::NoOverage
}
fn key_scheme() -> KeyScheme {
    KeyScheme::Random
}
fn offline_file() -> Span {
    Span(DEFAULT_FILE_TTL)
}
fn yes() -> bool {
    true
}

impl PolicyEntry {
    /// The entry of a policy.
    pub(crate) fn of(policy: &Policy, product: &str, entitlements: BTreeSet<String>) -> Self {
        Self {
            code: policy.code.clone(),
            product: product.to_owned(),
            name: policy.name.clone(),
            duration: policy.duration.map(Span),
            expiry_basis: policy.expiry_basis,
            renewal_basis: policy.renewal_basis,
            expiry_strategy: policy.expiry_strategy,
            max_machines: policy.max_machines,
            max_cores: policy.max_cores,
            max_uses: policy.max_uses,
            overage_strategy: policy.overage_strategy,
            floating: policy.is_floating,
            strict: policy.is_strict,
            check_in: policy.check_in_interval.map(Span),
            key_scheme: policy.key_scheme,
            offline_file: Span(policy.file_ttl),
            customer_rotates_key: policy.customer_rotates_key,
            entitlements,
            swaps: policy.swap_allowance.map(|swaps| SwapsEntry { count: swaps.count, window: Span(swaps.window) }),
            heartbeat: HeartbeatEntry {
                required: policy.requires_heartbeat,
                window: Span(policy.heartbeat_window),
                cull: policy.cull,
                resurrection: policy.resurrection,
            },
        }
    }

    /// The policy on these terms.
    pub(crate) fn policy(&self, id: PolicyId, product: ProductId, created_at: Timestamp, now: Timestamp) -> Policy {
        Policy {
            id,
            product,
            code: self.code.clone(),
            name: self.name.clone(),
            duration: self.duration.map(|span| span.0),
            expiry_basis: self.expiry_basis,
            renewal_basis: self.renewal_basis,
            max_machines: self.max_machines,
            max_cores: self.max_cores,
            max_uses: self.max_uses,
            is_floating: self.floating,
            is_strict: self.strict,
            expiry_strategy: self.expiry_strategy,
            overage_strategy: self.overage_strategy,
            requires_heartbeat: self.heartbeat.required,
            heartbeat_window: self.heartbeat.window.0,
            cull: self.heartbeat.cull,
            resurrection: self.heartbeat.resurrection,
            check_in_interval: self.check_in.map(|span| span.0),
            key_scheme: self.key_scheme,
            file_ttl: self.offline_file.0,
            swap_allowance: self.swaps.map(|swaps| SwapAllowance { count: swaps.count, window: swaps.window.0 }),
            customer_rotates_key: self.customer_rotates_key,
            created_at,
            updated_at: now,
        }
    }

    fn check(&self) -> Result<(), CatalogFault> {
        let refuse = |field: &str, problem: CatalogProblem| Err(problem.at(format!("policies.{}.{field}", self.code)));
        check_name("policies", &self.code, &self.name)?;
        for (field, limit, least) in [
            ("max_machines", self.max_machines, 0),
            ("max_cores", self.max_cores, 1),
            ("max_uses", self.max_uses, 0),
            ("swaps.count", self.swaps.map(|swaps| swaps.count), 0),
        ] {
            if limit.is_some_and(|limit| !(least..=MAX_USES).contains(&limit)) {
                return refuse(field, CatalogProblem::OutOfRange { least });
            }
        }
        if !self.floating && self.max_machines != Some(1) {
            return refuse("max_machines", CatalogProblem::NodeLocked);
        }
        if self.duration.is_none() && self.expiry_basis != ExpiryBasis::FromCreation {
            return refuse("expiry_basis", CatalogProblem::NoDuration);
        }
        if self.heartbeat.window.0 < MIN_HEARTBEAT_WINDOW {
            return refuse("heartbeat.window", CatalogProblem::TooShort(Span(MIN_HEARTBEAT_WINDOW)));
        }
        if self.heartbeat.window.0 > Duration::from_secs(u64::from(MAX_USES)) {
            return refuse("heartbeat.window", CatalogProblem::TooLong(MAX_HEARTBEAT));
        }
        if self.heartbeat.resurrection == HeartbeatResurrection::AlwaysRevive
            && self.heartbeat.cull == HeartbeatCull::DeactivateDead
        {
            return refuse("heartbeat.resurrection", CatalogProblem::RevivesDeactivated);
        }
        if self.offline_file.0 < MIN_FILE_TTL {
            return refuse("offline_file", CatalogProblem::TooShort(Span(MIN_FILE_TTL)));
        }
        if self.check_in.is_some_and(|span| span < MIN_CHECK_IN) {
            return refuse("check_in", CatalogProblem::TooShort(MIN_CHECK_IN));
        }
        Ok(())
    }
}

/// The longest heartbeat window, in whole days: clients read it as seconds in 32 bits.
const MAX_HEARTBEAT: Span = Span(Duration::from_hours(24_855 * 24));

/// The shortest interval of check-ins.
const MIN_CHECK_IN: Span = Span(Duration::from_hours(1));

impl CatalogFile {
    /// Checks what can be checked without a database.
    pub fn check(&self) -> Result<(), CatalogFault> {
        let mut seen = BTreeSet::new();
        if self.products.is_empty() {
            return Err(CatalogProblem::NoProducts.at("products".to_owned()));
        }
        for product in &self.products {
            let at = format!("products.{}", product.code);
            check_code(&at, &product.code)?;
            if !seen.insert(("product", &product.code)) {
                return Err(CatalogProblem::Twice.at(at));
            }
            check_name("products", &product.code, &product.name)?;
            if KeyPrefix::parse(&product.key_prefix).is_none() {
                return Err(CatalogProblem::KeyPrefixForm.at(format!("{at}.key_prefix")));
            }
        }
        for entitlement in &self.entitlements {
            let at = format!("entitlements.{}", entitlement.code);
            if EntitlementCode::parse(&entitlement.code).is_none() {
                return Err(CatalogProblem::EntitlementCodeForm.at(at));
            }
            if !seen.insert(("entitlement", &entitlement.code)) {
                return Err(CatalogProblem::Twice.at(at));
            }
            check_name("entitlements", &entitlement.code, &entitlement.name)?;
        }
        for policy in &self.policies {
            let at = format!("policies.{}", policy.code);
            check_code(&at, &policy.code)?;
            if !seen.insert(("policy", &policy.code)) {
                return Err(CatalogProblem::Twice.at(at));
            }
            if !self.products.iter().any(|product| product.code == policy.product) {
                return Err(CatalogProblem::ProductNotFound(policy.product.clone()).at(format!("{at}.product")));
            }
            for code in &policy.entitlements {
                if !self.entitlements.iter().any(|entitlement| entitlement.code == *code) {
                    return Err(CatalogProblem::EntitlementNotFound(code.clone()).at(format!("{at}.entitlements")));
                }
            }
            policy.check()?;
        }
        Ok(())
    }
}

fn check_code(at: &str, code: &str) -> Result<(), CatalogFault> {
    let fits = (1..=64).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits { Ok(()) } else { Err(CatalogProblem::CodeForm.at(at.to_owned())) }
}

fn check_name(list: &str, code: &str, name: &str) -> Result<(), CatalogFault> {
    let fits = (1..=100).contains(&name.chars().count());
    if fits { Ok(()) } else { Err(CatalogProblem::NameLength.at(format!("{list}.{code}.name"))) }
}
