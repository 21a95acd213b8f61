//! Search: one field for everything that people have at hand.

use std::collections::BTreeSet;

use latchkey_licensing::{
    ids::{LicenseId, OrderId},
    license_key,
    license_key::LicenseKey,
    order,
    price::Price,
};
use latchkey_store::{Conn, RecordId, SearchHit, SearchTerms};
use uuid::Uuid;

use crate::{
    catalog::plan::CatalogKind,
    error::Internal,
    identity::actors::{Admin, Support},
    operation::vault::{Vault, plain_hash},
};

/// The most records of a kind that are shown.
const SHOWN: u32 = 10;

/// The most licenses that are named if several have the same end of a key.
const MOST_NAMED: u32 = 10;

/// The longest text that is looked for: the longest license key.
const MAX_LENGTH: usize = license_key::MAX_SIGNED_BYTES;

/// The shortest start of an address or a name. Shorter ones would find anyone.
const MIN_PREFIX: usize = 2;

/// The kinds of records that a search finds, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKind {
    /// An account.
    Account,
    /// A license.
    License,
    /// A machine, active or not.
    Machine,
    /// An order.
    Order,
    /// A mail.
    Mail,
    /// An event of the payment provider.
    StripeEvent,
}

impl RecordKind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Account, Self::License, Self::Machine, Self::Order, Self::Mail, Self::StripeEvent];

    /// The kind as one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "customer",
            Self::License => "license",
            Self::Machine => "machine",
            Self::Order => "order",
            Self::Mail => "mail",
            Self::StripeEvent => "event",
        }
    }

    fn of(record: &RecordId) -> Self {
        match record {
            RecordId::Account(_) => Self::Account,
            RecordId::License(_) => Self::License,
            RecordId::Machine(_) => Self::Machine,
            RecordId::Order(_) => Self::Order,
            RecordId::Mail(_) => Self::Mail,
            RecordId::StripeEvent(_) => Self::StripeEvent,
        }
    }
}

/// A record that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundRecord {
    /// The record.
    pub record: RecordId,
    /// What it is called: an address, a masked key, a machine's name, an order's number, or the kind of mail or event.
    pub title: String,
    /// What it is recognized by: a name, an address or a status.
    pub detail: String,
}

/// The records of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundGroup {
    /// The kind.
    pub kind: RecordKind,
    /// At most ten records.
    pub records: Vec<FoundRecord>,
    /// Whether there are others.
    pub has_more: bool,
}

/// An entry of the catalog that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEntry {
    /// Its kind.
    pub kind: CatalogKind,
    /// Its code.
    pub code: String,
    /// Its name. Prices have that of their policy.
    pub name: String,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The records by kind. Kinds without any are left out.
    pub groups: Vec<FoundGroup>,
    /// Entries of the catalog: at most ten of each kind.
    pub entries: Vec<FoundEntry>,
}

impl Found {
    fn new(hits: Vec<SearchHit>) -> Self {
        let mut seen = BTreeSet::new();
        let mut groups: Vec<FoundGroup> = Vec::new();
        let mut hits: Vec<_> = hits.into_iter().filter(|hit| seen.insert(hit.record.clone())).collect();
        hits.sort_by_key(|hit| RecordKind::of(&hit.record));
        for hit in hits {
            let kind = RecordKind::of(&hit.record);
            if groups.last().is_none_or(|group| group.kind != kind) {
                groups.push(FoundGroup { kind, records: Vec::new(), has_more: false });
            }
            if let Some(group) = groups.last_mut() {
                if group.records.len() < usize::try_from(SHOWN).unwrap_or(usize::MAX) {
                    group.records.push(FoundRecord::from(hit));
                } else {
                    group.has_more = true;
                }
            }
        }
        Self { groups, entries: Vec::new() }
    }

    /// The only record that was found, to go straight to it.
    pub fn only(&self) -> Option<&FoundRecord> {
        match self.groups.as_slice() {
            [FoundGroup { records, has_more: false, .. }] if records.len() == 1 && self.entries.is_empty() => {
                records.first()
            }
            _ => None,
        }
    }
}

impl From<SearchHit> for FoundRecord {
    fn from(hit: SearchHit) -> Self {
        let SearchHit { record, title, detail, owner } = hit;
        let (title, detail) = match &record {
            RecordId::License(_) => (license_key::masked(&title, &detail), owner.unwrap_or_default()),
            RecordId::Order(id) => (order::number(*id), joined(&title, &detail)),
            RecordId::StripeEvent(id) => (id.clone(), joined(&title, &detail)),
            RecordId::Account(_) | RecordId::Machine(_) | RecordId::Mail(_) => (title, detail),
        };
        Self { record, title, detail }
    }
}

fn joined(a: &str, b: &str) -> String {
    if a.is_empty() { b.to_owned() } else { format!("{a}, {b}") }
}

impl Support<'_> {
    /// Finds records by a text: the start of an address or a name, a license key or its last four letters, a machine's
    /// fingerprint, an id or the number of an order, or an id of the payment provider. Also finds entries of the catalog by a
    /// part of their code or name.
    pub async fn find(&self, text: &str) -> Result<Found, Internal> {
        let Some(terms) = terms(text, &self.service.0.vault) else {
            return Ok(Found::default());
        };
        let mut reader = self.service.store().read_without_snapshot().await?;
        // One more than is shown, to learn whether there are others.
        let found = Found::new(reader.search(&terms, SHOWN + 1).await?);
        let entries = match &terms.prefix {
            Some(text) => find_entries(&mut reader, text).await?,
            None => Vec::new(),
        };
        Ok(Found { entries, ..found })
    }
}

impl Admin<'_> {
    /// The licenses that a person may mean by a text: one with this id or key, or those whose key ends with these four
    /// letters. Returns at most ten.
    pub async fn licenses_named(&self, text: &str) -> Result<Vec<LicenseId>, Internal> {
        let given = terms(text, &self.service.0.vault).unwrap_or_default();
        let SearchTerms { id, key_lookup, key_tail, .. } = given;
        let terms = SearchTerms { id, key_lookup, key_tail, ..SearchTerms::default() };
        let hits = self.service.store().read_without_snapshot().await?.search(&terms, MOST_NAMED).await?;
        let licenses = hits.into_iter().filter_map(|hit| match hit.record {
            RecordId::License(license) => Some(license),
            _ => None,
        });
        Ok(licenses.collect())
    }
}

/// The entries of the catalog whose code or name contains a text in lower case. A catalog has few entries, which are all read.
async fn find_entries(conn: &mut Conn, text: &str) -> Result<Vec<FoundEntry>, Internal> {
    let (products, policies) = (conn.list_products().await?, conn.list_policies().await?);
    let (prices, entitlements) = (conn.list_prices().await?, conn.list_all_entitlements().await?);
    let policy_name = |price: &Price| {
        let policy = policies.iter().find(|policy| policy.id == price.policy);
        policy.map_or_else(String::new, |policy| policy.name.clone())
    };
    let mut kinds: [Vec<FoundEntry>; 4] = [
        products.iter().map(|product| entry(CatalogKind::Product, &product.code, &product.name)).collect(),
        policies.iter().map(|policy| entry(CatalogKind::Policy, &policy.code, &policy.name)).collect(),
        prices.iter().map(|price| entry(CatalogKind::Price, &price.code, &policy_name(price))).collect(),
        entitlements
            .iter()
            .map(|entitlement| entry(CatalogKind::Entitlement, entitlement.code.as_str(), &entitlement.name))
            .collect(),
    ];
    for entries in &mut kinds {
        entries.retain(|entry| entry.code.to_lowercase().contains(text) || entry.name.to_lowercase().contains(text));
        entries.truncate(usize::try_from(SHOWN).unwrap_or(usize::MAX));
    }
    Ok(kinds.into_iter().flatten().collect())
}

fn entry(kind: CatalogKind, code: &str, name: &str) -> FoundEntry {
    FoundEntry { kind, code: code.to_owned(), name: name.to_owned() }
}

/// What a text may be. `None` if it cannot be anything.
fn terms(text: &str, vault: &Vault) -> Option<SearchTerms> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_LENGTH || text.contains('\0') {
        return None;
    }
    let key = LicenseKey::parse(text).ok();
    let prefix = text.to_lowercase();
    let is_prefix = key.is_none() && prefix.chars().count() >= MIN_PREFIX && prefix.len() <= 254;
    Some(SearchTerms {
        prefix: is_prefix.then_some(prefix),
        id: text.to_lowercase().parse::<OrderId>().ok().map(OrderId::uuid).filter(|id| *id != Uuid::nil()),
        key_lookup: key.map(|key| vault.key_lookup(key.expose())),
        key_tail: key_tail(text).map(str::to_owned),
        order_number: order::number_bytes(text),
        stripe_id: is_stripe_id(text).then(|| text.to_owned()),
        fingerprint_hash: Some(plain_hash(text.as_bytes())),
    })
}

/// The last four letters of a key: alone, or after the dots of a masked key.
fn key_tail(text: &str) -> Option<&str> {
    let tail = if text.contains('•') { text.rsplit('-').next()? } else { text };
    // The tails of signed keys are base64 for URLs.
    let is_tail =
        tail.len() == 4 && tail.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    is_tail.then_some(tail)
}

/// Whether a text has the form of the provider's ids, such as `cus_NffrFeUfNV2Hib` or `cs_test_a1b2`.
fn is_stripe_id(text: &str) -> bool {
    text.split_once('_').is_some_and(|(kind, rest)| {
        (2..=8).contains(&kind.len())
            && kind.bytes().all(|byte| byte.is_ascii_lowercase())
            && !rest.is_empty()
            && text.len() <= 255
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

#[cfg(test)]
mod tests {
    use latchkey_licensing::{
        ids::AccountId,
        license_key::{KEY_RANDOM_BYTES, KeyPrefix},
        time::Timestamp,
    };

    use super::*;

    fn vault() -> Vault {
        Vault::new(&[1; 32])
    }

    fn terms_of(text: &str) -> SearchTerms {
        terms(text, &vault()).expect("a text")
    }

    #[test]
    fn a_key_is_recognized_as_people_type_it() {
        let key = LicenseKey::new(&KeyPrefix::parse("CGPT").expect("valid"), &[9; KEY_RANDOM_BYTES]);
        let lookup = Some(vault().key_lookup(key.expose()));
        let plain = key.expose().replace('-', "");
        for typed in [
            key.expose().to_owned(),
            key.expose().to_lowercase(),
            format!("  {} ", key.expose().replace('-', " ")),
            plain.clone(),
            plain.to_lowercase(),
        ] {
            assert_eq!(terms_of(&typed).key_lookup, lookup, "{typed}");
            assert_eq!(terms_of(&typed).prefix, None, "a key is no address");
        }
        assert_eq!(terms_of(&format!("{plain}A")).key_lookup, None);
    }

    #[test]
    fn a_text_is_everything_that_it_may_be() {
        assert_eq!(terms_of("7f3k").key_tail.as_deref(), Some("7f3k"));
        assert_eq!(terms_of("CGPT-••••-••••-7F3K").key_tail.as_deref(), Some("7F3K"));
        assert_eq!(terms_of("ADA").prefix.as_deref(), Some("ada"));
        assert_eq!((terms_of("a").prefix, terms_of("100%").prefix.as_deref()), (None, Some("100%")));
        let id = "0190F3C2-0000-7000-8000-000000000000";
        assert_eq!(terms_of(id).id.map(|id| id.to_string()), Some(id.to_lowercase()));
        for id in ["cus_Nffr", "cs_test_a1", "pi_1", "in_1", "sub_1", "ch_1", "evt_1", "du_1"] {
            assert_eq!(terms_of(id).stripe_id.as_deref(), Some(id));
        }
        for text in ["ada_lovelace@example.com", "CUS_1", "_x", "x_", "a_b"] {
            assert_eq!(terms_of(text).stripe_id, None, "{text}");
        }
        assert!(terms_of("7F3K-9QXM").order_number.is_some());
        assert_eq!(terms("  ", &vault()), None);
        assert_eq!(terms(&"x".repeat(5_000), &vault()), None);
        assert_eq!(terms("a\0b", &vault()), None);
    }

    #[test]
    fn records_are_grouped_and_bounded() {
        let account = |n: u8| RecordId::Account(AccountId::new(Timestamp::from_unix_micros(0), [n; 10]));
        let hit = |record| SearchHit { record, title: "t".to_owned(), detail: "d".to_owned(), owner: None };
        let event = || hit(RecordId::StripeEvent("evt_1".to_owned()));
        let found = Found::new([event()].into_iter().chain((0..11).map(|n| hit(account(n)))).collect());
        let counts: Vec<_> =
            found.groups.iter().map(|group| (group.kind, group.records.len(), group.has_more)).collect();
        assert_eq!(counts, [(RecordKind::Account, 10, true), (RecordKind::StripeEvent, 1, false)]);
        assert_eq!(found.only(), None);
        // Found in two ways.
        let found = Found::new(vec![event(), event()]);
        assert_eq!(found.only().map(|found| found.title.as_str()), Some("evt_1"));
        assert_eq!(Found::new(Vec::new()).only(), None);
    }
}
