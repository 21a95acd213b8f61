//! Support agents and admins: what their role and their second factor allow.

use std::time::Duration;

use latchkey_licensing::{account::Role, email::EmailAddress, ids::SessionId};
use latchkey_service::{Actor, NotFresh, Operator, SessionToken, SignedIn, StaffRefusal};
use latchkey_store::{NewSession, OrderSearch};
use latchkey_testkit::on_both;
use sha2::{Digest, Sha256};

use crate::support::app::{TestApp, with_app};

on_both!(with_app: su_01_staff_needs_the_role_and_a_second_factor, su_07_sensitive_acts_need_a_recent_second_factor);

/// A session of a new account with this role, at this level of assurance.
async fn session(app: &TestApp, role: Role, assurance: u8) -> (SignedIn, SessionToken) {
    let email = EmailAddress::parse(&format!("{}{assurance}@example.com", role.as_str())).expect("an address");
    let (account, _) = app.service().admin(Operator::Host).add_customer(&email, None).await.expect("added");
    let now = app.service().now();
    let bytes = [assurance + 10 * u8::try_from(role.as_str().len()).expect("short"); 16];
    let mut tx = app.service().store().write().await.expect("a transaction");
    tx.set_account_role(account.id, role, now).await.expect("changed");
    tx.insert_session(&NewSession {
        id: SessionId::new(now, bytes[..10].try_into().expect("ten bytes")),
        token_hash: Sha256::digest(bytes).into(),
        account: account.id,
        agent: "Firefox",
        network: "192.0.2.0/24",
        now,
        expires_at: now.plus(Duration::from_hours(1)),
        second_factor_at: (assurance == 2).then_some(now),
        may_enroll_until: None,
    })
    .await
    .expect("inserted");
    tx.commit().await.expect("committed");
    let token = SessionToken::from_bytes(bytes);
    (app.service().find_session(&token).await.expect("read").expect("a session"), token)
}

/// SU-01: the use cases of staff need the role and the second factor. What they change is recorded under the person's
/// role and account.
async fn su_01_staff_needs_the_role_and_a_second_factor(app: &TestApp) {
    for assurance in [1, 2] {
        let (customer, _) = session(app, Role::Customer, assurance).await;
        assert_eq!(app.service().staff(&customer).err(), Some(StaffRefusal::NotStaff));
    }
    for role in [Role::Support, Role::Admin] {
        let (person, _) = session(app, role, 1).await;
        assert_eq!(app.service().staff(&person).err(), Some(StaffRefusal::NoSecondFactor));
    }
    let (support, _) = session(app, Role::Support, 2).await;
    let staff = app.service().staff(&support).expect("allowed");
    assert_eq!(staff.admin().err(), Some(StaffRefusal::NotAdmin));
    assert!(staff.support().orders(&OrderSearch::default(), None, 10).await.is_ok());

    let (admin, _) = session(app, Role::Admin, 2).await;
    let issued = app.issue("ada@example.com").await;
    let staff = app.service().staff(&admin).expect("allowed");
    let record = staff.admin().expect("an admin").add_customer(&issued.owner.email, None).await;
    assert!(record.is_ok_and(|(_, is_new)| !is_new));
    let bob = EmailAddress::parse("bob@example.com").expect("an address");
    staff.admin().expect("an admin").add_customer(&bob, None).await.expect("added");
    let history =
        app.service().admin(Operator::Host).customer(&bob, &Operator::Host.fresh()).await.expect("there").history;
    let actor = Actor::Account { id: admin.account.id, role: Role::Admin };
    assert_eq!(history.iter().map(|entry| entry.actor).collect::<Vec<_>>(), [actor]);
}

/// SU-07: a second factor is recent for 5 minutes by the server's clock.
async fn su_07_sensitive_acts_need_a_recent_second_factor(app: &TestApp) {
    let (admin, token) = session(app, Role::Admin, 2).await;
    let fresh = |who: &SignedIn| app.service().staff(who).expect("allowed").support().fresh();
    assert!(fresh(&admin).is_ok());
    app.kit.clock.advance(Duration::from_secs(299));
    let later = app.service().find_session(&token).await.expect("read").expect("a session");
    assert!(fresh(&later).is_ok());
    app.kit.clock.advance(Duration::from_secs(2));
    assert_eq!(fresh(&later).err(), Some(NotFresh));
    assert!(app.service().admin(Operator::Host).fresh().is_ok(), "commands on the host are fresh");
}
