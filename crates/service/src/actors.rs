//! Who may do what: each of these types has the verbs of one kind of person and no others, so that a
//! customer path cannot call an admin's verb, because it does not compile.

use latchkey_licensing::{account::Account, ids::SessionId, time::Timestamp};

use crate::{audit::actor::Actor, service::Service};

/// Who is signed in, and by which session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The account.
    pub account: Account,
    /// The session.
    pub session: SessionId,
    /// 1 for a mail link, 2 with a second factor.
    pub assurance: u8,
    /// When the session ends whatever happens.
    pub expires_at: Timestamp,
}

/// What a signed-in customer may do: see and manage its own licenses, machines and sessions. What belongs
/// to someone else is answered as if it did not exist.
#[derive(Clone, Copy, Debug)]
pub struct Customer<'a> {
    service: &'a Service,
    who: &'a SignedIn,
}

/// Who decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Someone who may run commands on the host.
    Host,
}

/// What an admin may do: decide about accounts, licenses, the catalog and signing keys.
#[derive(Clone, Copy, Debug)]
pub struct Admin<'a> {
    pub(crate) service: &'a Service,
    pub(crate) actor: Actor,
}

impl Service {
    /// The use cases of the customer who is signed in.
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
    /// Who it is.
    pub fn who(&self) -> &SignedIn {
        self.who
    }

    /// Whom the audit log names.
    pub(crate) fn actor(&self) -> Actor {
        Actor::from(&self.who.account)
    }

    pub(crate) fn service(&self) -> &Service {
        self.service
    }
}
