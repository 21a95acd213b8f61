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
    audit::event::{AuditEvent, CatalogEvent},
    catalog::{
        file::{CatalogFile, EntitlementEntry, PolicyEntry, ProductEntry},
        impact::{self, Terms},
    },
    error::Internal,
    licenses::decisions::{Admin, AdminError},
    service::Service,
};

/// One change of the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CatalogStep {
    /// `add`, `change` or `remove`.
    pub action: &'static str,
    /// `product`, `entitlement` or `policy`.
    pub kind: &'static str,
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
            "add" => '+',
            "remove" => '-',
            _ => '~',
        };
        write!(f, "{sign} {} {}", self.kind, self.code)?;
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
        self.steps.iter().any(|step| step.action == "remove" || step.licenses > 0)
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
        for policy in conn.list_policies().await? {
            let product = products.iter().find(|product| product.id == policy.product);
            let product = product.ok_or(Internal::Broken("a policy has no product"))?;
            let held = conn.list_policy_entitlements(policy.id).await?;
            let codes = held.into_iter().map(|held| held.code.as_str().to_owned()).collect();
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
    pub async fn catalog(&self) -> Result<(CatalogFile, BTreeMap<String, ProductId>), AdminError> {
        let mut reader = self.service.store().read().await?;
        let present = Present::read(&mut reader).await?;
        let ids = present.products.iter().map(|product| (product.code.clone(), product.id)).collect();
        Ok((present.file(), ids))
    }

    /// What would have to be done. Changes nothing; refuses what would strand licenses.
    pub async fn plan_catalog(&self, file: &CatalogFile) -> Result<CatalogPlan, AdminError> {
        let mut reader = self.service.store().read().await?;
        let present = Present::read(&mut reader).await?;
        plan(&mut reader, &present, file, self.service.now()).await
    }

    /// Does what a plan says, all of it or nothing. Refused if the catalog has changed since it was
    /// planned.
    pub async fn apply_catalog(&self, file: &CatalogFile, planned: &CatalogPlan) -> Result<(), AdminError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        tx.lock_instance().await?;
        let present = Present::read(&mut tx).await?;
        let found = plan(&mut tx, &present, file, now).await?;
        if !found.is_same_change(planned) {
            return Err(AdminError::Invalid("the catalog was changed meanwhile: plan again".to_owned()));
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
) -> Result<CatalogPlan, AdminError> {
    file.check().map_err(AdminError::Invalid)?;
    let mut steps = Vec::new();
    let step =
        |action, kind, code: &str| CatalogStep { action, kind, code: code.to_owned(), fields: Vec::new(), licenses: 0 };
    for entry in &file.products {
        match present.products.iter().find(|product| product.code == entry.code) {
            None => steps.push(step("add", "product", &entry.code)),
            Some(product) => {
                let fields = differences(&product_entry(product), entry);
                if !fields.is_empty() {
                    steps.push(CatalogStep { fields, ..step("change", "product", &entry.code) });
                }
            }
        }
    }
    for entry in &file.entitlements {
        match present.entitlements.iter().find(|entitlement| entitlement.code.as_str() == entry.code) {
            None => steps.push(step("add", "entitlement", &entry.code)),
            Some(entitlement) => {
                let fields = differences(&entitlement_entry(entitlement), entry);
                if !fields.is_empty() {
                    steps.push(CatalogStep { fields, ..step("change", "entitlement", &entry.code) });
                }
            }
        }
    }
    for entry in &file.policies {
        match present.policies.iter().find(|(policy, _)| policy.code == entry.code) {
            None => steps.push(step("add", "policy", &entry.code)),
            Some((policy, before)) => {
                let fields = differences(before, entry);
                if fields.is_empty() {
                    continue;
                }
                let licenses = conn.count_licenses_under(policy.id).await?;
                refuse_stranding(conn, policy, entry, before, &fields, licenses, now).await?;
                steps.push(CatalogStep { fields, licenses, ..step("change", "policy", &entry.code) });
            }
        }
    }
    for (policy, _) in &present.policies {
        if file.policies.iter().any(|entry| entry.code == policy.code) {
            continue;
        }
        let licenses = conn.count_licenses_under(policy.id).await?;
        if licenses > 0 {
            return Err(AdminError::Invalid(format!(
                "policy `{}` cannot be removed: {licenses} licenses are under it. Move them first (`license set --policy`), or keep it in the file",
                policy.code
            )));
        }
        steps.push(step("remove", "policy", &policy.code));
    }
    for entitlement in &present.entitlements {
        let code = entitlement.code.as_str();
        if file.entitlements.iter().any(|entry| entry.code == code) {
            continue;
        }
        let licenses = conn.count_licenses_holding(entitlement.id).await?;
        if licenses > 0 {
            return Err(AdminError::Invalid(format!(
                "entitlement `{code}` cannot be removed: {licenses} licenses hold it by themselves. Take it from them first (`license set --remove-entitlement`), or keep it in the file"
            )));
        }
        steps.push(step("remove", "entitlement", code));
    }
    // A product that goes has no policies left in the file; those it had are checked above.
    for product in &present.products {
        if !file.products.iter().any(|entry| entry.code == product.code) {
            steps.push(step("remove", "product", &product.code));
        }
    }
    Ok(CatalogPlan { steps })
}

/// Refuses changes after which licenses in use would no longer be good. `changed` are the fields that differ.
async fn refuse_stranding(
    conn: &mut Conn,
    policy: &Policy,
    entry: &PolicyEntry,
    before: &PolicyEntry,
    changed: &[(String, Value, Value)],
    licenses: i64,
    now: Timestamp,
) -> Result<(), AdminError> {
    if entry.product != before.product && licenses > 0 {
        return Err(AdminError::Invalid(format!(
            "policies.{}.product: {licenses} licenses are under this policy, and their apps ask for `{}`. Make a new policy instead",
            policy.code, before.product
        )));
    }
    // Terms that nobody's app obeys yet: licenses would stop validating from one moment to the next.
    let begins = [
        ("check_in", entry.check_in.is_some() && policy.check_in.is_none()),
        ("heartbeat.required", entry.heartbeat.required && !policy.requires_heartbeat),
    ];
    for (field, does_begin) in begins {
        if does_begin && licenses > 0 {
            return Err(AdminError::Invalid(format!(
                "policies.{}.{field}: {licenses} licenses are under this policy, and their apps do not do that yet: they would stop validating. Make a new policy and move licenses to it (`license set --policy`)",
                policy.code
            )));
        }
    }
    if !changed.iter().any(|(name, _, _)| impact::VALIDITY_FIELDS.contains(&name.as_str())) {
        return Ok(());
    }
    let terms = entry.policy(policy.id, policy.product, policy.created_at, now);
    let before_terms = Terms { policy, entitlements: &before.entitlements };
    let after_terms = Terms { policy: &terms, entitlements: &entry.entitlements };
    if let Some(found) = impact::newly_invalid(conn, policy.id, before_terms, after_terms, now).await?.first() {
        let field = found.field(changed.iter().map(|(name, _, _)| name.as_str()));
        return Err(AdminError::Invalid(format!(
            "policies.{}.{field}: {} licenses that are good now would stop validating ({}), such as {}. Change those first (`license set`), or make a new policy and move licenses to it",
            policy.code,
            found.count,
            found.code.as_str(),
            found.example
        )));
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
    ) -> Result<(), AdminError> {
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
    ) -> Result<(), AdminError> {
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
