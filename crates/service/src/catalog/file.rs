//! The catalog as a file: products, entitlements and policies as a vendor writes them down.

use std::{collections::BTreeSet, fmt, time::Duration};

use latchkey_licensing::{
    entitlement::EntitlementCode,
    ids::{PolicyId, ProductId},
    license::MAX_USES,
    license_key::KeyPrefix,
    policy::{
        DEFAULT_HEARTBEAT, DEFAULT_OFFLINE_FILE, ExpiryBasis, ExpiryStrategy, HeartbeatCull, HeartbeatResurrection,
        KeyScheme, MIN_HEARTBEAT, MIN_OFFLINE_FILE, OverageStrategy, Policy, RenewalBasis, SwapAllowance,
    },
    time::Timestamp,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
            window: Span(DEFAULT_HEARTBEAT),
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
    Span(DEFAULT_OFFLINE_FILE)
}
fn yes() -> bool {
    true
}

/// A length of time as people write it: a number and `s`, `m`, `h` or `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

const UNITS: [(&str, u64); 4] = [("d", 24 * 60 * 60), ("h", 60 * 60), ("m", 60), ("s", 1)];

/// The longest time that a catalog may name: a thousand years.
const MAX_SECONDS: u64 = 365_250 * 24 * 60 * 60;

impl Span {
    /// Reads a length of time. `None` if it is none, or nought, or longer than a thousand years.
    pub fn parse(text: &str) -> Option<Self> {
        let unit = UNITS.iter().find(|(unit, _)| text.ends_with(unit))?;
        let digits = text.strip_suffix(unit.0)?;
        let number: u64 = digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())??;
        let seconds = number.checked_mul(unit.1).filter(|seconds| (1..=MAX_SECONDS).contains(seconds))?;
        Some(Self(Duration::from_secs(seconds)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (unit, length) = UNITS.iter().find(|(_, length)| seconds.is_multiple_of(*length)).unwrap_or(&("s", 1));
        write!(f, "{}{unit}", seconds / length)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is no length of time: write a number and d, h, m or s, such as 30d"
            ))
        })
    }
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
            renewal_basis: policy.renewal,
            expiry_strategy: policy.expiry,
            max_machines: policy.max_machines,
            max_cores: policy.max_cores,
            max_uses: policy.max_uses,
            overage_strategy: policy.overage,
            floating: policy.is_floating,
            strict: policy.is_strict,
            check_in: policy.check_in.map(Span),
            key_scheme: policy.scheme,
            offline_file: Span(policy.offline_file),
            customer_rotates_key: policy.customer_rotates_key,
            entitlements,
            swaps: policy.swaps.map(|swaps| SwapsEntry { count: swaps.count, window: Span(swaps.window) }),
            heartbeat: HeartbeatEntry {
                required: policy.requires_heartbeat,
                window: Span(policy.heartbeat),
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
            renewal: self.renewal_basis,
            max_machines: self.max_machines,
            max_cores: self.max_cores,
            max_uses: self.max_uses,
            is_floating: self.floating,
            is_strict: self.strict,
            expiry: self.expiry_strategy,
            overage: self.overage_strategy,
            requires_heartbeat: self.heartbeat.required,
            heartbeat: self.heartbeat.window.0,
            cull: self.heartbeat.cull,
            resurrection: self.heartbeat.resurrection,
            check_in: self.check_in.map(|span| span.0),
            scheme: self.key_scheme,
            offline_file: self.offline_file.0,
            swaps: self.swaps.map(|swaps| SwapAllowance { count: swaps.count, window: swaps.window.0 }),
            customer_rotates_key: self.customer_rotates_key,
            created_at,
            updated_at: now,
        }
    }

    fn check(&self) -> Result<(), String> {
        let refuse = |field: &str, why: &str| Err(format!("policies.{}.{field}: {why}", self.code));
        if !(1..=100).contains(&self.name.chars().count()) {
            return refuse("name", "give a name of 1 to 100 characters");
        }
        for (field, limit, least) in
            [("max_machines", self.max_machines, 0), ("max_cores", self.max_cores, 1), ("max_uses", self.max_uses, 0)]
        {
            if limit.is_some_and(|limit| !(least..=i32::MAX.unsigned_abs()).contains(&limit)) {
                return refuse(field, &format!("give a number from {least} to {}, or leave it out", i32::MAX));
            }
        }
        if !self.floating && self.max_machines != Some(1) {
            return refuse("max_machines", "a policy that is not floating has one machine: set it to 1");
        }
        if self.duration.is_none() && self.expiry_basis != ExpiryBasis::FromCreation {
            return refuse("expiry_basis", "there is no duration that could begin: set duration");
        }
        if self.heartbeat.window.0 < MIN_HEARTBEAT {
            return refuse("heartbeat.window", "at least 60s");
        }
        // Clients read it as seconds in 32 bits.
        if self.heartbeat.window.0 > Duration::from_secs(u64::from(MAX_USES)) {
            return refuse("heartbeat.window", "at most 24855d");
        }
        if self.swaps.is_some_and(|swaps| swaps.count > MAX_USES) {
            return refuse("swaps.count", &format!("give a number from 0 to {MAX_USES}, or leave swaps out"));
        }
        if self.heartbeat.resurrection == HeartbeatResurrection::AlwaysRevive
            && self.heartbeat.cull == HeartbeatCull::DeactivateDead
        {
            return refuse("heartbeat.resurrection", "ALWAYS_REVIVE goes with cull = \"KEEP_DEAD\"");
        }
        if self.offline_file.0 < MIN_OFFLINE_FILE {
            return refuse("offline_file", "at least 1h");
        }
        if self.check_in.is_some_and(|span| span.0 < Duration::from_hours(1)) {
            return refuse("check_in", "at least 1h");
        }
        Ok(())
    }
}

impl CatalogFile {
    /// Checks what can be checked without a database. The error names the field.
    pub fn check(&self) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        if self.products.is_empty() {
            return Err("products: a catalog has at least one product".to_owned());
        }
        for product in &self.products {
            check_code("products", &product.code)?;
            if !seen.insert(("product", &product.code)) {
                return Err(format!("products.{}: is there twice", product.code));
            }
            if !(1..=100).contains(&product.name.chars().count()) {
                return Err(format!("products.{}.name: give a name of 1 to 100 characters", product.code));
            }
            if KeyPrefix::parse(&product.key_prefix).is_none() {
                return Err(format!("products.{}.key_prefix: give 2 to 8 capitals or digits", product.code));
            }
        }
        for entitlement in &self.entitlements {
            if EntitlementCode::parse(&entitlement.code).is_none() {
                return Err(format!("entitlements.{}: a code is 1 to 64 letters, digits, _, - or .", entitlement.code));
            }
            if !seen.insert(("entitlement", &entitlement.code)) {
                return Err(format!("entitlements.{}: is there twice", entitlement.code));
            }
            if !(1..=100).contains(&entitlement.name.chars().count()) {
                return Err(format!("entitlements.{}.name: give a name of 1 to 100 characters", entitlement.code));
            }
        }
        for policy in &self.policies {
            check_code("policies", &policy.code)?;
            if !seen.insert(("policy", &policy.code)) {
                return Err(format!("policies.{}: is there twice", policy.code));
            }
            if !self.products.iter().any(|product| product.code == policy.product) {
                return Err(format!("policies.{}.product: there is no product `{}`", policy.code, policy.product));
            }
            for code in &policy.entitlements {
                if !self.entitlements.iter().any(|entitlement| entitlement.code == *code) {
                    return Err(format!("policies.{}.entitlements: there is no entitlement `{code}`", policy.code));
                }
            }
            policy.check()?;
        }
        Ok(())
    }
}

fn check_code(list: &str, code: &str) -> Result<(), String> {
    let fits = (1..=64).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits { Ok(()) } else { Err(format!("{list}.{code}: a code is 1 to 64 small letters, digits or dashes")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_back() {
        for (text, seconds) in [("30d", 2_592_000), ("12h", 43_200), ("90s", 90), ("10m", 600), ("365d", 31_536_000)] {
            let span = Span::parse(text).expect("a span");
            assert_eq!((span.0.as_secs(), span.to_string().as_str()), (seconds, text));
        }
        assert_eq!(Span::parse("24h").map(|span| span.to_string()).as_deref(), Some("1d"));
        for bad in ["", "d", "0d", "-1d", "1.5d", "30", "30 d", "1y", "99999999999999d", "+1d"] {
            assert_eq!(Span::parse(bad), None, "{bad}");
        }
    }
}
