//! Applying a catalog file: first a plan, then all of its changes or none.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use latchkey_licensing::{
    entitlement::{Entitlement, EntitlementCode},
    ids::{EntitlementId, PolicyId, ProductId},
    license_key::KeyPrefix,
    policy::Policy,
    price::Price,
    product::Product,
    time::Timestamp,
};
use latchkey_store::{Conn, Tx};
use serde::Serialize;
use serde_json::Value;

use crate::{
    audit::event::{AuditEvent, CatalogEvent},
    catalog::{
        file::{CatalogFile, EntitlementEntry, PolicyEntry, ProductEntry},
        file_error::CatalogFileError,
        impact::{self, Terms},
        obstacle::CatalogObstacle,
        price_entry::PriceEntry,
        prices,
        warnings::{CatalogWarning, new_warnings},
    },
    error::{Internal, internal_errors},
    identity::actors::{Admin, Fresh, Support},
    service::Service,
};

/// Why a catalog file cannot be planned or applied. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The file is invalid.
    #[error(transparent)]
    InvalidFile(#[from] CatalogFileError),
    /// Something in the database prevents a change.
    #[error(transparent)]
    Obstacle(#[from] CatalogObstacle),
    /// The catalog has changed since the plan was made.
    #[error("the catalog has changed in the meantime: plan again")]
    Changed,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(CatalogError);

/// The kind of change to a catalog entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CatalogAction {
    /// The entry is added.
    Add,
    /// The entry changes.
    Change,
    /// The entry is removed.
    Remove,
}

/// The kind of a catalog entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CatalogKind {
    /// A product.
    Product,
    /// An entitlement.
    Entitlement,
    /// A policy.
    Policy,
    /// A price.
    Price,
}

/// One change to the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CatalogStep {
    /// The kind of change.
    pub action: CatalogAction,
    /// The kind of entry.
    pub kind: CatalogKind,
    /// The entry's code.
    pub code: String,
    /// The fields that change, each with its name, old value and new value.
    pub fields: Vec<(String, Value, Value)>,
    /// The number of licenses under the policy. 0 for other entries.
    pub licenses: i64,
}

impl fmt::Display for CatalogStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.action {
            CatalogAction::Add => '+',
            CatalogAction::Change => '~',
            CatalogAction::Remove => '-',
        };
        let kind = match self.kind {
            CatalogKind::Product => "product",
            CatalogKind::Entitlement => "entitlement",
            CatalogKind::Policy => "policy",
            CatalogKind::Price => "price",
        };
        write!(f, "{sign} {kind} {}", self.code)?;
        if self.licenses > 0 {
            write!(f, "  ({} licenses)", self.licenses)?;
        }
        for (field, before, after) in &self.fields {
            write!(f, "\n    {field}: {before} -> {after}")?;
        }
        Ok(())
    }
}

/// The changes that applying a catalog file makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogPlan {
    /// The changes, in the order in which they are made.
    pub steps: Vec<CatalogStep>,
    /// What the changes bring that is allowed and rarely meant.
    pub warnings: Vec<CatalogWarning>,
    /// The version of the catalog for which the plan was made.
    pub version: i64,
}

impl CatalogPlan {
    /// Whether an entry is removed, the terms of existing licenses change, or there is a warning.
    pub fn needs_confirmation(&self) -> bool {
        !self.warnings.is_empty() || self.changes_terms()
    }

    /// Whether an entry is removed, or the terms of existing licenses change.
    pub fn changes_terms(&self) -> bool {
        self.steps.iter().any(|step| step.action == CatalogAction::Remove || step.licenses > 0)
    }

    /// Whether another plan makes the same changes. The numbers of licenses may differ, because licenses are issued
    /// while a person reads the plan.
    fn is_same_change(&self, other: &Self) -> bool {
        let changes = |plan: &Self| {
            let without_count = |step: &CatalogStep| CatalogStep { licenses: 0, ..step.clone() };
            plan.steps.iter().map(without_count).collect::<Vec<_>>()
        };
        changes(self) == changes(other)
    }
}

/// What applying a catalog file would change, and what prevents it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogPreview {
    /// The changes.
    pub plan: CatalogPlan,
    /// Why the file cannot be applied. Empty if it can.
    pub obstacles: Vec<CatalogObstacle>,
}

impl CatalogPreview {
    /// The plan, if nothing prevents it.
    fn feasible(self) -> Result<CatalogPlan, CatalogObstacle> {
        match self.obstacles.into_iter().next() {
            Some(obstacle) => Err(obstacle),
            None => Ok(self.plan),
        }
    }
}

/// The catalog as a file, with what the file does not contain.
#[derive(Clone, Debug)]
pub struct CatalogState {
    /// The catalog.
    pub file: CatalogFile,
    /// A number that increases with each change of the catalog.
    pub version: i64,
    /// The ids of the products by code, which apps embed.
    pub product_ids: BTreeMap<String, ProductId>,
    /// The number of licenses under each policy, by code. Policies without licenses are left out.
    pub licenses: BTreeMap<String, i64>,
}

/// The current catalog in the database.
pub(crate) struct CurrentCatalog {
    pub(crate) products: Vec<Product>,
    pub(crate) entitlements: Vec<Entitlement>,
    pub(crate) policies: Vec<(Policy, PolicyEntry)>,
    pub(crate) prices: Vec<(Price, PriceEntry)>,
}

impl CurrentCatalog {
    async fn read(conn: &mut Conn) -> Result<Self, Internal> {
        let products = conn.list_products().await?;
        let entitlements = conn.list_all_entitlements().await?;
        let mut policies = Vec::new();
        let mut held: BTreeMap<PolicyId, BTreeSet<String>> = BTreeMap::new();
        for (policy, entitlement) in conn.list_entitlements_of_policies().await? {
            held.entry(policy).or_default().insert(entitlement.code.as_str().to_owned());
        }
        for policy in conn.list_policies().await? {
            let product = products.iter().find(|product| product.id == policy.product);
            let product = product.ok_or(Internal::Invariant("a policy has no product"))?;
            let codes = held.remove(&policy.id).unwrap_or_default();
            let entry = PolicyEntry::of(&policy, &product.code, codes);
            policies.push((policy, entry));
        }
        let codes = policies.iter().map(|(policy, _)| (policy.id, policy.code.clone())).collect();
        let prices = conn.list_prices().await?.into_iter();
        let prices = prices.map(|price| (price.clone(), PriceEntry::of(&price, &codes))).collect();
        Ok(Self { products, entitlements, policies, prices })
    }

    fn product_ids(&self) -> BTreeMap<String, ProductId> {
        self.products.iter().map(|product| (product.code.clone(), product.id)).collect()
    }

    fn file(&self) -> CatalogFile {
        CatalogFile {
            products: self.products.iter().map(product_entry).collect(),
            entitlements: self.entitlements.iter().map(entitlement_entry).collect(),
            policies: self.policies.iter().map(|(_, entry)| entry.clone()).collect(),
            prices: self.prices.iter().map(|(_, entry)| entry.clone()).collect(),
        }
    }
}

fn product_entry(product: &Product) -> ProductEntry {
    ProductEntry {
        code: product.code.clone(),
        name: product.name.clone(),
        key_prefix: product.key_prefix.as_str().to_owned(),
    }
}

fn entitlement_entry(entitlement: &Entitlement) -> EntitlementEntry {
    EntitlementEntry { code: entitlement.code.as_str().to_owned(), name: entitlement.name.clone() }
}

impl Support<'_> {
    /// The catalog as a file, and the ids of its products by code, which apps embed.
    pub async fn catalog(&self) -> Result<(CatalogFile, BTreeMap<String, ProductId>), Internal> {
        let mut reader = self.service.store().read().await?;
        let current = CurrentCatalog::read(&mut reader).await?;
        Ok((current.file(), current.product_ids()))
    }

    /// The catalog with the number of licenses under each policy.
    pub async fn catalog_state(&self) -> Result<CatalogState, Internal> {
        let mut reader = self.service.store().read().await?;
        let version = reader.catalog_version().await?;
        let current = CurrentCatalog::read(&mut reader).await?;
        let counts: BTreeMap<PolicyId, i64> = reader.count_licenses_by_policy().await?.into_iter().collect();
        let counted = current.policies.iter().filter_map(|(policy, _)| Some((policy, *counts.get(&policy.id)?)));
        let licenses = counted.map(|(policy, count)| (policy.code.clone(), count)).collect();
        Ok(CatalogState { file: current.file(), version, product_ids: current.product_ids(), licenses })
    }

    /// Plans the changes that `file` requires. Fails if they would make licenses invalid. Nothing is changed.
    pub async fn plan_catalog(&self, file: &CatalogFile) -> Result<CatalogPlan, CatalogError> {
        Ok(self.preview_catalog(file).await?.feasible()?)
    }

    /// The changes that `file` requires, and everything that prevents them. Nothing is changed.
    pub async fn preview_catalog(&self, file: &CatalogFile) -> Result<CatalogPreview, CatalogError> {
        let mut reader = self.service.store().read().await?;
        let current = CurrentCatalog::read(&mut reader).await?;
        preview(&mut reader, &current, file, self.service.now()).await
    }
}

impl Admin<'_> {
    /// Makes all changes of a plan. Fails without making any if the catalog has changed since the plan was made.
    pub async fn apply_catalog(
        &self,
        file: &CatalogFile,
        planned: &CatalogPlan,
        _fresh: &Fresh,
    ) -> Result<(), CatalogError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        tx.lock_instance().await?;
        let current = CurrentCatalog::read(&mut tx).await?;
        let found = preview(&mut tx, &current, file, now).await?.feasible()?;
        if found.version != planned.version || !found.is_same_change(planned) {
            return Err(CatalogError::Changed);
        }
        if found.steps.is_empty() {
            return Ok(());
        }
        self.service.write_catalog(&mut tx, &current, file, now).await?;
        let changes = found.steps.iter().map(ToString::to_string).collect();
        let event = AuditEvent::Catalog(CatalogEvent::Applied { changes });
        self.service.record(&mut tx, now, self.cause(), event).await?;
        Ok(tx.commit().await?)
    }
}

/// The fields in which two objects differ, with both values.
pub(crate) fn differences(before: &impl Serialize, after: &impl Serialize) -> Vec<(String, Value, Value)> {
    let (Ok(Value::Object(before)), Ok(Value::Object(after))) =
        (serde_json::to_value(before), serde_json::to_value(after))
    else {
        return Vec::new();
    };
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let value =
        |object: &serde_json::Map<String, Value>, name: &String| object.get(name).cloned().unwrap_or(Value::Null);
    names
        .into_iter()
        .map(|name| (name.clone(), value(&before, name), value(&after, name)))
        .filter(|(_, before, after)| before != after)
        .collect()
}

async fn preview(
    conn: &mut Conn,
    current: &CurrentCatalog,
    file: &CatalogFile,
    now: Timestamp,
) -> Result<CatalogPreview, CatalogError> {
    file.check()?;
    let (mut steps, mut obstacles) = (Vec::new(), Vec::new());
    let step =
        |action, kind, code: &str| CatalogStep { action, kind, code: code.to_owned(), fields: Vec::new(), licenses: 0 };
    for entry in &file.products {
        match current.products.iter().find(|product| product.code == entry.code) {
            None => steps.push(step(CatalogAction::Add, CatalogKind::Product, &entry.code)),
            Some(product) => {
                let fields = differences(&product_entry(product), entry);
                if !fields.is_empty() {
                    steps
                        .push(CatalogStep { fields, ..step(CatalogAction::Change, CatalogKind::Product, &entry.code) });
                }
            }
        }
    }
    for entry in &file.entitlements {
        match current.entitlements.iter().find(|entitlement| entitlement.code.as_str() == entry.code) {
            None => steps.push(step(CatalogAction::Add, CatalogKind::Entitlement, &entry.code)),
            Some(entitlement) => {
                let fields = differences(&entitlement_entry(entitlement), entry);
                if !fields.is_empty() {
                    steps.push(CatalogStep {
                        fields,
                        ..step(CatalogAction::Change, CatalogKind::Entitlement, &entry.code)
                    });
                }
            }
        }
    }
    for entry in &file.policies {
        match current.policies.iter().find(|(policy, _)| policy.code == entry.code) {
            None => steps.push(step(CatalogAction::Add, CatalogKind::Policy, &entry.code)),
            Some((policy, before)) => {
                let fields = differences(before, entry);
                if fields.is_empty() {
                    continue;
                }
                let licenses = conn.count_licenses_under(policy.id).await?;
                let change = PolicyChange { policy, before, entry, fields: &fields, licenses };
                obstacles.extend(change.obstacles(conn, now).await?);
                steps.push(CatalogStep {
                    fields,
                    licenses,
                    ..step(CatalogAction::Change, CatalogKind::Policy, &entry.code)
                });
            }
        }
    }
    for (policy, _) in &current.policies {
        if file.policies.iter().any(|entry| entry.code == policy.code) {
            continue;
        }
        let licenses = conn.count_licenses_under(policy.id).await?;
        if licenses > 0 {
            obstacles.push(CatalogObstacle::PolicyInUse { policy: policy.code.clone(), licenses });
        }
        let orders = conn.count_order_lines_for(policy.id).await?;
        if licenses == 0 && orders > 0 {
            obstacles.push(CatalogObstacle::PolicyOrdered { policy: policy.code.clone(), orders });
        }
        steps.push(step(CatalogAction::Remove, CatalogKind::Policy, &policy.code));
    }
    for entitlement in &current.entitlements {
        let code = entitlement.code.as_str();
        if file.entitlements.iter().any(|entry| entry.code == code) {
            continue;
        }
        let licenses = conn.count_licenses_holding(entitlement.id).await?;
        if licenses > 0 {
            obstacles.push(CatalogObstacle::EntitlementInUse { code: code.to_owned(), licenses });
        }
        steps.push(step(CatalogAction::Remove, CatalogKind::Entitlement, code));
    }
    steps.extend(prices::plan(current, file));
    // No policy in the file is for a removed product, and the policies that it had are checked above.
    for product in &current.products {
        if !file.products.iter().any(|entry| entry.code == product.code) {
            steps.push(step(CatalogAction::Remove, CatalogKind::Product, &product.code));
        }
    }
    let version = conn.catalog_version().await?;
    let plan = CatalogPlan { warnings: new_warnings(&current.file(), file), steps, version };
    Ok(CatalogPreview { plan, obstacles })
}

/// A change of a policy that licenses may be under.
struct PolicyChange<'a> {
    policy: &'a Policy,
    before: &'a PolicyEntry,
    entry: &'a PolicyEntry,
    /// The fields that differ.
    fields: &'a [(String, Value, Value)],
    licenses: i64,
}

impl PolicyChange<'_> {
    /// Why licenses under the policy would become invalid.
    async fn obstacles(&self, conn: &mut Conn, now: Timestamp) -> Result<Vec<CatalogObstacle>, Internal> {
        let Self { policy, before, entry, licenses, .. } = *self;
        if licenses == 0 {
            return Ok(Vec::new());
        }
        let code = || policy.code.clone();
        if entry.product != before.product {
            let product = before.product.clone();
            return Ok(vec![CatalogObstacle::ProductInUse { policy: code(), product, licenses }]);
        }
        // Apps do not meet new requirements yet, so their licenses would become invalid at once.
        let new_requirements = [
            ("check_in", entry.check_in.is_some() && policy.check_in_interval.is_none()),
            ("heartbeat.required", entry.heartbeat.required && !policy.requires_heartbeat),
        ];
        let required: Vec<CatalogObstacle> = new_requirements
            .into_iter()
            .filter(|(_, is_new)| *is_new)
            .map(|(field, _)| CatalogObstacle::NewRequirement { policy: code(), field, licenses })
            .collect();
        let names = self.fields.iter().map(|(name, _, _)| name.as_str());
        if !required.is_empty() || !names.clone().any(|name| impact::VALIDITY_FIELDS.contains(&name)) {
            return Ok(required);
        }
        let terms = entry.policy(policy.id, policy.product, policy.created_at, now);
        let before_terms = Terms { policy, entitlements: &before.entitlements };
        let after_terms = Terms { policy: &terms, entitlements: &entry.entitlements };
        let found = impact::newly_invalid(conn, policy.id, before_terms, after_terms, now).await?;
        let obstacles = found.into_iter().map(|found| {
            let field = found.field(names.clone());
            CatalogObstacle::WouldInvalidate { policy: code(), field, found }
        });
        Ok(obstacles.collect())
    }
}

impl Service {
    async fn write_catalog(
        &self,
        tx: &mut Tx,
        current: &CurrentCatalog,
        file: &CatalogFile,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let mut products: BTreeMap<&str, ProductId> = BTreeMap::new();
        for entry in &file.products {
            let key_prefix =
                KeyPrefix::parse(&entry.key_prefix).ok_or(Internal::Invariant("a checked prefix is invalid"))?;
            let known = current.products.iter().find(|product| product.code == entry.code);
            let id = match known {
                Some(product) => product.id,
                None => ProductId::new(now, self.random()?),
            };
            let created_at = known.map_or(now, |product| product.created_at);
            let product = Product { id, code: entry.code.clone(), name: entry.name.clone(), key_prefix, created_at };
            if known.is_some() {
                tx.update_product(&product, now).await?;
            } else {
                tx.insert_product(&product).await?;
            }
            products.insert(&entry.code, id);
        }
        let mut entitlements: BTreeMap<&str, EntitlementId> = BTreeMap::new();
        for entry in &file.entitlements {
            let code = EntitlementCode::parse(&entry.code).ok_or(Internal::Invariant("a checked code is invalid"))?;
            let known = current.entitlements.iter().find(|entitlement| entitlement.code == code);
            let id = match known {
                Some(entitlement) => entitlement.id,
                None => EntitlementId::new(now, self.random()?),
            };
            let created_at = known.map_or(now, |entitlement| entitlement.created_at);
            let entitlement = Entitlement { id, code, name: entry.name.clone(), created_at, updated_at: now };
            match known {
                Some(before) if before.name == entitlement.name => {}
                Some(_) => tx.update_entitlement(&entitlement).await?,
                None => tx.insert_entitlement(&entitlement).await?,
            }
            entitlements.insert(&entry.code, id);
        }
        for entry in &file.policies {
            let product = products.get(entry.product.as_str()).copied();
            let product = product.ok_or(Internal::Invariant("a checked product does not exist"))?;
            self.write_policy(tx, current, entry, product, &entitlements, now).await?;
        }
        self.write_prices(tx, current, file, now).await?;
        for (policy, _) in &current.policies {
            if !file.policies.iter().any(|entry| entry.code == policy.code) {
                tx.delete_policy(policy.id).await?;
            }
        }
        for entitlement in &current.entitlements {
            if !entitlements.contains_key(entitlement.code.as_str()) {
                tx.delete_entitlement(entitlement.id).await?;
            }
        }
        for product in &current.products {
            if !products.contains_key(product.code.as_str()) {
                tx.delete_product(product.id).await?;
            }
        }
        Ok(())
    }

    async fn write_policy(
        &self,
        tx: &mut Tx,
        current: &CurrentCatalog,
        entry: &PolicyEntry,
        product: ProductId,
        entitlements: &BTreeMap<&str, EntitlementId>,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let known = current.policies.iter().find(|(policy, _)| policy.code == entry.code);
        let id = if let Some((policy, before)) = known {
            if before != entry {
                tx.update_policy(&entry.policy(policy.id, product, policy.created_at, now)).await?;
            }
            policy.id
        } else {
            let policy = entry.policy(PolicyId::new(now, self.random()?), product, now, now);
            tx.insert_policy(&policy).await?;
            policy.id
        };
        let held: BTreeSet<String> = known.map(|(_, before)| before.entitlements.clone()).unwrap_or_default();
        for code in entry.entitlements.difference(&held) {
            let entitlement =
                entitlements.get(code.as_str()).ok_or(Internal::Invariant("a checked code is invalid"))?;
            tx.add_policy_entitlement(id, *entitlement).await?;
        }
        for code in held.difference(&entry.entitlements) {
            if let Some(gone) = current.entitlements.iter().find(|entitlement| entitlement.code.as_str() == code) {
                tx.remove_policy_entitlement(id, gone.id).await?;
            }
        }
        Ok(())
    }
}
