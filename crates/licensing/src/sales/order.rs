//! Orders: what follows from what is known about a payment.
//!
//! The result is a function of the set of facts, not of the order in which they arrived. Anyone who learns more computes it
//! again from everything.

mod decide;
mod licenses;
mod matching;
mod number;
mod payment;
mod record;
mod status;

pub use decide::{Allowed, Checkout, HoldReason, OrderFacts, SubscriptionState, Verdict, decide};
pub use licenses::OrderedLicense;
pub use matching::{CheckoutTerms, CheckoutTotal, difference};
pub use number::{number, number_bytes};
pub use payment::{Dispute, DisputeState, Payment, PaymentStanding, Refund, RefundState};
pub use record::{Order, OrderKind, OrderLine, OrderMail, Subscription, Upgrade};
pub use status::OrderStatus;
