use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::audit::actor::Actor;

/// Instants are stored to the millisecond.
fn instant() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_000_i64).prop_map(|millis| Timestamp::from_unix_micros(millis * 1_000))
}

fn id<I: From<uuid::Uuid> + std::fmt::Debug>() -> impl Strategy<Value = I> {
    any::<[u8; 16]>().prop_map(|bytes| I::from(uuid::Uuid::from_bytes(bytes)))
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Customer), Just(Role::Support), Just(Role::Admin)]
}

fn any_expiry() -> impl Strategy<Value = Expiry> {
    prop_oneof![Just(Expiry::Never), Just(Expiry::AfterFirstUse), instant().prop_map(Expiry::At)]
}

fn change<T: std::fmt::Debug>(values: impl Strategy<Value = T> + Clone) -> impl Strategy<Value = Option<Change<T>>> {
    prop::option::of((values.clone(), values).prop_map(|(from, to)| Change { from, to }))
}

fn diff() -> impl Strategy<Value = LicenseDiff> {
    let limit = || prop::option::of(any::<u32>());
    let codes = || prop::collection::vec("[A-Z]{1,5}", 0..3);
    let who = (change(id::<AccountId>().boxed()), change(id::<PolicyId>().boxed()), change(any_expiry().boxed()));
    let limits = (change(limit().boxed()), change(limit().boxed()), change(limit().boxed()));
    let rest = (change(any::<u32>()), any::<bool>(), codes(), codes());
    (who, limits, rest).prop_map(
        |((owner, policy, expiry), (max_machines, max_cores, max_uses), (uses, metadata, added, removed))| {
            LicenseDiff {
                owner,
                policy,
                expiry,
                max_machines,
                max_cores,
                max_uses,
                uses,
                metadata,
                entitlements_added: added,
                entitlements_removed: removed,
            }
        },
    )
}

fn of_license() -> impl Strategy<Value = LicenseEvent> {
    use LicenseEvent as E;
    let name = || ".{0,20}";
    let machine = || (id::<MachineId>(), any::<u32>(), name());
    let reason = prop_oneof![Just(DeactivationReason::Asked), Just(DeactivationReason::Heartbeat)];
    prop_oneof![
        (name(), any::<bool>()).prop_map(|(policy, imported)| E::Issued { policy, imported }),
        Just(E::Suspended),
        Just(E::Reinstated),
        Just(E::Revoked),
        prop::option::of(instant()).prop_map(|until| E::Started { until }),
        (prop::option::of(instant()), instant()).prop_map(|(from, to)| E::Renewed { from, to }),
        diff().prop_map(|diff| E::Changed(Box::new(diff))),
        Just(E::KeyReplaced),
        Just(E::KeyShown),
        Just(E::KeyMailed),
        (any::<u32>(), instant()).prop_map(|(ttl, until)| E::CheckedOut { ttl, until }),
        (any::<u32>(), instant(), name()).prop_map(|(ttl, until, name)| E::MachineCheckedOut { ttl, until, name }),
        machine().prop_map(|(machine, slot, name)| E::MachineActivated { machine, slot, name }),
        (machine(), reason).prop_map(|((machine, slot, name), reason)| E::MachineDeactivated {
            machine,
            slot,
            name,
            reason
        }),
        (id(), name(), name()).prop_map(|(machine, from, name)| E::MachineRenamed { machine, from, name }),
    ]
}

fn of_account() -> impl Strategy<Value = AccountEvent> {
    use AccountEvent as E;
    let means = prop_oneof![
        Just(SignInMeans::Link),
        Just(SignInMeans::Code),
        Just(SignInMeans::HostLink),
        Just(SignInMeans::Passkey)
    ];
    let factor = prop_oneof![Just(SecondFactor::Passkey), Just(SecondFactor::RecoveryCode)];
    let why = prop_oneof![Just(PasskeyRefusal::CrossOrigin), Just(PasskeyRefusal::Counter)];
    prop_oneof![
        prop::option::of(role()).prop_map(|role| E::Created { role: role.map(CreatedRole) }),
        Just(E::Renamed),
        Just(E::EmailChangeRequested),
        prop_oneof![Just(AddressSide::Old), Just(AddressSide::New)].prop_map(|by| E::EmailChangeConfirmed { by }),
        Just(E::EmailChangeCanceled),
        Just(E::EmailChanged),
        Just(E::DataExported),
        (any::<u64>(), any::<u64>()).prop_map(|(licenses, orders)| E::Deleted { licenses, orders }),
        (role(), role()).prop_map(|(from, to)| E::RoleChanged { from, to }),
        Just(E::Disabled),
        Just(E::Enabled),
        Just(E::TestMailSent),
        Just(E::SignInLinkCreated),
        (means, ".{0,20}", ".{0,20}").prop_map(|(means, agent, network)| E::SignedIn { means, agent, network }),
        factor.prop_map(|means| E::SecondFactorPresented { means }),
        id().prop_map(|passkey| E::PasskeyAdded { passkey }),
        id().prop_map(|passkey| E::PasskeyRenamed { passkey }),
        id().prop_map(|passkey| E::PasskeyRemoved { passkey }),
        Just(E::PasskeysReset),
        why.prop_map(|why| E::PasskeyRefused { why }),
        Just(E::RecoveryCodesCreated),
        Just(E::RecoveryCodeRefused),
        Just(E::PortalViewed),
        Just(E::PortalViewEnded),
        Just(E::SessionEnded),
        any::<u64>().prop_map(|ended| E::AllSessionsEnded { ended }),
    ]
}

fn of_order() -> impl Strategy<Value = OrderEvent> {
    use OrderEvent as E;
    let status = || prop::sample::select(OrderStatus::ALL);
    let held = || prop::option::of(prop::sample::select(HoldReason::ALL));
    prop_oneof![
        (".{0,20}", any::<u32>()).prop_map(|(price, quantity)| E::Opened { price, quantity }),
        (status(), status(), held()).prop_map(|(from, to, held)| E::StatusChanged { from, to, held }),
        Just(E::Delivered),
        any::<i64>().prop_map(|refunded_minor| E::Refunded { refunded_minor, currency: "USD".to_owned() }),
        Just(E::FraudSuspected),
        Just(E::RefundRequested),
        prop::sample::select(SubscriptionState::ALL).prop_map(|to| E::SubscriptionChanged { to }),
        (held(), prop::option::of(id())).prop_map(|(held, account)| E::Released { held, account }),
        Just(E::Updated),
    ]
}

fn of_view() -> impl Strategy<Value = SavedViewEvent> {
    (".{0,20}", ".{0,20}", any::<bool>()).prop_map(|(list, name, is_saved)| {
        if is_saved { SavedViewEvent::Saved { list, name } } else { SavedViewEvent::Deleted { list, name } }
    })
}

fn any_event() -> impl Strategy<Value = AuditEvent> {
    let requested =
        (".{0,20}", ".{0,20}").prop_map(|(agent, network)| SignInRequestEvent::Requested { agent, network });
    let of_key = prop_oneof![
        Just(SigningKeyEvent::Created),
        id().prop_map(|from| SigningKeyEvent::Rotated { from }),
        Just(SigningKeyEvent::Retired)
    ];
    prop_oneof![
        8 => (id(), of_account()).prop_map(|(id, event)| AuditEvent::Account(id, event)),
        1 => prop::collection::vec(".{0,20}", 0..3)
            .prop_map(|changes| AuditEvent::Catalog(CatalogEvent::Applied { changes })),
        13 => (id(), of_license()).prop_map(|(id, event)| AuditEvent::License(id, event)),
        1 => Just(AuditEvent::AllLicenses(AllLicensesEvent::Exported)),
        1 => (id(), requested).prop_map(|(id, event)| AuditEvent::OpenSignInRequest(id, event)),
        1 => id().prop_map(|id| AuditEvent::Product(id, ProductEvent::Installed)),
        8 => (id(), of_order()).prop_map(|(id, event)| AuditEvent::Order(id, event)),
        1 => "evt_[a-z]{4}".prop_map(|id| AuditEvent::Stripe(id, StripeEvent::Replayed)),
        3 => (id(), of_key).prop_map(|(id, event)| AuditEvent::SigningKey(id, event)),
        1 => prop::collection::vec("[a-z]{1,5}", 0..3)
            .prop_map(|fields| AuditEvent::List("licenses".to_owned(), ListEvent::Exported { fields })),
        1 => (id(), "[a-z]{1,9}", any::<u64>())
            .prop_map(|(id, act, licenses)| AuditEvent::Bulk(id, BulkEvent::Begun { act, licenses })),
        1 => (id(), ".{0,20}", ".{0,20}")
            .prop_map(|(id, kind, about)| AuditEvent::Note(id, NoteEvent::Added { kind, about })),
        2 => (id(), of_view()).prop_map(|(id, event)| AuditEvent::SavedView(id, event)),
    ]
}

proptest! {
    /// Every event reads back as it was written: as a verb and a JSON object.
    #[test]
    fn events_read_back(event in any_event()) {
        let stored = event.stored();
        prop_assert!(stored.verb.contains('.'), "{stored:?}");
        prop_assert!(serde_json::from_str::<Map<String, Value>>(&stored.detail).is_ok(), "{stored:?}");
        prop_assert_eq!(AuditEvent::read(stored), event);
    }

    #[test]
    fn actors_read_back(account in id(), role in role(), license in id()) {
        for actor in [Actor::Host, Actor::Visitor, Actor::Server, Actor::App(license), Actor::Account { id: account, role }] {
            prop_assert_eq!(Actor::read(actor.kind(), actor.id().as_deref()), Some(actor));
        }
    }
}

/// Databases contain these names: each must still be read, and be written in the same way.
#[test]
fn stored_names_do_not_change() {
    let id = "0190f3c2-0000-7000-8000-000000000000";
    let at = "2026-11-25T12:00:00.000Z";
    let rows = [
        ("account", id, "account.made", "{}".to_owned()),
        ("account", id, "account.made", r#"{"role":"admin"}"#.to_owned()),
        ("account", id, "account.renamed", "{}".to_owned()),
        ("account", id, "account.email_change_requested", "{}".to_owned()),
        ("account", id, "account.email_change_confirmed", r#"{"by":"old"}"#.to_owned()),
        ("account", id, "account.email_change_canceled", "{}".to_owned()),
        ("account", id, "account.email_changed", "{}".to_owned()),
        ("account", id, "account.data_exported", "{}".to_owned()),
        ("account", id, "account.deleted", r#"{"licenses":1,"orders":2}"#.to_owned()),
        ("account", id, "account.role_changed", r#"{"from":"customer","to":"admin"}"#.to_owned()),
        ("account", id, "account.disabled", "{}".to_owned()),
        ("account", id, "account.enabled", "{}".to_owned()),
        ("account", id, "mail.tested", "{}".to_owned()),
        ("account", id, "sign_in.link_made", "{}".to_owned()),
        ("account", id, "sign_in.confirmed", r#"{"agent":"a","means":"host link","network":"n"}"#.to_owned()),
        ("account", id, "second_factor.presented", r#"{"means":"recovery code"}"#.to_owned()),
        ("account", id, "passkey.added", format!(r#"{{"passkey":"{id}"}}"#)),
        ("account", id, "passkey.renamed", format!(r#"{{"passkey":"{id}"}}"#)),
        ("account", id, "passkey.removed", format!(r#"{{"passkey":"{id}"}}"#)),
        ("account", id, "passkeys.reset", "{}".to_owned()),
        ("account", id, "passkey.refused", r#"{"why":"cross_origin"}"#.to_owned()),
        ("account", id, "recovery_codes.created", "{}".to_owned()),
        ("account", id, "recovery_code.refused", "{}".to_owned()),
        ("account", id, "portal.viewed", "{}".to_owned()),
        ("account", id, "portal.view_ended", "{}".to_owned()),
        ("account", id, "session.ended", "{}".to_owned()),
        ("account", id, "sessions.all_ended", r#"{"ended":2}"#.to_owned()),
        ("catalog", "catalog", "catalog.applied", r#"{"changes":["+ policy x"]}"#.to_owned()),
        ("licenses", "all", "licenses.exported", "{}".to_owned()),
        ("login_request", id, "sign_in.requested", r#"{"agent":"a","network":"n"}"#.to_owned()),
        ("order", id, "order.opened", r#"{"price":"p","quantity":2}"#.to_owned()),
        ("order", id, "order.status_changed", r#"{"from":"open","to":"paid"}"#.to_owned()),
        ("order", id, "order.status_changed", r#"{"from":"open","held":"wrong_amount","to":"held"}"#.to_owned()),
        ("order", id, "order.delivered", "{}".to_owned()),
        ("order", id, "order.refunded", r#"{"currency":"USD","refunded_minor":5}"#.to_owned()),
        ("order", id, "order.fraud_suspected", "{}".to_owned()),
        ("order", id, "order.subscription_changed", r#"{"to":"past_due"}"#.to_owned()),
        ("order", id, "order.released", r#"{"held":"no_address"}"#.to_owned()),
        ("order", id, "order.refund_requested", "{}".to_owned()),
        ("order", id, "order.updated", "{}".to_owned()),
        ("stripe_event", "evt_1", "stripe_event.replayed", "{}".to_owned()),
        ("product", id, "catalog.installed", "{}".to_owned()),
        ("list", "licenses", "list.exported", r#"{"fields":["status"]}"#.to_owned()),
        ("bulk_act", id, "bulk_act.begun", r#"{"act":"suspend","licenses":118}"#.to_owned()),
        ("note", id, "note.added", r#"{"about":"x","kind":"license"}"#.to_owned()),
        ("saved_view", id, "saved_view.saved", r#"{"list":"licenses","name":"n"}"#.to_owned()),
        ("saved_view", id, "saved_view.deleted", r#"{"list":"licenses","name":"n"}"#.to_owned()),
        ("signing_key", id, "signing_key.made", "{}".to_owned()),
        ("signing_key", id, "signing_key.rotated", format!(r#"{{"from":"{id}"}}"#)),
        ("signing_key", id, "signing_key.retired", "{}".to_owned()),
        ("license", id, "license.issued", r#"{"policy":"p"}"#.to_owned()),
        ("license", id, "license.issued", r#"{"imported":true,"policy":"p"}"#.to_owned()),
        ("license", id, "license.suspended", "{}".to_owned()),
        ("license", id, "license.reinstated", "{}".to_owned()),
        ("license", id, "license.revoked", "{}".to_owned()),
        ("license", id, "license.begun", r#"{"until":null}"#.to_owned()),
        ("license", id, "license.begun", format!(r#"{{"until":"{at}"}}"#)),
        ("license", id, "license.renewed", format!(r#"{{"from":null,"to":"{at}"}}"#)),
        ("license", id, "license.key_replaced", "{}".to_owned()),
        ("license", id, "license.checked_out", format!(r#"{{"ttl":60,"until":"{at}"}}"#)),
        ("license", id, "machine.checked_out", format!(r#"{{"name":"PC","ttl":60,"until":"{at}"}}"#)),
        ("license", id, "machine.activated", format!(r#"{{"machine":"{id}","name":"PC","slot":1}}"#)),
        ("license", id, "machine.deactivated", format!(r#"{{"machine":"{id}","name":"PC","slot":1,"why":"asked"}}"#)),
        (
            "license",
            id,
            "machine.deactivated",
            format!(r#"{{"machine":"{id}","name":"PC","slot":1,"why":"heartbeat"}}"#),
        ),
        ("license", id, "machine.renamed", format!(r#"{{"from":"PC","machine":"{id}","name":"Mac"}}"#)),
        ("license", id, "license.changed", format!(r#"{{"owner":{{"from":"{id}","to":"{id}"}}}}"#)),
        (
            "license",
            id,
            "license.changed",
            format!(
                r#"{{"end":{{"from":"never","to":"{at}"}},"entitlements_added":["A"],"max_machines":{{"from":null,"to":5}},"metadata":{{"from":false,"to":true}},"uses":{{"from":0,"to":3}}}}"#
            ),
        ),
        ("license", id, "license.changed", r#"{"end":{"from":"after first use","to":"never"}}"#.to_owned()),
    ];
    let mut verbs = BTreeSet::new();
    for (kind, subject, verb, detail) in rows {
        let stored = StoredEvent {
            verb: verb.to_owned(),
            subject_kind: kind.to_owned(),
            subject_id: subject.to_owned(),
            detail,
        };
        let event = AuditEvent::read(stored.clone());
        assert!(!matches!(event, AuditEvent::Unknown(_)), "{stored:?}");
        assert_eq!(event.stored(), stored);
        verbs.insert(verb);
    }
    assert_eq!(verbs.len(), 61);
}

/// Rows of license files once had a name, which was always null.
#[test]
fn older_rows_are_read() {
    let detail = r#"{"name":null,"ttl":60,"until":"2026-11-25T12:00:00.000Z"}"#.to_owned();
    let id = "0190f3c2-0000-7000-8000-000000000000".to_owned();
    let stored = StoredEvent {
        verb: "license.checked_out".to_owned(),
        subject_kind: LICENSE.to_owned(),
        subject_id: id,
        detail,
    };
    assert!(matches!(AuditEvent::read(stored), AuditEvent::License(_, LicenseEvent::CheckedOut { ttl: 60, .. })));
}

/// An unknown event is stored unchanged. A customer's history ends there, because it may have changed the owner.
#[test]
fn unknown_events_are_kept() {
    for (kind, verb, detail) in
        [("license", "license.painted", "{}"), ("webhook", "webhook.made", "{}"), ("license", "license.changed", "{")]
    {
        let stored = StoredEvent {
            verb: verb.to_owned(),
            subject_kind: kind.to_owned(),
            subject_id: "x".to_owned(),
            detail: detail.to_owned(),
        };
        let event = AuditEvent::read(stored.clone());
        assert_eq!(event, AuditEvent::Unknown(stored.clone()));
        assert_eq!(event.stored(), stored);
        assert!(event.may_change_owner());
    }
}

#[test]
fn a_replaced_key_is_found_by_its_verb() {
    let event = LicenseEvent::KeyReplaced.of(LicenseId::from(uuid::Uuid::nil()));
    assert_eq!(event.stored().verb, KEY_REPLACED);
}
