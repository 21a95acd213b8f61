//! What happens in the life of a sale, and which events Stripe sends for it.

mod calendar;
mod cart;
mod customer;
mod dispute;
mod invoice;
mod method;
mod payment;
mod refund;
mod renewal;
mod session;
mod subscription;

pub(crate) use cart::{Cart, Line};
pub use dispute::{DisputeKind, Outcome};
pub use method::{Method, Payment};
pub(crate) use refund::RefundOf;
pub(crate) use renewal::Billing;
pub use renewal::Renewal;
pub(crate) use session::NewSession;
pub use session::Paid;
