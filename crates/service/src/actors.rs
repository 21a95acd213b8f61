//! The actors. Each type has only the use cases that one kind of person may perform, so that code for customers
//! cannot call an admin's use case: it does not compile.

use latchkey_licensing::{account::Account, ids::SessionId, time::Timestamp};

use crate::{audit::actor::Actor, service::Service};

/// A signed-in person and their session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The person's account.
    pub account: Account,
    /// The session's id.
    pub session: SessionId,
    /// The level of assurance: 1 after a mailed link or code, 2 after a second factor.
    pub assurance: u8,
    /// When the session expires, even if it is in use.
    pub expires_at: Timestamp,
}

/// A signed-in customer, who may see and manage their own licenses, machines and sessions. For everyone else's, the
/// result is the same as if they did not exist.
#[derive(Clone, Copy, Debug)]
pub struct Customer<'a> {
    service: &'a Service,
    who: &'a SignedIn,
}

/// The person or program on whose behalf an admin's use case runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// A user who may run commands on the host.
    Host,
}

/// An admin, who may manage accounts, licenses, the catalog and signing keys.
#[derive(Clone, Copy, Debug)]
pub struct Admin<'a> {
    pub(crate) service: &'a Service,
    pub(crate) actor: Actor,
}

impl Service {
    /// The use cases of the signed-in customer.
    pub fn customer<'a>(&'a self, who: &'a SignedIn) -> Customer<'a> {
        Customer { service: self, who }
    }

    /// The use cases of an admin.
    pub fn admin(&self, operator: Operator) -> Admin<'_> {
        let actor = match operator {
            Operator::Host => Actor::Host,
        };
        Admin { service: self, actor }
    }
}

impl Customer<'_> {
    /// The customer and their session.
    pub fn who(&self) -> &SignedIn {
        self.who
    }

    /// The actor for the audit log.
    pub(crate) fn actor(&self) -> Actor {
        Actor::from(&self.who.account)
    }

    pub(crate) fn service(&self) -> &Service {
        self.service
    }
}
