//! Everything that is kept about a person, as a JSON document. Its members are described in the documentation, so none of
//! them changes its meaning.

use std::collections::BTreeMap;

use latchkey_licensing::{
    account::Account,
    component::Component,
    email::EmailAddress,
    license::{Expiry, License, Standing},
    license_key,
    order::{Order, OrderLine},
    process::Process,
    time::Timestamp,
};
use latchkey_store::{
    AuditRow, Conn, ListedMachine, ListedMail, MachineFilter, MachineSort, Matches, NoteRow, PageRequest, PasskeyRow,
    Seek, SessionRow, StoredPayment,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    audit::{
        event::{ACCOUNT, AccountEvent, LICENSE, ORDER},
        log::AuditEntry,
    },
    error::{Internal, internal_errors},
    identity::{
        accounts::customers::AccountError,
        actors::{Admin, Customer, Fresh},
    },
    operation::rate_limit::{exact::DATA_EXPORTS, gcra::Throttled},
    service::Service,
};

/// The name of the document's form.
const FORMAT: &str = "latchkey-personal-data-1";

/// How many rows are read at once.
const PAGE: u32 = 1_000;

/// Why a customer's data was not exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportDataError {
    /// There were too many exports.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(ExportDataError);

impl Customer<'_> {
    /// Everything that is kept about the customer.
    pub async fn export_data(&self) -> Result<Value, ExportDataError> {
        let service = self.service();
        let now = service.now();
        let account = self.who().account.id;
        let mut tx = service.store().write().await?;
        if let Some(throttled) = DATA_EXPORTS.take(&mut tx, &format!("data_export:{account}"), now).await? {
            return Err(throttled.into());
        }
        service.record(&mut tx, now, self.cause(), AccountEvent::DataExported.of(account)).await?;
        tx.commit().await?;
        let mut reader = service.store().read().await?;
        let account = reader.get_account(account).await?;
        Ok(service.personal_data(&mut reader, &account).await?)
    }
}

impl Admin<'_> {
    /// Everything that is kept about the person with this address.
    pub async fn export_account(&self, email: &EmailAddress, _fresh: &Fresh) -> Result<Value, AccountError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let account = tx.find_account_by_email(email).await?;
        let account = account.ok_or_else(|| AccountError::NotFound(email.clone()))?;
        self.service.record(&mut tx, now, self.cause(), AccountEvent::DataExported.of(account.id)).await?;
        tx.commit().await?;
        let mut reader = self.service.store().read().await?;
        Ok(self.service.personal_data(&mut reader, &account).await?)
    }
}

impl Service {
    async fn personal_data(&self, conn: &mut Conn, account: &Account) -> Result<Value, Internal> {
        let id = account.id;
        let sessions = conn.list_sessions_of(id).await?;
        let passkeys = conn.list_passkeys_of(id).await?;
        let codes_left = conn.count_recovery_codes(id).await?;
        let known_browsers = conn.count_known_browsers(id).await?;
        let email_change = conn.find_open_email_change(id, self.now()).await?;
        let licenses = conn.list_licenses_of(id).await?;
        let machines = machines_of(conn, account).await?;
        let parts = Parts::read(conn, &machines).await?;
        let orders = conn.list_orders_of(id).await?;
        let order_ids: Vec<_> = orders.iter().map(|order| order.id).collect();
        let lines = conn.list_order_lines(&order_ids).await?;
        let payments = conn.list_order_payments(&order_ids).await?;
        let mails = mails_of(conn, account).await?;
        let subjects = subjects(account, &licenses, &orders);
        let (audits, owned_since) = audits_about(conn, &subjects).await?;
        let notes = notes_about(conn, &subjects, &owned_since).await?;
        // The catalog is read once, not for each license.
        let policies: BTreeMap<_, _> = conn.list_policies().await?.into_iter().map(|one| (one.id, one.code)).collect();
        let products: BTreeMap<_, _> = conn.list_products().await?.into_iter().map(|one| (one.id, one.code)).collect();
        let mut of_licenses = Vec::with_capacity(licenses.len());
        for license in &licenses {
            let policy = policies.get(&license.policy).ok_or(Internal::Invariant("a license has no policy"))?;
            let product = products.get(&license.product).ok_or(Internal::Invariant("a license has no product"))?;
            let since = owned_since.get(&license.id.to_string());
            let own = machines.iter().filter(|found| {
                let gone_at = found.deactivated.map(|(at, _)| at);
                let is_of_previous = since.zip(gone_at).is_some_and(|(since, gone_at)| gone_at < *since);
                found.machine.license == license.id && !is_of_previous
            });
            let own: Vec<Value> = own.map(|found| machine(found, &parts)).collect();
            of_licenses.push(self::license(license, product, policy, own));
        }
        let of_orders: Vec<Value> = orders
            .iter()
            .map(|order| {
                let lines = lines.iter().filter(|(of, _)| *of == order.id).map(|(_, line)| self::line(line));
                let payments = payments.iter().filter(|(of, _)| *of == order.id).map(|(_, paid)| payment(paid));
                self::order(order, lines.collect(), payments.collect())
            })
            .collect();
        Ok(json!({
            "format": FORMAT,
            "exported_at": self.now().rfc3339(),
            "account": {
                "id": id.to_string(),
                "email": account.email.as_str(),
                "name": account.name,
                "role": account.role.as_str(),
                "created_at": account.created_at.rfc3339(),
                "disabled_at": instant(account.disabled_at),
                "new_email": email_change.as_ref().map(|change| change.new_email.as_str()),
                "recovery_codes_left": codes_left,
                "known_browsers": known_browsers,
            },
            "passkeys": passkeys.iter().map(passkey).collect::<Vec<_>>(),
            "sessions": sessions.iter().map(session).collect::<Vec<_>>(),
            "licenses": of_licenses,
            "orders": of_orders,
            "mails": mails.iter().map(mail).collect::<Vec<_>>(),
            "notes": notes.iter().map(note).collect::<Vec<_>>(),
            "audit_log": audits.iter().map(|row| audit(row, account)).collect::<Vec<_>>(),
        }))
    }
}

type Subjects = Vec<(&'static str, Vec<String>)>;

/// The records that are about the person, as in the audit log.
fn subjects(account: &Account, licenses: &[License], orders: &[Order]) -> Subjects {
    let licenses = licenses.iter().map(|license| license.id.to_string()).collect();
    let orders = orders.iter().map(|order| order.id.to_string()).collect();
    let all: Subjects = vec![(ACCOUNT, vec![account.id.to_string()]), (LICENSE, licenses), (ORDER, orders)];
    all.into_iter().filter(|(_, ids)| !ids.is_empty()).collect()
}

async fn machines_of(conn: &mut Conn, account: &Account) -> Result<Vec<ListedMachine>, Internal> {
    let filter = MachineFilter { account: Some(account.id), ..MachineFilter::default() };
    let (mut found, mut seek) = (Vec::new(), Seek::Start);
    loop {
        let slice = conn
            .list_machines_by(
                &filter,
                MachineSort::Newest,
                &PageRequest { seek, limit: PAGE, matches: Matches::Unknown },
            )
            .await?;
        found.extend(slice.items);
        let Some(last) = slice.next else { return Ok(found) };
        seek = Seek::After(last);
    }
}

/// The components and processes of machines.
struct Parts {
    components: Vec<Component>,
    processes: Vec<Process>,
}

impl Parts {
    /// Only active machines have any.
    async fn read(conn: &mut Conn, machines: &[ListedMachine]) -> Result<Self, Internal> {
        let active = machines.iter().filter(|found| found.deactivated.is_none());
        let active: Vec<_> = active.map(|found| found.machine.id).collect();
        let components = conn.list_components_of(&active).await?;
        Ok(Self { components, processes: conn.list_processes_of(&active).await? })
    }
}

async fn mails_of(conn: &mut Conn, account: &Account) -> Result<Vec<ListedMail>, Internal> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = conn.list_mails_of(account.id, &account.email, before, i64::from(PAGE)).await?;
        before = page.last().map(|mail| mail.id.uuid());
        found.extend(page);
        if before.is_none() {
            return Ok(found);
        }
    }
}

/// The entries of the audit log, the newest first. Those about a license from before the person owned it are somebody
/// else's. The second value says since when the person owns such a license.
async fn audits_about(
    conn: &mut Conn,
    subjects: &Subjects,
) -> Result<(Vec<AuditRow>, BTreeMap<String, Timestamp>), Internal> {
    let (mut found, mut before) = (Vec::new(), None::<Uuid>);
    let mut owned_since = BTreeMap::new();
    loop {
        let page = conn.list_audits_about(subjects, None, before, i64::from(PAGE)).await?;
        before = page.last().map(|row| row.id.uuid());
        for row in page {
            if owned_since.contains_key(&row.subject_id) {
                continue;
            }
            if row.subject_kind == LICENSE && AuditEntry::read(row.clone())?.event.may_change_owner() {
                owned_since.insert(row.subject_id.clone(), row.at);
            }
            found.push(row);
        }
        if before.is_none() {
            return Ok((found, owned_since));
        }
    }
}

async fn notes_about(
    conn: &mut Conn,
    subjects: &Subjects,
    owned_since: &BTreeMap<String, Timestamp>,
) -> Result<Vec<NoteRow>, Internal> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = conn.list_notes_about(subjects, before, i64::from(PAGE)).await?;
        before = page.last().map(|note| note.id.uuid());
        let is_own = |note: &NoteRow| owned_since.get(&note.subject_id).is_none_or(|since| note.created_at >= *since);
        found.extend(page.into_iter().filter(is_own));
        if before.is_none() {
            return Ok(found);
        }
    }
}

fn instant(at: Option<Timestamp>) -> Option<String> {
    at.map(Timestamp::rfc3339)
}

/// Data that an app or the vendor attached: an object, or the text if it is none.
fn metadata(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

fn passkey(passkey: &PasskeyRow) -> Value {
    json!({
        "name": passkey.name,
        "created_at": passkey.created_at.rfc3339(),
        "last_used_at": instant(passkey.last_used_at),
    })
}

fn session(session: &SessionRow) -> Value {
    json!({
        "browser": session.agent,
        "network": session.network,
        "signed_in_at": session.authenticated_at.rfc3339(),
        "last_used_at": session.last_seen_at.rfc3339(),
        "second_factor_at": instant(session.second_factor_at),
        "expires_at": session.expires_at.rfc3339(),
    })
}

fn license(license: &License, product: &str, policy: &str, machines: Vec<Value>) -> Value {
    let (suspended_at, revoked_at) = match license.standing {
        Standing::Good => (None, None),
        Standing::Suspended(at) => (Some(at), None),
        Standing::Revoked(at) => (None, Some(at)),
    };
    json!({
        "id": license.id.to_string(),
        "product": product,
        "policy": policy,
        "key": license_key::masked(&license.key_prefix, &license.key_tail),
        "issued_at": license.created_at.rfc3339(),
        "expires_at": instant(license.expiry.at()),
        "begins_with_first_use": license.expiry == Expiry::AfterFirstUse,
        "suspended_at": instant(suspended_at),
        "revoked_at": instant(revoked_at),
        "uses": license.uses,
        "metadata": metadata(&license.metadata),
        "last_validated_at": instant(license.last_validated_at),
        "last_check_in_at": instant(license.last_check_in_at),
        "last_check_out_at": instant(license.last_check_out_at),
        "machines": machines,
    })
}

fn component(component: &Component) -> Value {
    json!({
        "fingerprint": component.fingerprint.as_str(),
        "name": component.name,
        "metadata": metadata(&component.metadata),
    })
}

fn process(process: &Process) -> Value {
    json!({
        "pid": process.pid,
        "metadata": metadata(&process.metadata),
        "spawned_at": process.created_at.rfc3339(),
        "last_heartbeat_at": process.last_heartbeat_at.rfc3339(),
    })
}

fn machine(found: &ListedMachine, parts: &Parts) -> Value {
    let machine = &found.machine;
    let components = parts.components.iter().filter(|component| component.machine == machine.id).map(component);
    let processes = parts.processes.iter().filter(|process| process.machine == machine.id).map(process);
    json!({
        "id": machine.id.to_string(),
        "fingerprint": machine.fingerprint.as_str(),
        "name": machine.facts.name,
        "hostname": machine.facts.hostname,
        "platform": machine.facts.platform,
        "cores": machine.facts.cores,
        "memory": machine.facts.memory,
        "disk": machine.facts.disk,
        "ip": machine.facts.ip,
        "app_version": machine.facts.app_version,
        "metadata": metadata(&machine.metadata),
        "activated_at": machine.created_at.rfc3339(),
        "last_seen_at": machine.last_seen_at.rfc3339(),
        "last_heartbeat_at": instant(machine.last_heartbeat_at),
        "last_check_out_at": instant(machine.last_check_out_at),
        "components": components.collect::<Vec<_>>(),
        "processes": processes.collect::<Vec<_>>(),
        "deactivated_at": instant(found.deactivated.map(|(at, _)| at)),
    })
}

fn order(order: &Order, lines: Vec<Value>, payments: Vec<Value>) -> Value {
    json!({
        "id": order.id.to_string(),
        "number": order.number(),
        "status": order.status.as_str(),
        "currency": order.currency().to_string(),
        "total_minor": order.total().minor,
        "tax_minor": order.tax_minor,
        "discount_minor": order.discount_minor,
        "paid_minor": order.paid_minor,
        "refunded_minor": order.refunded_minor,
        "email": order.email,
        "buyer_name": order.buyer_name,
        "stripe_customer": order.customer,
        "stripe_checkout": order.checkout,
        "stripe_subscription": order.subscription.as_ref().map(|subscription| &subscription.id),
        "subscription_state": order.subscription_state().map(latchkey_licensing::order::SubscriptionState::as_str),
        "placed_at": order.created_at.rfc3339(),
        "paid_at": instant(order.paid_at),
        "delivered_at": instant(order.delivered_at),
        "lines": lines,
        "payments": payments,
    })
}

fn line(line: &OrderLine) -> Value {
    json!({ "price": line.price_code, "quantity": line.quantity, "unit_minor": line.unit_minor })
}

fn payment(payment: &StoredPayment) -> Value {
    let refunds = payment.refunds.iter().map(|refund| {
        json!({
            "id": refund.id,
            "amount_minor": refund.amount_minor,
            "state": refund.state.as_str(),
            "created_at": refund.created_at.rfc3339(),
        })
    });
    let disputes = payment.disputes.iter().map(|dispute| {
        json!({
            "id": dispute.id,
            "amount_minor": dispute.amount_minor,
            "state": dispute.state.as_str(),
            "reason": dispute.reason,
            "created_at": dispute.created_at.rfc3339(),
        })
    });
    json!({
        "id": payment.id,
        "invoice": payment.invoice,
        "paid_minor": payment.paid_minor,
        "paid_at": payment.paid_at.rfc3339(),
        "refunds": refunds.collect::<Vec<_>>(),
        "disputes": disputes.collect::<Vec<_>>(),
    })
}

fn mail(mail: &ListedMail) -> Value {
    json!({
        "id": mail.id.to_string(),
        "kind": mail.kind,
        "to": mail.recipient.as_str(),
        "queued_at": mail.created_at.rfc3339(),
        "state": mail.state.as_str(),
    })
}

fn note(note: &NoteRow) -> Value {
    json!({
        "about": note.subject_kind,
        "id": note.subject_id,
        "text": note.body,
        "written_at": note.created_at.rfc3339(),
    })
}

/// Other people are named by their role only.
fn audit(row: &AuditRow, account: &Account) -> Value {
    let is_own = row.actor_id.as_deref() == Some(account.id.to_string().as_str());
    json!({
        "at": row.at.rfc3339(),
        "actor": if is_own { "you" } else { row.actor_kind.as_str() },
        "event": row.verb,
        "about": row.subject_kind,
        "id": row.subject_id,
        "detail": metadata(&row.detail),
    })
}
