//! The actors. Each type has only the use cases that one kind of person may perform, so that code for customers
//! cannot call an admin's use case: it does not compile.
//!
//! | Type | Obtained with | May |
//! |---|---|---|
//! | [`Customer`] | [`Service::customer`] | manage their own account, licenses and machines |
//! | [`CustomerView`] | [`Customer`], or [`Service::customer_view`] for staff | see what the customer sees |
//! | [`Support`] | [`Service::staff`] | read everything and help customers |
//! | [`Admin`] | [`Service::staff`], or [`Service::admin`] for commands on the host | do everything, including what support may |
//!
//! `staff` is the only way from a person to the last two. It checks the role and the second factor (SU-01). Acts that
//! are sensitive even for admins also take a [`Fresh`], which proves that the second factor is recent (SU-07).

use std::{net::IpAddr, ops::Deref, time::Duration};

use latchkey_licensing::{
    account::{Account, Role},
    ids::SessionId,
    time::Timestamp,
};

use crate::{
    audit::{
        actor::{Actor, Cause},
        network::CoarseNetwork,
        reason::Reason,
    },
    service::Service,
};

/// How recent the second factor must be for a sensitive act (SU-07).
const FRESH_FOR: Duration = Duration::from_mins(5);

/// A signed-in person and their session. Only [`Service::find_session`] makes one, so its level of assurance is what
/// the database says.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The person's account.
    pub account: Account,
    /// The session's id.
    pub session: SessionId,
    /// When the session expires, even if it is in use.
    pub expires_at: Timestamp,
    pub(crate) authenticated_at: Timestamp,
    pub(crate) second_factor_at: Option<Timestamp>,
    pub(crate) may_enroll_until: Option<Timestamp>,
    /// The network that this request comes from.
    pub(crate) network: Option<CoarseNetwork>,
}

impl SignedIn {
    /// The same person, whose acts the audit log records with the network of this address.
    #[must_use]
    pub fn at(self, ip: IpAddr) -> Self {
        Self { network: Some(ip.into()), ..self }
    }

    /// Whether the person has presented a second factor in this session, which is then at level 2 of assurance. A
    /// mailed link or code is level 1.
    pub fn has_second_factor(&self) -> bool {
        self.second_factor_at.is_some()
    }

    /// Whether the person has proven within the last 5 minutes who they are (SU-07): by signing in or with a second factor.
    /// For support agents and admins, only the second factor counts.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        self.second_factor_at.is_some_and(|at| is_recent(at, now))
            || (!self.is_staff() && is_recent(self.authenticated_at, now))
    }

    /// Whether the account is a support agent's or admin's.
    pub fn is_staff(&self) -> bool {
        self.account.role != Role::Customer
    }
}

/// The reading half of what a customer may do. Their own licenses, machines and orders can be seen; for everyone else's,
/// the result is the same as if they did not exist.
#[derive(Clone, Copy, Debug)]
pub struct CustomerView<'a> {
    service: &'a Service,
    account: &'a Account,
    /// `None` for staff who see the portal as the customer does.
    who: Option<&'a SignedIn>,
}

/// A signed-in customer, who may see and manage their own licenses, machines and sessions. It dereferences to
/// [`CustomerView`].
#[derive(Clone, Copy, Debug)]
pub struct Customer<'a> {
    view: CustomerView<'a>,
    who: &'a SignedIn,
}

impl<'a> Deref for Customer<'a> {
    type Target = CustomerView<'a>;

    fn deref(&self) -> &CustomerView<'a> {
        &self.view
    }
}

/// A customer whose portal a member of staff sees. Only [`Service::seen_customer`] makes one. It gives no way to change
/// anything.
#[derive(Clone, Debug)]
pub struct SeenCustomer(pub(crate) Account);

impl SeenCustomer {
    /// The customer's account.
    pub fn account(&self) -> &Account {
        &self.0
    }
}

/// Someone who may run commands on the host, and with them everything that an admin may. Nothing that serves requests
/// may name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// A user who may run commands on the host.
    Host,
}

impl Operator {
    /// The host has no second factor. Commands count as fresh.
    pub fn fresh(self) -> Fresh {
        Fresh(())
    }
}

/// A support agent, who may read everything, resend mails and free machines.
#[derive(Clone, Copy, Debug)]
pub struct Support<'a> {
    pub(crate) service: &'a Service,
    pub(crate) actor: Actor,
    network: Option<CoarseNetwork>,
    /// `None` for the host.
    second_factor_at: Option<Timestamp>,
    /// Why the person does what follows.
    reason: Option<&'a Reason>,
    /// When the record was last changed as far as the person knows.
    unchanged_since: Option<Timestamp>,
}

/// An admin, who may manage accounts, licenses, the catalog and signing keys. It dereferences to [`Support`], because
/// an admin may do everything that support may.
#[derive(Clone, Copy, Debug)]
pub struct Admin<'a>(Support<'a>);

impl<'a> Deref for Admin<'a> {
    type Target = Support<'a>;

    fn deref(&self) -> &Support<'a> {
        &self.0
    }
}

/// A person with a role that may see other people's data, and with a second factor.
#[derive(Clone, Copy, Debug)]
pub enum Staff<'a> {
    /// A support agent.
    Support(Support<'a>),
    /// An admin.
    Admin(Admin<'a>),
}

/// Why a person may not act as staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StaffRefusal {
    /// The account is a customer's.
    #[error("only support agents and admins may do this")]
    NotStaff,
    /// The account is a support agent's.
    #[error("only admins may do this")]
    NotAdmin,
    /// The session has no second factor.
    #[error("this needs a passkey")]
    NoSecondFactor,
}

/// The second factor was presented too long ago for a sensitive act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs a passkey that was used within the last {} minutes", FRESH_FOR.as_secs() / 60)]
pub struct NotFresh;

/// Proof that the second factor was presented within the last 5 minutes. It is made for one request. `tests/fresh.rs` fixes which
/// use cases take it:
///
/// | Use cases | Why |
/// |---|---|
/// | refund and release an order, replay an event of the provider, apply a catalog with its prices | they move money, or give away what costs money |
/// | act on many licenses, issue many | one mistake or stolen session harms all customers at once. Acts on single licenses do not need it: each is confirmed and can be seen in time |
/// | add, reset and remove staff, make a sign-in link, change an address, see the portal as a customer, delete an account | they give or take away access |
/// | show a key, a license or a customer with keys; export a list, all licenses or a person's data | what was seen cannot be taken back |
/// | rotate and retire signing keys | apps stop trusting what the old key signed |
///
/// Mailing keys to their owners, even many, needs none: support agents do it all day, and it shows them nothing. Neither do bans
/// and ended sessions, which are acts of defense.
#[derive(Debug)]
pub struct Fresh(());

impl<'a> Staff<'a> {
    /// The use cases that all staff may perform.
    pub fn support(&self) -> &Support<'a> {
        match self {
            Self::Support(support) => support,
            Self::Admin(admin) => admin,
        }
    }

    /// The use cases of an admin.
    pub fn admin(&self) -> Result<&Admin<'a>, StaffRefusal> {
        match self {
            Self::Support(_) => Err(StaffRefusal::NotAdmin),
            Self::Admin(admin) => Ok(admin),
        }
    }
}

impl Service {
    /// The use cases of the signed-in customer.
    pub fn customer<'a>(&'a self, who: &'a SignedIn) -> Customer<'a> {
        Customer { view: CustomerView { service: self, account: &who.account, who: Some(who) }, who }
    }

    /// What a customer sees, for staff.
    pub fn customer_view<'a>(&'a self, seen: &'a SeenCustomer) -> CustomerView<'a> {
        CustomerView { service: self, account: &seen.0, who: None }
    }

    /// The use cases of an admin, for commands on the host.
    pub fn admin(&self, operator: Operator) -> Admin<'_> {
        let actor = match operator {
            Operator::Host => Actor::Host,
        };
        Admin(Support {
            service: self,
            actor,
            network: None,
            second_factor_at: None,
            reason: None,
            unchanged_since: None,
        })
    }

    /// The use cases of a signed-in support agent or admin whose session has a second factor.
    pub fn staff(&self, who: &SignedIn) -> Result<Staff<'_>, StaffRefusal> {
        if who.account.role == Role::Customer {
            return Err(StaffRefusal::NotStaff);
        }
        if !who.has_second_factor() {
            return Err(StaffRefusal::NoSecondFactor);
        }
        let support = Support {
            service: self,
            actor: Actor::from(&who.account),
            network: who.network,
            second_factor_at: who.second_factor_at,
            reason: None,
            unchanged_since: None,
        };
        Ok(match who.account.role {
            Role::Admin => Staff::Admin(Admin(support)),
            Role::Support | Role::Customer => Staff::Support(support),
        })
    }
}

impl<'a> Support<'a> {
    /// The same person, whose acts the audit log records with this reason.
    #[must_use]
    pub fn because<'b>(&self, reason: &'b Reason) -> Support<'b>
    where
        'a: 'b,
    {
        Support { reason: Some(reason), ..*self }
    }

    /// Who does it, and why.
    pub(crate) fn cause(&self) -> Cause<'a> {
        Cause { actor: self.actor, network: self.network, reason: self.reason }
    }

    /// Whether a record that was last changed at this time is as the person knows it.
    pub(crate) fn knows(&self, updated_at: Timestamp) -> bool {
        self.unchanged_since.is_none_or(|known| known == updated_at)
    }
}

impl<'a> Admin<'a> {
    /// The same admin, whose acts the audit log records with this reason.
    #[must_use]
    pub fn because<'b>(&self, reason: &'b Reason) -> Admin<'b>
    where
        'a: 'b,
    {
        Admin(self.0.because(reason))
    }

    /// The same admin, who changes a record only if its last change was at this time.
    #[must_use]
    pub fn if_unchanged_since(&self, at: Timestamp) -> Self {
        Self(Support { unchanged_since: Some(at), ..self.0 })
    }
}

impl Support<'_> {
    /// Proof that the second factor is recent. Sensitive use cases take it.
    pub fn fresh(&self) -> Result<Fresh, NotFresh> {
        let is_fresh = match (self.actor, self.second_factor_at) {
            (Actor::Host, _) => true,
            (_, Some(at)) => is_recent(at, self.service.now()),
            (_, None) => false,
        };
        if is_fresh { Ok(Fresh(())) } else { Err(NotFresh) }
    }
}

/// Whether something at this time is recent enough for a sensitive act.
pub(crate) fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now.since(at) < FRESH_FOR
}

impl<'a> Customer<'a> {
    /// The customer and their session.
    pub fn who(&self) -> &'a SignedIn {
        self.who
    }

    /// Whether the customer may do what needs a recent sign-in or second factor.
    pub fn is_fresh(&self) -> bool {
        self.who.is_fresh(self.service.now())
    }

    /// Who acts, for the audit log.
    pub(crate) fn cause(&self) -> Cause<'static> {
        Cause { actor: Actor::from(&self.who.account), network: self.who.network, reason: None }
    }
}

impl<'a> CustomerView<'a> {
    /// The account that is seen.
    pub(crate) fn account(&self) -> &'a Account {
        self.account
    }

    /// The customer's session. `None` for staff who see the portal as the customer does.
    pub(crate) fn session(&self) -> Option<&'a SignedIn> {
        self.who
    }

    pub(crate) fn service(&self) -> &'a Service {
        self.service
    }
}
