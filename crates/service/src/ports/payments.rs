//! The payment provider, which in production is Stripe.
//!
//! Everything that the provider knows about an order is read at once, as an [`OrderSnapshot`]: it may have changed since
//! the event that caused the reading, and decisions are made from all of it.

use std::{
    collections::BTreeSet,
    fmt::{self, Debug},
};

use async_trait::async_trait;
use latchkey_licensing::{
    email::EmailAddress,
    ids::OrderId,
    money::{Currency, Money},
    order::{DisputeState, RefundState, SubscriptionState},
    time::Timestamp,
};
use uuid::Uuid;

/// The kind of an object of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// A checkout session, `cs_…`.
    Checkout,
    /// A payment intent, `pi_…`.
    Payment,
    /// A charge, `ch_…` or `py_…`.
    Charge,
    /// A refund, `re_…` or `pyr_…`.
    Refund,
    /// A dispute, `du_…` or `dp_…`.
    Dispute,
    /// An invoice, `in_…`.
    Invoice,
    /// A subscription, `sub_…`.
    Subscription,
    /// An early fraud warning, `issfr_…`.
    FraudWarning,
    /// A customer, `cus_…`.
    Customer,
}

impl ObjectKind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Checkout,
        Self::Payment,
        Self::Charge,
        Self::Refund,
        Self::Dispute,
        Self::Invoice,
        Self::Subscription,
        Self::FraudWarning,
        Self::Customer,
    ];

    /// The kind as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Checkout => "checkout",
            Self::Payment => "payment",
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Invoice => "invoice",
            Self::Subscription => "subscription",
            Self::FraudWarning => "fraud_warning",
            Self::Customer => "customer",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// An object of the provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: ObjectKind,
    /// The provider's id of it.
    pub id: String,
}

/// An event that the provider sent, or listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingEvent {
    /// The provider's id. An event that is sent twice has the same.
    pub id: String,
    /// What happened, such as `checkout.session.completed`.
    pub kind: String,
    /// When it happened.
    pub created_at: Timestamp,
    /// Whether it is about real money.
    pub is_live: bool,
    /// The version of the provider's API in which the body is written.
    pub api_version: Option<String>,
    /// The object that it is about. `None` if this program does not act on events of this kind, or does not understand the
    /// body.
    pub object: Option<ObjectRef>,
    /// Whether this program acts on events of this kind.
    pub is_of_known_kind: bool,
    /// Why the body was not understood.
    pub problem: Option<String>,
    /// The ids of all objects of orders and payments that the body names, each once.
    pub named_objects: Vec<String>,
    /// The body as it was sent.
    pub body: Vec<u8>,
}

/// A checkout to open.
#[derive(Clone, Debug)]
pub struct NewCheckout {
    /// The order that it is for. It becomes part of the metadata of everything that follows from the checkout.
    pub order: OrderId,
    /// Whether it is a subscription. All its prices are recurring then, and otherwise none.
    pub is_subscription: bool,
    /// What is bought.
    pub lines: Vec<NewCheckoutLine>,
    /// The provider's customer, if the buyer has one and is signed in.
    pub customer: Option<String>,
    /// The buyer's address, if the buyer is signed in. It is prefilled and cannot be changed.
    pub email: Option<EmailAddress>,
    /// Where the provider sends the buyer after the payment.
    pub success_url: String,
    /// Where the provider sends the buyer who changed their mind.
    pub cancel_url: String,
    /// When the checkout expires by itself.
    pub expires_at: Timestamp,
    /// A new one for each attempt.
    pub idempotency_key: Uuid,
}

/// A line of a checkout to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCheckoutLine {
    /// The provider's id of the price.
    pub price: String,
    /// How many.
    pub quantity: u32,
}

/// A checkout that was opened.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenedCheckout {
    /// The provider's id of the checkout session.
    pub id: String,
    /// The page where the buyer pays.
    pub url: String,
}

/// A person with the URL can act on the checkout, so logs do not contain it.
impl Debug for OpenedCheckout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedCheckout").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What the provider knows about a checkout and everything that followed from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderSnapshot {
    /// The order named in the metadata. `None` if this program did not open the checkout.
    pub order: Option<OrderId>,
    /// The checkout session.
    pub checkout: CheckoutSnapshot,
    /// The payments received, the oldest first. For a subscription, one for each paid invoice.
    pub payments: Vec<PaymentSnapshot>,
    /// Whether these are all payments. Otherwise, those that are known have not changed.
    pub has_all_payments: bool,
    /// The subscription, if the checkout started one.
    pub subscription: Option<SubscriptionSnapshot>,
}

/// A checkout session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutSnapshot {
    /// The provider's id.
    pub id: String,
    /// Whether it is about real money.
    pub is_live: bool,
    /// Whether it starts a subscription.
    pub is_subscription: bool,
    /// What became of it.
    pub state: latchkey_licensing::order::Checkout,
    /// The order in `client_reference_id`.
    pub reference: Option<String>,
    /// The provider's customer.
    pub customer: Option<String>,
    /// The buyer's address as typed at the provider.
    pub email: Option<String>,
    /// The buyer's name as typed at the provider.
    pub name: Option<String>,
    /// The lines, all of them. None if only what may be new was read.
    pub lines: Vec<CheckoutLine>,
    /// The price of the lines before discounts and tax.
    pub subtotal: Money,
    /// What the buyer has to pay.
    pub total: Money,
    /// The discount that is part of the total.
    pub discount_minor: i64,
    /// The tax that is part of the total.
    pub tax_minor: i64,
    /// When it was opened.
    pub created_at: Timestamp,
}

/// A line of a checkout session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutLine {
    /// The provider's id of the price.
    pub price: String,
    /// How many.
    pub quantity: u32,
    /// The price of the line before discounts and tax.
    pub subtotal_minor: i64,
    /// The currency of the line.
    pub currency: Currency,
}

/// A payment that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentSnapshot {
    /// The provider's id: of the payment intent, or of the invoice if nothing was due.
    pub id: String,
    /// The amount received.
    pub paid: Money,
    /// When it was received.
    pub paid_at: Timestamp,
    /// All refunds of it.
    pub refunds: Vec<RefundSnapshot>,
    /// All disputes about it.
    pub disputes: Vec<DisputeSnapshot>,
    /// Whether the card's network suspects fraud.
    pub has_fraud_warning: bool,
    /// The invoice that it paid, if there is one.
    pub invoice: Option<String>,
    /// The end of the period that it pays for, if it is a payment of a subscription.
    pub period_ends_at: Option<Timestamp>,
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundSnapshot {
    /// The provider's id.
    pub id: String,
    /// The amount, in the payment's currency.
    pub amount_minor: i64,
    /// Its state.
    pub state: RefundState,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeSnapshot {
    /// The provider's id.
    pub id: String,
    /// The disputed amount, in the payment's currency.
    pub amount_minor: i64,
    /// Its state.
    pub state: DisputeState,
    /// The buyer's reason, as one word of the provider.
    pub reason: String,
    /// Until when the vendor can answer.
    pub due_at: Option<Timestamp>,
    /// When it was opened.
    pub created_at: Timestamp,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionSnapshot {
    /// The provider's id.
    pub id: String,
    /// Its state.
    pub state: SubscriptionState,
    /// Whether it ends with the current period.
    pub is_canceled_at_period_end: bool,
    /// What the open invoice of a failed renewal asks for.
    pub unpaid: Option<Money>,
}

/// What is known about a subscription's payments, so that only what may be new is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPayments {
    /// When the last one was received. Invoices that were made earlier are known, or are named by an event of their own.
    pub since: Timestamp,
    /// The invoices that they paid.
    pub invoices: BTreeSet<String>,
    /// The invoices to read whether or not they are known, because something happened to them or their payments.
    pub changed: BTreeSet<String>,
}

impl KnownPayments {
    /// Whether an invoice and what happened to its payments must be read.
    pub fn must_read(&self, invoice: &str) -> bool {
        self.changed.contains(invoice) || !self.invoices.contains(invoice)
    }
}

/// Links to documents that the provider hosts. They are credentials and must not be logged or stored.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ReceiptLinks {
    /// The page of the receipt.
    pub receipt: Option<String>,
    /// The page of the invoice.
    pub invoice: Option<String>,
    /// The invoice as PDF.
    pub invoice_pdf: Option<String>,
}

impl Debug for ReceiptLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiptLinks").finish_non_exhaustive()
    }
}

/// Some of the provider's list, and where the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderPage<T> {
    /// The items, the newest first.
    pub items: Vec<T>,
    /// The id after which the next page begins. `None` on the last page.
    pub next: Option<String>,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentsError {
    /// The provider did not answer in time, answered with a failure of its own, or allows no more calls now. The same call
    /// can succeed later.
    #[error("the payment provider is not available: {0}")]
    Unavailable(String),
    /// The provider refuses the call: the key is wrong or lacks a permission, or the request is invalid.
    #[error("the payment provider refused the call: {0}")]
    Refused(String),
    /// There is no such object.
    #[error("the payment provider has no such object: {0}")]
    NotFound(String),
    /// The answer cannot be read.
    #[error("the payment provider's answer cannot be read: {0}")]
    Unreadable(String),
}

impl PaymentsError {
    /// Whether the same call can succeed later.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Unreadable(_))
    }

    /// Whether all calls fail now: the provider is down, or the key is wrong or lacks a permission.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Refused(_))
    }
}

/// The payment provider. Each call takes at most 10 seconds.
#[async_trait]
pub trait Payments: Debug + Send + Sync {
    /// Whether the keys are for real money.
    fn is_live(&self) -> bool;

    /// Opens a checkout.
    async fn open_checkout(&self, checkout: &NewCheckout) -> Result<OpenedCheckout, PaymentsError>;

    /// Ends a checkout that has not been paid. It is no error if it is complete or expired already.
    async fn expire_checkout(&self, id: &str) -> Result<(), PaymentsError>;

    /// The object that an object followed from: of a refund the payment, of a renewal's invoice the subscription, and at
    /// last the checkout. `None` if there is none, or the object is a checkout.
    async fn parent(&self, object: &ObjectRef) -> Result<Option<ObjectRef>, PaymentsError>;

    /// Everything about a checkout. Of payments that are known, only those that changed. `None` if the checkout sells
    /// nothing.
    async fn order_snapshot(
        &self,
        checkout: &str,
        known: Option<&KnownPayments>,
    ) -> Result<Option<OrderSnapshot>, PaymentsError>;

    /// Events since an instant, the newest first, of the kinds that this program acts on. The provider keeps them for 30
    /// days.
    async fn events(&self, since: Timestamp, after: Option<&str>)
    -> Result<ProviderPage<IncomingEvent>, PaymentsError>;

    /// Ids of the checkouts that were opened since an instant, the newest first.
    async fn checkouts(&self, since: Timestamp, after: Option<&str>) -> Result<ProviderPage<String>, PaymentsError>;

    /// Links to the receipt and the invoice of a payment.
    async fn receipt_links(&self, payment: &str) -> Result<ReceiptLinks, PaymentsError>;

    /// A page where a customer manages cards, address and tax ids, and from which the provider leads back to `return_url`.
    /// The URL is a credential.
    async fn customer_portal(&self, customer: &str, return_url: &str) -> Result<String, PaymentsError>;

    /// Stops a subscription from renewing. It is no error if it has ended already.
    async fn cancel_subscription(&self, id: &str) -> Result<(), PaymentsError>;

    /// Refunds all that is left of a payment. The same idempotency key refunds once.
    async fn refund(&self, payment: &str, idempotency_key: &str) -> Result<(), PaymentsError>;
}
