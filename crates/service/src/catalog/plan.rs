//! Bringing the catalog to what a file says: first a plan, then all of it or nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use latchkey_licensing::{
    entitlement::{Entitlement, EntitlementCode},
    ids::{EntitlementId, PolicyId, ProductId},
    license_key::KeyPrefix,
    policy::Policy,
    product::Product,
    time::Timestamp,
};
use latchkey_store::{Conn, Tx};
use serde::Serialize;
use serde_json::Value;

use crate::{
    actors::Admin,
    audit::event::{AuditEvent, CatalogEvent},
    catalog::{
        file::{CatalogFile, EntitlementEntry, PolicyEntry, ProductEntry},
        file_error::CatalogFault,
        impact::{self, NewlyInvalid, Terms},
    },
    error::{Internal, internal_errors},
    service::Service,
};

/// Why a catalog's file cannot be applied. Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The file itself is wrong.
    #[error(transparent)]
    Fault(#[from] CatalogFault),
    /// Licenses are under a policy that would be removed.
    #[error("policy `{policy}` cannot be removed: {licenses} licenses are under it")]
    PolicyInUse {
        /// Its code.
        policy: String,
        /// How many.
        licenses: i64,
    },
    /// Licenses hold an entitlement of their own that would be removed.
    #[error("entitlement `{code}` cannot be removed: {licenses} licenses hold it by themselves")]
    EntitlementInUse {
        /// Its code.
        code: String,
        /// How many.
        licenses: i64,
    },
    /// Apps of licenses under a policy ask for its present product.
    #[error("policies.{policy}.product: {licenses} licenses are under this policy, and their apps ask for `{product}`")]
    ProductInUse {
        /// The policy's code.
        policy: String,
        /// The present product's code.
        product: String,
        /// How many.
        licenses: i64,
    },
    /// Apps of licenses under a policy would have to do what they do not do yet.
    #[error("policies.{policy}.{field}: {licenses} licenses are under this policy, and their apps do not do that yet")]
    NewDuty {
        /// The policy's code.
        policy: String,
        /// The field that asks for it.
        field: &'static str,
        /// How many.
        licenses: i64,
    },
    /// Licenses that are good now would stop validating.
    #[error("policies.{policy}.{field}: {} licenses that are good now would stop validating ({})", .found.count, .found.code.as_str())]
    WouldInvalidate {
        /// The policy's code.
        policy: String,
        /// The field that is to blame.
        field: String,
        /// Which licenses.
        found: NewlyInvalid,
    },
    /// The catalog is another one than when it was planned.
    #[error("the catalog was changed meanwhile: plan again")]
    Changed,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(CatalogError);

/// What is done to an entry of the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CatalogAction {
    /// It is new.
    Add,
    /// It changes.
    Change,
    /// It goes.
    Remove,
}

/// What an entry of the catalog is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CatalogKind {
    /// A product.
    Product,
    /// An entitlement.
    Entitlement,
    /// A policy.
    Policy,
}

/// One change of the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CatalogStep {
    /// What is done.
    pub action: CatalogAction,
    /// To what.
    pub kind: CatalogKind,
    /// Its code.
    pub code: String,
    /// What changes: field, before, after.
    pub fields: Vec<(String, Value, Value)>,
    /// How many licenses are under the policy.
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

/// What has to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogPlan {
    /// In the order in which it is done.
    pub steps: Vec<CatalogStep>,
}

impl CatalogPlan {
    /// Whether something goes, or terms change that licenses are under.
    pub fn needs_confirmation(&self) -> bool {
        self.steps.iter().any(|step| step.action == CatalogAction::Remove || step.licenses > 0)
    }

    /// Whether another plan changes the same in the same way. How many licenses are under a policy may
    /// differ: sales go on while a plan is looked at.
    fn is_same_change(&self, other: &Self) -> bool {
        let changes = |plan: &Self| {
            let without_count = |step: &CatalogStep| CatalogStep { licenses: 0, ..step.clone() };
            plan.steps.iter().map(without_count).collect::<Vec<_>>()
        };
        changes(self) == changes(other)
    }
}

/// The catalog as the database has it.
struct Present {
    products: Vec<Product>,
    entitlements: Vec<Entitlement>,
    policies: Vec<(Policy, PolicyEntry)>,
}

impl Present {
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
            let product = product.ok_or(Internal::Broken("a policy has no product"))?;
            let codes = held.remove(&policy.id).unwrap_or_default();
            let entry = PolicyEntry::of(&policy, &product.code, codes);
            policies.push((policy, entry));
        }
        Ok(Self { products, entitlements, policies })
    }

    fn file(&self) -> CatalogFile {
        CatalogFile {
            products: self.products.iter().map(product_entry).collect(),
            entitlements: self.entitlements.iter().map(entitlement_entry).collect(),
            policies: self.policies.iter().map(|(_, entry)| entry.clone()).collect(),
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

impl Admin<'_> {
    /// The catalog as a file, and the ids of its products, which apps embed.
    pub async fn catalog(&self) -> Result<(CatalogFile, BTreeMap<String, ProductId>), Internal> {
        let mut reader = self.service.store().read().await?;
        let present = Present::read(&mut reader).await?;
        let ids = present.products.iter().map(|product| (product.code.clone(), product.id)).collect();
        Ok((present.file(), ids))
    }

    /// What would have to be done. Changes nothing; refuses changes that would make licenses invalid.
    pub async fn plan_catalog(&self, file: &CatalogFile) -> Result<CatalogPlan, CatalogError> {
        let mut reader = self.service.store().read().await?;
        let present = Present::read(&mut reader).await?;
        plan(&mut reader, &present, file, self.service.now()).await
    }

    /// Does what a plan says, all of it or nothing. Refused if the catalog has changed since it was
    /// planned.
    pub async fn apply_catalog(&self, file: &CatalogFile, planned: &CatalogPlan) -> Result<(), CatalogError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        tx.lock_instance().await?;
        let present = Present::read(&mut tx).await?;
        let found = plan(&mut tx, &present, file, now).await?;
        if !found.is_same_change(planned) {
            return Err(CatalogError::Changed);
        }
        if found.steps.is_empty() {
            return Ok(());
        }
        self.service.write_catalog(&mut tx, &present, file, now).await?;
        let changes = found.steps.iter().map(ToString::to_string).collect();
        let event = AuditEvent::Catalog(CatalogEvent::Applied { changes });
        self.service.record(&mut tx, now, self.actor, event).await?;
        Ok(tx.commit().await?)
    }
}

/// The differences of two objects, field by field.
fn differences(before: &impl Serialize, after: &impl Serialize) -> Vec<(String, Value, Value)> {
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

async fn plan(
    conn: &mut Conn,
    present: &Present,
    file: &CatalogFile,
    now: Timestamp,
) -> Result<CatalogPlan, CatalogError> {
    file.check()?;
    let mut steps = Vec::new();
    let step =
        |action, kind, code: &str| CatalogStep { action, kind, code: code.to_owned(), fields: Vec::new(), licenses: 0 };
    for entry in &file.products {
        match present.products.iter().find(|product| product.code == entry.code) {
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
        match present.entitlements.iter().find(|entitlement| entitlement.code.as_str() == entry.code) {
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
        match present.policies.iter().find(|(policy, _)| policy.code == entry.code) {
            None => steps.push(step(CatalogAction::Add, CatalogKind::Policy, &entry.code)),
            Some((policy, before)) => {
                let fields = differences(before, entry);
                if fields.is_empty() {
                    continue;
                }
                let licenses = conn.count_licenses_under(policy.id).await?;
                refuse_invalidation(conn, policy, entry, before, &fields, licenses, now).await?;
                steps.push(CatalogStep {
                    fields,
                    licenses,
                    ..step(CatalogAction::Change, CatalogKind::Policy, &entry.code)
                });
            }
        }
    }
    for (policy, _) in &present.policies {
        if file.policies.iter().any(|entry| entry.code == policy.code) {
            continue;
        }
        let licenses = conn.count_licenses_under(policy.id).await?;
        if licenses > 0 {
            return Err(CatalogError::PolicyInUse { policy: policy.code.clone(), licenses });
        }
        steps.push(step(CatalogAction::Remove, CatalogKind::Policy, &policy.code));
    }
    for entitlement in &present.entitlements {
        let code = entitlement.code.as_str();
        if file.entitlements.iter().any(|entry| entry.code == code) {
            continue;
        }
        let licenses = conn.count_licenses_holding(entitlement.id).await?;
        if licenses > 0 {
            return Err(CatalogError::EntitlementInUse { code: code.to_owned(), licenses });
        }
        steps.push(step(CatalogAction::Remove, CatalogKind::Entitlement, code));
    }
    // A product that goes has no policies left in the file; those it had are checked above.
    for product in &present.products {
        if !file.products.iter().any(|entry| entry.code == product.code) {
            steps.push(step(CatalogAction::Remove, CatalogKind::Product, &product.code));
        }
    }
    Ok(CatalogPlan { steps })
}

/// Refuses changes after which licenses in use would no longer be good. `changed` are the fields that differ.
async fn refuse_invalidation(
    conn: &mut Conn,
    policy: &Policy,
    entry: &PolicyEntry,
    before: &PolicyEntry,
    changed: &[(String, Value, Value)],
    licenses: i64,
    now: Timestamp,
) -> Result<(), CatalogError> {
    if entry.product != before.product && licenses > 0 {
        return Err(CatalogError::ProductInUse {
            policy: policy.code.clone(),
            product: before.product.clone(),
            licenses,
        });
    }
    // Terms that nobody's app obeys yet: licenses would stop validating from one moment to the next.
    let begins = [
        ("check_in", entry.check_in.is_some() && policy.check_in_interval.is_none()),
        ("heartbeat.required", entry.heartbeat.required && !policy.requires_heartbeat),
    ];
    for (field, does_begin) in begins {
        if does_begin && licenses > 0 {
            return Err(CatalogError::NewDuty { policy: policy.code.clone(), field, licenses });
        }
    }
    if !changed.iter().any(|(name, _, _)| impact::VALIDITY_FIELDS.contains(&name.as_str())) {
        return Ok(());
    }
    let terms = entry.policy(policy.id, policy.product, policy.created_at, now);
    let before_terms = Terms { policy, entitlements: &before.entitlements };
    let after_terms = Terms { policy: &terms, entitlements: &entry.entitlements };
    let found = impact::newly_invalid(conn, policy.id, before_terms, after_terms, now).await?;
    if let Some(found) = found.into_iter().next() {
        let field = found.field(changed.iter().map(|(name, _, _)| name.as_str()));
        return Err(CatalogError::WouldInvalidate { policy: policy.code.clone(), field, found });
    }
    Ok(())
}

impl Service {
    async fn write_catalog(
        &self,
        tx: &mut Tx,
        present: &Present,
        file: &CatalogFile,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let mut products: BTreeMap<&str, ProductId> = BTreeMap::new();
        for entry in &file.products {
            let key_prefix = KeyPrefix::parse(&entry.key_prefix).ok_or(Internal::Broken("a checked prefix is none"))?;
            let known = present.products.iter().find(|product| product.code == entry.code);
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
            let code = EntitlementCode::parse(&entry.code).ok_or(Internal::Broken("a checked code is none"))?;
            let known = present.entitlements.iter().find(|entitlement| entitlement.code == code);
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
            let product = product.ok_or(Internal::Broken("a checked product is none"))?;
            self.write_policy(tx, present, entry, product, &entitlements, now).await?;
        }
        for (policy, _) in &present.policies {
            if !file.policies.iter().any(|entry| entry.code == policy.code) {
                tx.delete_policy(policy.id).await?;
            }
        }
        for entitlement in &present.entitlements {
            if !entitlements.contains_key(entitlement.code.as_str()) {
                tx.delete_entitlement(entitlement.id).await?;
            }
        }
        for product in &present.products {
            if !products.contains_key(product.code.as_str()) {
                tx.delete_product(product.id).await?;
            }
        }
        Ok(())
    }

    async fn write_policy(
        &self,
        tx: &mut Tx,
        present: &Present,
        entry: &PolicyEntry,
        product: ProductId,
        entitlements: &BTreeMap<&str, EntitlementId>,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let known = present.policies.iter().find(|(policy, _)| policy.code == entry.code);
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
            let entitlement = entitlements.get(code.as_str()).ok_or(Internal::Broken("a checked code is none"))?;
            tx.add_policy_entitlement(id, *entitlement).await?;
        }
        for code in held.difference(&entry.entitlements) {
            if let Some(gone) = present.entitlements.iter().find(|entitlement| entitlement.code.as_str() == code) {
                tx.remove_policy_entitlement(id, gone.id).await?;
            }
        }
        Ok(())
    }
}
