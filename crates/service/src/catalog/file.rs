//! The catalog file, in which vendors write products, entitlements, policies and prices.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use latchkey_licensing::{
    component::{ComponentTerms, ComponentUniqueness},
    entitlement::EntitlementCode,
    ids::{PolicyId, ProductId},
    license::MAX_USES,
    license_key::KeyPrefix,
    policy::{
        DEFAULT_FILE_TTL, DEFAULT_HEARTBEAT_WINDOW, ExpiryBasis, ExpiryStrategy, HeartbeatCull, HeartbeatResurrection,
        KeyScheme, MIN_FILE_TTL, MIN_HEARTBEAT_WINDOW, MatchingStrategy, OverageStrategy, Policy, RenewalBasis,
        SwapAllowance,
    },
    process::{ProcessLeasing, ProcessTerms},
    text::has_disruptive,
    time::Timestamp,
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{
    catalog::{
        file_error::{CatalogFileError, CatalogProblem},
        human_duration::HumanDuration,
        price_entry::PriceEntry,
    },
    error::Internal,
};

/// A catalog file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogFile {
    /// All products.
    #[serde(default)]
    pub products: Vec<ProductEntry>,
    /// All entitlements.
    #[serde(default)]
    pub entitlements: Vec<EntitlementEntry>,
    /// All policies.
    #[serde(default)]
    pub policies: Vec<PolicyEntry>,
    /// All prices, in the order in which they are offered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<PriceEntry>,
}

/// A product in a catalog file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductEntry {
    /// The name used by commands and apps, such as `acme-draw`.
    pub code: String,
    /// The name shown to customers and admins.
    pub name: String,
    /// The prefix of its random license keys.
    pub key_prefix: String,
}

/// An entitlement in a catalog file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntitlementEntry {
    /// The code by which apps check for it, such as `PRO`.
    pub code: String,
    /// The name shown to customers and admins.
    pub name: String,
}

/// A policy in a catalog file. Settings that are left out have their defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent term set by the vendor")]
pub struct PolicyEntry {
    /// The name used by commands, such as `lifetime`.
    pub code: String,
    /// The code of the product that its licenses are for.
    pub product: String,
    /// The name shown to customers and admins.
    pub name: String,
    /// How long a license lasts, such as `365d`. Perpetual if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<HumanDuration>,
    /// What starts the duration.
    #[serde(default = "expiry_basis")]
    pub expiry_basis: ExpiryBasis,
    /// What a renewal adds the duration to.
    #[serde(default = "renewal_basis")]
    pub renewal_basis: RenewalBasis,
    /// What a license allows after it has expired.
    #[serde(default = "expiry_strategy")]
    pub expiry_strategy: ExpiryStrategy,
    /// How many machines may be active, before overage. Unlimited if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_machines: Option<u32>,
    /// How many cores they may have together, before overage. Unlimited if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cores: Option<u32>,
    /// The highest value of the usage counter. Unlimited if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u32>,
    /// How many processes may run, before overage. Unlimited if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_processes: Option<u32>,
    /// How many machines, cores and processes beyond the limits are allowed.
    #[serde(default = "overage_strategy", deserialize_with = "any_overage")]
    pub overage_strategy: OverageStrategy,
    /// How many of the fingerprints that an app sends must belong to active machines.
    #[serde(default = "machine_matching")]
    pub machine_matching: MatchingStrategy,
    /// Whether several machines may be active. `false` is node-locked.
    #[serde(default = "yes")]
    pub floating: bool,
    /// Whether every validation checks the machine, core and process limits.
    #[serde(default = "yes")]
    pub strict: bool,
    /// The longest time between check-ins, such as `7d`. Not required if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_in: Option<HumanDuration>,
    /// How license keys are generated.
    #[serde(default = "key_scheme")]
    pub key_scheme: KeyScheme,
    /// The default time to live of license and machine files.
    #[serde(default = "offline_file")]
    pub offline_file: HumanDuration,
    /// Whether customers may replace their own license key.
    #[serde(default = "yes")]
    pub customer_replaces_key: bool,
    /// Whether customers may free machines themselves, as often as `swaps` says.
    #[serde(default = "yes")]
    pub customer_frees_machines: bool,
    /// Whether customers may rename their machines.
    #[serde(default = "yes")]
    pub customer_renames_machines: bool,
    /// Whether customers may download files for machines without internet access.
    #[serde(default = "yes")]
    pub customer_downloads_files: bool,
    /// Whether customers see the history of their license.
    #[serde(default = "yes")]
    pub customer_sees_history: bool,
    /// The entitlements that every license grants, by code.
    #[serde(default)]
    pub entitlements: BTreeSet<String>,
    /// How often customers may free machines themselves. Unlimited if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swaps: Option<SwapsEntry>,
    /// The heartbeats of machines.
    #[serde(default)]
    pub heartbeat: HeartbeatEntry,
    /// What the limit of processes counts, and their heartbeats.
    #[serde(default)]
    pub processes: ProcessesEntry,
    /// How components of machines are compared.
    #[serde(default)]
    pub components: ComponentsEntry,
}

/// A swap allowance in a catalog file: `count` machines in any `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwapsEntry {
    /// The number of machines that may be freed.
    pub count: u32,
    /// The length of the sliding window.
    pub window: HumanDuration,
}

/// The heartbeat settings of a policy in a catalog file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeartbeatEntry {
    /// Whether machines must send heartbeats.
    pub required: bool,
    /// The window within which the next heartbeat must arrive.
    pub window: HumanDuration,
    /// What happens to dead machines.
    pub cull: HeartbeatCull,
    /// Until when a late heartbeat resurrects a dead machine.
    pub resurrection: HeartbeatResurrection,
}

impl Default for HeartbeatEntry {
    fn default() -> Self {
        Self {
            required: false,
            window: HumanDuration(DEFAULT_HEARTBEAT_WINDOW),
            cull: HeartbeatCull::DeactivateDead,
            resurrection: HeartbeatResurrection::NoRevive,
        }
    }
}

/// What a policy in a catalog file says about processes, apart from their limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProcessesEntry {
    /// What the limit counts.
    pub leasing: ProcessLeasing,
    /// The window within which the next heartbeat must arrive.
    pub window: HumanDuration,
}

impl Default for ProcessesEntry {
    fn default() -> Self {
        Self::of(ProcessTerms::default())
    }
}

impl ProcessesEntry {
    fn of(terms: ProcessTerms) -> Self {
        Self { leasing: terms.leasing, window: HumanDuration(terms.window) }
    }
}

/// What a policy in a catalog file says about components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ComponentsEntry {
    /// How many of the components in a scope a machine must have.
    pub matching: MatchingStrategy,
    /// Where a component's fingerprint may occur only once.
    pub uniqueness: ComponentUniqueness,
    /// Whether the scope of every validation must contain components.
    pub required: bool,
}

impl Default for ComponentsEntry {
    fn default() -> Self {
        Self::of(ComponentTerms::default())
    }
}

impl ComponentsEntry {
    fn of(terms: ComponentTerms) -> Self {
        Self { matching: terms.matching, uniqueness: terms.uniqueness, required: terms.are_required }
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
fn machine_matching() -> MatchingStrategy {
    MatchingStrategy::Any
}
/// Reads the overage as any client of the protocol spells it.
fn any_overage<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OverageStrategy, D::Error> {
    let text = String::deserialize(deserializer)?;
    OverageStrategy::parse_any(&text).ok_or_else(|| {
        let known: Vec<_> = OverageStrategy::ALL.iter().map(|strategy| strategy.as_str()).collect();
        D::Error::custom(format!("unknown overage `{text}`, expected one of {}", known.join(", ")))
    })
}
fn key_scheme() -> KeyScheme {
    KeyScheme::Random
}
fn offline_file() -> HumanDuration {
    HumanDuration(DEFAULT_FILE_TTL)
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
            duration: policy.duration.map(HumanDuration),
            expiry_basis: policy.expiry_basis,
            renewal_basis: policy.renewal_basis,
            expiry_strategy: policy.expiry_strategy,
            max_machines: policy.max_machines,
            max_cores: policy.max_cores,
            max_uses: policy.max_uses,
            max_processes: policy.processes.max,
            overage_strategy: policy.overage_strategy,
            machine_matching: policy.machine_matching,
            floating: policy.is_floating,
            strict: policy.is_strict,
            check_in: policy.check_in_interval.map(HumanDuration),
            key_scheme: policy.key_scheme,
            offline_file: HumanDuration(policy.file_ttl),
            customer_replaces_key: policy.customer_replaces_key,
            customer_frees_machines: policy.customer_frees_machines,
            customer_renames_machines: policy.customer_renames_machines,
            customer_downloads_files: policy.customer_downloads_files,
            customer_sees_history: policy.customer_sees_history,
            entitlements,
            swaps: policy
                .swap_allowance
                .map(|swaps| SwapsEntry { count: swaps.count, window: HumanDuration(swaps.window) }),
            heartbeat: HeartbeatEntry {
                required: policy.requires_heartbeat,
                window: HumanDuration(policy.heartbeat_window),
                cull: policy.cull,
                resurrection: policy.resurrection,
            },
            processes: ProcessesEntry::of(policy.processes),
            components: ComponentsEntry::of(policy.components),
        }
    }

    /// The policy that this entry describes.
    pub(crate) fn policy(&self, id: PolicyId, product: ProductId, created_at: Timestamp, now: Timestamp) -> Policy {
        Policy {
            id,
            product,
            code: self.code.clone(),
            name: self.name.clone(),
            duration: self.duration.map(|duration| duration.0),
            expiry_basis: self.expiry_basis,
            renewal_basis: self.renewal_basis,
            max_machines: self.max_machines,
            max_cores: self.max_cores,
            max_uses: self.max_uses,
            processes: ProcessTerms {
                max: self.max_processes,
                leasing: self.processes.leasing,
                window: self.processes.window.0,
            },
            components: ComponentTerms {
                matching: self.components.matching,
                uniqueness: self.components.uniqueness,
                are_required: self.components.required,
            },
            is_floating: self.floating,
            is_strict: self.strict,
            expiry_strategy: self.expiry_strategy,
            overage_strategy: self.overage_strategy,
            machine_matching: self.machine_matching,
            requires_heartbeat: self.heartbeat.required,
            heartbeat_window: self.heartbeat.window.0,
            cull: self.heartbeat.cull,
            resurrection: self.heartbeat.resurrection,
            check_in_interval: self.check_in.map(|duration| duration.0),
            key_scheme: self.key_scheme,
            file_ttl: self.offline_file.0,
            swap_allowance: self.swaps.map(|swaps| SwapAllowance { count: swaps.count, window: swaps.window.0 }),
            customer_replaces_key: self.customer_replaces_key,
            customer_frees_machines: self.customer_frees_machines,
            customer_renames_machines: self.customer_renames_machines,
            customer_downloads_files: self.customer_downloads_files,
            customer_sees_history: self.customer_sees_history,
            created_at,
            updated_at: now,
        }
    }

    fn problems(&self) -> Vec<CatalogFileError> {
        let mut problems = name_problem("policies", &self.code, &self.name).into_iter().collect::<Vec<_>>();
        let mut refuse =
            |field: &str, problem: CatalogProblem| problems.push(problem.at(format!("policies.{}.{field}", self.code)));
        for (field, limit, min) in [
            ("max_machines", self.max_machines, 0),
            ("max_cores", self.max_cores, 1),
            ("max_uses", self.max_uses, 0),
            ("max_processes", self.max_processes, 0),
            ("swaps.count", self.swaps.map(|swaps| swaps.count), 0),
        ] {
            if limit.is_some_and(|limit| !(min..=MAX_USES).contains(&limit)) {
                refuse(field, CatalogProblem::OutOfRange { min });
            }
        }
        if !self.floating && self.max_machines != Some(1) {
            refuse("max_machines", CatalogProblem::NodeLocked);
        }
        if self.duration.is_none() && self.expiry_basis != ExpiryBasis::FromCreation {
            refuse("expiry_basis", CatalogProblem::NoDuration);
        }
        for (field, window) in
            [("heartbeat.window", self.heartbeat.window), ("processes.window", self.processes.window)]
        {
            if window.0 < MIN_HEARTBEAT_WINDOW {
                refuse(field, CatalogProblem::TooShort(HumanDuration(MIN_HEARTBEAT_WINDOW)));
            }
            if window.0 > Duration::from_secs(u64::from(MAX_USES)) {
                refuse(field, CatalogProblem::TooLong(MAX_HEARTBEAT));
            }
        }
        if self.heartbeat.resurrection == HeartbeatResurrection::AlwaysRevive
            && self.heartbeat.cull == HeartbeatCull::DeactivateDead
        {
            refuse("heartbeat.resurrection", CatalogProblem::RevivesDeactivated);
        }
        if self.offline_file.0 < MIN_FILE_TTL {
            refuse("offline_file", CatalogProblem::TooShort(HumanDuration(MIN_FILE_TTL)));
        }
        if self.check_in.is_some_and(|interval| interval < MIN_CHECK_IN) {
            refuse("check_in", CatalogProblem::TooShort(MIN_CHECK_IN));
        }
        problems
    }
}

/// The longest heartbeat window, in whole days: clients read it as seconds in a signed 32-bit number.
const MAX_HEARTBEAT: HumanDuration = HumanDuration(Duration::from_hours(24_855 * 24));

/// The shortest interval between check-ins.
const MIN_CHECK_IN: HumanDuration = HumanDuration(Duration::from_hours(1));

impl CatalogFile {
    /// Checks everything that can be checked without the database.
    pub fn check(&self) -> Result<(), CatalogFileError> {
        self.problems().into_iter().next().map_or(Ok(()), Err)
    }

    /// Everything that is wrong with the file and can be found without the database.
    pub fn problems(&self) -> Vec<CatalogFileError> {
        let mut problems = Vec::new();
        let mut seen = BTreeSet::new();
        if self.products.is_empty() {
            problems.push(CatalogProblem::NoProducts.at("products".to_owned()));
        }
        for product in &self.products {
            let at = format!("products.{}", product.code);
            problems.extend(code_problem(&at, &product.code));
            if !seen.insert(("product", &product.code)) {
                problems.push(CatalogProblem::Duplicate.at(at.clone()));
            }
            problems.extend(name_problem("products", &product.code, &product.name));
            if KeyPrefix::parse(&product.key_prefix).is_none() {
                problems.push(CatalogProblem::InvalidKeyPrefix.at(format!("{at}.key_prefix")));
            }
        }
        for entitlement in &self.entitlements {
            let at = format!("entitlements.{}", entitlement.code);
            if EntitlementCode::parse(&entitlement.code).is_none() {
                problems.push(CatalogProblem::InvalidEntitlementCode.at(at.clone()));
            }
            if !seen.insert(("entitlement", &entitlement.code)) {
                problems.push(CatalogProblem::Duplicate.at(at));
            }
            problems.extend(name_problem("entitlements", &entitlement.code, &entitlement.name));
        }
        for policy in &self.policies {
            let at = format!("policies.{}", policy.code);
            problems.extend(code_problem(&at, &policy.code));
            if !seen.insert(("policy", &policy.code)) {
                problems.push(CatalogProblem::Duplicate.at(at.clone()));
            }
            if !self.products.iter().any(|product| product.code == policy.product) {
                problems.push(CatalogProblem::ProductNotFound(policy.product.clone()).at(format!("{at}.product")));
            }
            for code in &policy.entitlements {
                if !self.entitlements.iter().any(|entitlement| entitlement.code == *code) {
                    problems.push(CatalogProblem::EntitlementNotFound(code.clone()).at(format!("{at}.entitlements")));
                }
            }
            problems.extend(policy.problems());
        }
        for price in &self.prices {
            let at = format!("prices.{}", price.code);
            problems.extend(code_problem(&at, &price.code));
            if !seen.insert(("price", &price.code)) {
                problems.push(CatalogProblem::Duplicate.at(at));
            }
            problems.extend(price.check(&self.policies).err());
        }
        problems
    }

    /// The file's text.
    pub fn to_text(&self) -> Result<String, Internal> {
        text(self)
    }
}

impl ProductEntry {
    /// The entry as it stands in a file.
    pub fn to_text(&self) -> Result<String, Internal> {
        text(&BTreeMap::from([("products", [self])]))
    }
}

impl EntitlementEntry {
    /// The entry as it stands in a file.
    pub fn to_text(&self) -> Result<String, Internal> {
        text(&BTreeMap::from([("entitlements", [self])]))
    }
}

impl PolicyEntry {
    /// The entry as it stands in a file.
    pub fn to_text(&self) -> Result<String, Internal> {
        text(&BTreeMap::from([("policies", [self])]))
    }
}

impl PriceEntry {
    /// The entry as it stands in a file.
    pub fn to_text(&self) -> Result<String, Internal> {
        text(&BTreeMap::from([("prices", [self])]))
    }
}

fn text(content: &impl Serialize) -> Result<String, Internal> {
    toml::to_string(content).map_err(|_| Internal::Invariant("the catalog cannot be written as TOML"))
}

fn code_problem(at: &str, code: &str) -> Option<CatalogFileError> {
    let fits = (1..=64).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (!fits).then(|| CatalogProblem::InvalidCode.at(at.to_owned()))
}

fn name_problem(list: &str, code: &str, name: &str) -> Option<CatalogFileError> {
    let fits = (1..=100).contains(&name.chars().count()) && !has_disruptive(name);
    (!fits).then(|| CatalogProblem::NameLength.at(format!("{list}.{code}.name")))
}
