//! Records with what belongs to them. The number of statements does not grow with what is shown. Timelines are read page by
//! page, see [`timeline`](super::timeline).

use latchkey_licensing::{
    account::{Account, Role},
    ids::{AccountId, LicenseId, MachineId, MailId, OrderId},
    order::{Order, OrderedLicense},
};
use latchkey_store::{
    DeactivatedBy, LicenseFilter, LicenseSort, ListedLicense, ListedMachine, ListedMail, MachineFilter, MachineSort,
    Matches, PageRequest, Seek, StripeEventFilter, StripeEventRow, StripeEventSort,
};

use crate::{
    billing::{events::EventDetails, view::OrderView},
    error::Internal,
    identity::{
        actors::Support,
        sign_in::sessions::{SessionSummary, is_alive},
    },
    licensing::{licenses::view::LicenseView, machines::parts::MachineParts},
    service::Service,
};

/// The most licenses, machines, orders, mails or events that are shown with a record. The lists show all of them.
pub const SHOWN_RELATED: u32 = 50;

fn first() -> PageRequest {
    PageRequest { seek: Seek::Start, limit: SHOWN_RELATED, matches: Matches::Unknown }
}

/// The most that are shown of something that a list shows all of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related<T> {
    /// The newest, at most [`SHOWN_RELATED`].
    pub items: Vec<T>,
    /// Whether there are others.
    pub has_more: bool,
}

impl<T> Related<T> {
    fn of(mut items: Vec<T>) -> Self {
        let shown = usize::try_from(SHOWN_RELATED).unwrap_or(usize::MAX);
        let has_more = items.len() > shown;
        items.truncate(shown);
        Self { items, has_more }
    }
}

impl<T> From<latchkey_store::Slice<T>> for Related<T> {
    fn from(slice: latchkey_store::Slice<T>) -> Self {
        Self { has_more: slice.next.is_some(), items: slice.items }
    }
}

/// An account with what belongs to it.
#[derive(Clone, Debug)]
pub struct AccountDetails {
    /// The account.
    pub account: Account,
    /// Its licenses, the newest first.
    pub licenses: Related<ListedLicense>,
    /// The machines on which they are active, the newest first.
    pub machines: Related<ListedMachine>,
    /// The orders that it received, the newest first.
    pub orders: Related<Order>,
    /// The mails to it that are kept, the newest first.
    pub mails: Related<ListedMail>,
    /// The sessions in which it is signed in, the last used first.
    pub sessions: Vec<SessionSummary>,
    /// Whether no other admin could sign in.
    pub is_last_admin: bool,
    /// Whether this instance serves the portal, so that it can be seen as the person does.
    pub serves_portal: bool,
}

/// A license with what belongs to it, without its key.
#[derive(Clone, Debug)]
pub struct LicenseDetails {
    /// The license, its policy and its product.
    pub view: LicenseView,
    /// Its owner.
    pub owner: Account,
    /// The order by which it was bought, and its place in the order.
    pub order: Option<(Order, OrderedLicense)>,
    /// The machines on which it is or was active, the newest first.
    pub machines: Related<ListedMachine>,
    /// The mails to its owner that are kept, the newest first.
    pub mails: Related<ListedMail>,
}

/// An order with what belongs to it.
#[derive(Clone, Debug)]
pub struct OrderDetails {
    /// The order, its lines and payments.
    pub view: OrderView,
    /// The account that received it.
    pub account: Option<Account>,
    /// The events about its checkout, the last received first.
    pub events: Related<StripeEventRow>,
}

/// An event of the payment provider with the order that it is about.
#[derive(Clone, Debug)]
pub struct EventRecord {
    /// The event and its body.
    pub details: EventDetails,
    /// The order.
    pub order: Option<OrderId>,
}

impl Support<'_> {
    /// An account with what belongs to it. `None` if there is none.
    pub async fn account_details(&self, id: AccountId) -> Result<Option<AccountDetails>, Internal> {
        let now = self.service.now();
        let mut reader = self.service.store().read().await?;
        let Some(account) = reader.find_account(id).await? else {
            return Ok(None);
        };
        let filter = LicenseFilter { account: Some(id), ..LicenseFilter::default() };
        let licenses = reader.list_licenses_by(&filter, LicenseSort::Newest, &first()).await?.into();
        let filter = MachineFilter { account: Some(id), is_active: Some(true), ..MachineFilter::default() };
        let machines = reader.list_machines_by(&filter, MachineSort::Newest, &first()).await?.into();
        let orders = Related::of(reader.list_orders_of(id).await?);
        let mails = Related::of(reader.list_mails_to(&account.email, None, i64::from(SHOWN_RELATED) + 1).await?);
        let sessions = reader.list_sessions_of(id).await?;
        let sessions = sessions.into_iter().filter(|row| is_alive(row, account.role, now));
        let sessions = sessions.map(SessionSummary::from).collect();
        let is_enabled_admin = account.role == Role::Admin && account.disabled_at.is_none();
        let is_last_admin = is_enabled_admin && reader.count_enabled_admins().await? <= 1;
        let serves_portal = self.service.0.options.serves_portal();
        Ok(Some(AccountDetails { account, licenses, machines, orders, mails, sessions, is_last_admin, serves_portal }))
    }

    /// A license with what belongs to it. `None` if there is none.
    pub async fn license_details(&self, id: LicenseId) -> Result<Option<LicenseDetails>, Internal> {
        let mut reader = self.service.store().read().await?;
        let Some(record) = reader.find_license_record(id).await? else {
            return Ok(None);
        };
        let facts = self.service.license_facts(&mut reader, record).await?;
        let owner = facts.owner.clone();
        let view = self.service.view_license(&mut reader, facts).await?;
        let order = match reader.find_order_license(id).await? {
            Some(ordered) => reader.find_order(ordered.order).await?.map(|order| (order, ordered)),
            None => None,
        };
        let filter = MachineFilter { license: Some(id), ..MachineFilter::default() };
        let machines = reader.list_machines_by(&filter, MachineSort::Newest, &first()).await?.into();
        let mails = Related::of(reader.list_mails_to(&owner.email, None, i64::from(SHOWN_RELATED) + 1).await?);
        Ok(Some(LicenseDetails { view, owner, order, machines, mails }))
    }

    /// A machine, active or not, with its license and owner. `None` if there is none.
    pub async fn machine_details(&self, id: MachineId) -> Result<Option<ListedMachine>, Internal> {
        Ok(self.service.store().read_without_snapshot().await?.find_listed_machine(id).await?)
    }

    /// The components and processes of a machine.
    pub async fn machine_parts(&self, id: MachineId) -> Result<MachineParts, Internal> {
        let mut reader = self.service.store().read().await?;
        Service::machine_parts(&mut reader, id).await
    }

    /// An order with what belongs to it. `None` if there is none.
    pub async fn order_details(&self, id: OrderId) -> Result<Option<OrderDetails>, Internal> {
        let mut reader = self.service.store().read().await?;
        let Some(order) = reader.find_order(id).await? else {
            return Ok(None);
        };
        let account = match order.account {
            Some(account) => reader.find_account(account).await?,
            None => None,
        };
        let events = match &order.checkout {
            Some(checkout) => {
                let filter = StripeEventFilter { object: Some(checkout.clone()), ..StripeEventFilter::default() };
                reader.list_stripe_events_by(&filter, StripeEventSort::Newest, &first()).await?.into()
            }
            None => Related::of(Vec::new()),
        };
        let view = self.service.view_orders(&mut reader, vec![order]).await?.pop();
        let view = view.ok_or(Internal::Invariant("an order has no view"))?;
        Ok(Some(OrderDetails { view, account, events }))
    }

    /// An event of the payment provider with its body and its order. `None` if there is none.
    pub async fn event_record(&self, id: &str) -> Result<Option<EventRecord>, Internal> {
        let mut reader = self.service.store().read().await?;
        let Some((event, body)) = reader.find_stripe_event(id).await? else {
            return Ok(None);
        };
        let order = match &event.object {
            Some((_, object)) => reader.find_order_by_object(object).await?.map(|order| order.id),
            None => None,
        };
        Ok(Some(EventRecord { details: EventDetails { event, body }, order }))
    }

    /// A mail without its content, and the account with the recipient's address. `None` if it is not kept.
    pub async fn mail_details(&self, id: MailId) -> Result<Option<(ListedMail, Option<Account>)>, Internal> {
        let mut reader = self.service.store().read().await?;
        let Some(mail) = reader.find_listed_mail(id).await? else {
            return Ok(None);
        };
        let account = reader.find_account_by_email(&mail.recipient).await?;
        Ok(Some((mail, account)))
    }

    /// Frees a machine. Unlike its owner, staff may do it at any time. `None` if there is no such active machine.
    pub async fn free_machine(&self, id: MachineId) -> Result<Option<ListedMachine>, Internal> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let Some(found) = tx.find_listed_machine(id).await? else {
            return Ok(None);
        };
        let license = found.machine.license;
        tx.lock_license(license).await?;
        let Some(machine) = tx.find_machine(license, id).await? else {
            return Ok(None);
        };
        self.service.deactivate(&mut tx, &machine, DeactivatedBy::Admin, self.cause(), now).await?;
        tx.commit().await?;
        Ok(Some(found))
    }
}
