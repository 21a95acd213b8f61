//! What happened before the population was created, so that each filter of a list has something to find: licenses that ended,
//! customers who own nothing, machines that were freed, orders, events, mails and the audit log. It is at the end of lists that begin
//! with the newest, which is the worst place for a filter.

use std::time::Duration;

use anyhow::{Context, Result};
use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::{AccountId, AuditId, LicenseId, MachineId, MailId, OrderId, PolicyId, ProductId},
    license::{Expiry, KeyHint, License, Standing},
    license_key::LicenseKey,
    machine::{Fingerprint, Machine, MachineFacts},
    money::Money,
    order::{HoldReason, Order, OrderKind, OrderStatus},
    policy::Policy,
    product::Product,
    time::Timestamp,
};
use latchkey_service::vault::plain_hash;
use latchkey_store::{AuditRow, DeactivatedBy, EventState, NewMail, NewStripeEvent, StoredKey, Tx};

use crate::{
    population::{Population, bytes, part},
    seed::{BATCH, Seed},
};

/// How long ago the first of it happened.
const AGO: Duration = Duration::from_hours(24 * 400);

/// For each license of the population, how many records of the past there are: one in so many.
const ONE_IN: u64 = 15;

/// One in so many licenses has an order, a mail, and an event.
const ORDERED: u64 = 3;

pub(crate) async fn insert(seed: &Seed) -> Result<()> {
    let began = Timestamp::from_unix_micros(seed.population.made_at).minus(AGO);
    let policy = insert_policy(seed, began).await?;
    let past = Past { seed, policy, began };
    let records = (seed.population.licenses / ONE_IN).max(20);
    in_batches(seed, records, async |tx, number| past.insert_record(tx, number).await).await?;
    let ordered = (seed.population.licenses / ORDERED).max(20);
    in_batches(seed, ordered, async |tx, number| past.insert_order(tx, number).await).await
}

async fn in_batches(seed: &Seed, count: u64, insert: impl AsyncFn(&mut Tx, u64) -> Result<()>) -> Result<()> {
    let mut first = 0;
    while first < count {
        let mut tx = seed.store.write().await?;
        for number in first..(first + BATCH).min(count) {
            insert(&mut tx, number).await?;
        }
        tx.commit().await?;
        first += BATCH;
    }
    Ok(())
}

/// A policy of another product, under which licenses end.
async fn insert_policy(seed: &Seed, at: Timestamp) -> Result<Policy> {
    let product = Product {
        id: ProductId::new(at, [3; 10]),
        code: "bench-past".to_owned(),
        name: "Bench, past".to_owned(),
        key_prefix: Population::prefix()?,
        created_at: at,
    };
    let policy = Policy {
        id: PolicyId::new(at, [4; 10]),
        product: product.id,
        code: "bench-yearly".to_owned(),
        name: "Yearly license".to_owned(),
        ..seed.policy.clone()
    };
    let mut tx = seed.store.write().await?;
    tx.insert_product(&product).await?;
    tx.insert_policy(&policy).await?;
    tx.commit().await?;
    Ok(policy)
}

struct Past<'a> {
    seed: &'a Seed,
    policy: Policy,
    began: Timestamp,
}

impl Past<'_> {
    fn at(&self, number: u64) -> Timestamp {
        self.began.plus(Duration::from_millis(number * 10))
    }

    /// A license that ended in one of several ways, with a machine that was freed, and a customer who owns nothing.
    async fn insert_record(&self, tx: &mut Tx, number: u64) -> Result<()> {
        let (at, ids) = (self.at(number), bytes("past", number, 0));
        let owner = Self::account(number, at, part(&ids, 0)?, "past")?;
        let other = Self::account(number, at, part(&bytes("nothing", number, 0), 0)?, "nothing")?;
        for account in [&owner, &other] {
            tx.insert_account(account).await?;
        }
        let key = LicenseKey::new(&Population::prefix()?, &part(&bytes("past key", number, 0), 0)?);
        let hint = KeyHint { prefix: key.prefix(), tail: key.tail() };
        let (standing, expiry) = match number % 4 {
            0 => (Standing::Suspended(at), Expiry::Never),
            1 => (Standing::Revoked(at), Expiry::Never),
            2 => (Standing::Good, Expiry::Never),
            _ => (Standing::Good, Expiry::At(at.plus(Duration::from_hours(24)))),
        };
        let license = License {
            standing,
            expiry,
            ..License::issue(LicenseId::new(at, part(&ids, 10)?), owner.id, &self.policy, hint, at)
        };
        let nonce = part(&bytes("past nonce", number, 0), 0)?;
        let ciphertext = self.seed.vault.seal_key(license.id, &key, nonce).context("a key cannot be encrypted")?;
        let lookup = self.seed.vault.key_lookup(key.expose());
        tx.insert_license(&license, StoredKey { ciphertext: &ciphertext, lookup: &lookup, signed_by: None }).await?;
        let fingerprint = format!("past-{number}");
        let machine = Machine {
            id: MachineId::new(at, part(&bytes("past machine", number, 0), 0)?),
            license: license.id,
            slot: 1,
            fingerprint: Fingerprint::parse(&fingerprint).context("a fingerprint is invalid")?,
            facts: MachineFacts { name: Some("Old PC".to_owned()), ..MachineFacts::default() },
            metadata: "{}".to_owned(),
            last_heartbeat_at: None,
            is_resurrected: false,
            last_check_out_at: None,
            last_seen_at: at,
            created_at: at,
            updated_at: at,
        };
        tx.insert_machine(&machine, &plain_hash(fingerprint.as_bytes())).await?;
        tx.set_machine_deactivated(machine.id, DeactivatedBy::Customer, at).await?;
        Ok(())
    }

    fn account(number: u64, at: Timestamp, random: [u8; 10], kind: &str) -> Result<Account> {
        Ok(Account {
            id: AccountId::new(at, random),
            email: EmailAddress::parse(&format!("{kind}-{number}@bench.example"))
                .ok()
                .context("an e-mail address is invalid")?,
            name: None,
            role: if number.is_multiple_of(100) { Role::Support } else { Role::Customer },
            disabled_at: (number % 10 == 3).then_some(at),
            created_at: at,
        })
    }

    /// An order of a customer, with its event, its mail and its entry of the audit log.
    async fn insert_order(&self, tx: &mut Tx, number: u64) -> Result<()> {
        let at = self.at(number);
        let resident = self.seed.population.resident((number * ORDERED) % self.seed.population.licenses)?;
        let random: [u8; 10] = part(&bytes("order", number, 0), 0)?;
        let status = match number % 50 {
            0 => OrderStatus::Held,
            1 => OrderStatus::Refunded,
            2 => OrderStatus::Open,
            _ => OrderStatus::Paid,
        };
        let order = Order {
            id: OrderId::new(at, random),
            kind: OrderKind::Purchase,
            buyer: None,
            account: Some(resident.account),
            browser_hash: [1; 32],
            is_live: !number.is_multiple_of(20),
            is_subscription: number % 20 == 1,
            subtotal: Money::new(4_900, "USD".parse().ok().context("no currency")?),
            total_minor: Some(4_900),
            tax_minor: 0,
            discount_minor: 0,
            paid_minor: 4_900,
            refunded_minor: 0,
            status,
            hold: (status == OrderStatus::Held).then_some(HoldReason::WrongAmount),
            released_at: None,
            unsent_mail: None,
            has_fraud_warning: false,
            checkout: Some(format!("cs_bench_{number}")),
            customer: Some(format!("cus_bench_{number}")),
            subscription: None,
            expires_at: None,
            email: Some(resident.email()),
            buyer_name: None,
            version: 1,
            created_at: at,
            updated_at: at,
            paid_at: Some(at),
            delivered_at: None,
        };
        tx.insert_order(&order).await?;
        let (event, object) = (format!("evt_past_{number}"), format!("pi_bench_{number}"));
        tx.insert_stripe_event(&NewStripeEvent {
            id: &event,
            kind: if number.is_multiple_of(30) { "charge.refunded" } else { "payment_intent.succeeded" },
            is_live: order.is_live,
            api_version: None,
            object: Some(("payment_intent", &object)),
            body: br#"{"erased":true}"#,
            named_objects: &[],
            is_from_sync: false,
            state: if number.is_multiple_of(40) { EventState::Failed } else { EventState::Done },
            problem: None,
            created_at: at,
            now: at,
        })
        .await?;
        let recipient = EmailAddress::parse(&resident.email()).ok().context("an e-mail address is invalid")?;
        let mail = MailId::new(at, random);
        tx.insert_mails(&[NewMail {
            id: mail,
            kind: if number.is_multiple_of(30) { "refunded" } else { "purchase" },
            recipient: &recipient,
            account: Some(resident.account),
            payload: b"sent",
            now: at,
            expires_at: at,
            dedupe_key: Some(&format!("purchase:{number}")),
        }])
        .await?;
        if number.is_multiple_of(40) {
            tx.set_mail_failed(mail, self.recently(), "refused").await?;
        } else {
            tx.set_mail_sent(mail, self.recently()).await?;
        }
        let machine = number.is_multiple_of(4);
        let (actor_kind, actor_id) = if number.is_multiple_of(25) {
            ("admin", resident.account.to_string())
        } else {
            ("app", resident.license.to_string())
        };
        tx.insert_audits(&[AuditRow {
            id: AuditId::new(at, random),
            at,
            actor_kind: actor_kind.to_owned(),
            actor_id: Some(actor_id),
            network: None,
            verb: if machine { "machine.activated" } else { "license.renewed" }.to_owned(),
            subject_kind: "license".to_owned(),
            subject_id: resident.license.to_string(),
            detail: "{}".to_owned(),
        }])
        .await?;
        Ok(())
    }

    /// Mails that were done long ago are deleted.
    fn recently(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.seed.population.made_at)
    }
}
