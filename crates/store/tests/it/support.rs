//! Search, timelines, notes, saved views and numbers.

use latchkey_licensing::{
    ids::{AuditId, MachineId, MailId, NoteId, SavedViewId},
    machine::Machine,
    money::Money,
    order::{DisputeState, OrderStatus, RefundState},
    outage::Outage,
    time::Timestamp,
};
use latchkey_store::{
    AttentionTimes, AuditRow, DailyCount, DeactivatedBy, EventState, NewMail, NewStripeEvent, NoteRow, Reader,
    RecordId, SavedViewRow, SearchTerms, Store, StoredDispute, StoredPayment, StoredRefund,
};
use latchkey_testkit::{Backend, TestDatabase};

use crate::{
    T0,
    fixtures::{account, email, license, machine, seconds, seed},
    pages::order,
};

const DAY_US: i64 = 86_400_000_000;

fn at(n: u64) -> Timestamp {
    T0.plus(seconds(n))
}

async fn found(reader: &mut Reader, terms: SearchTerms) -> Vec<RecordId> {
    reader.search(&terms, 2).await.expect("found").into_iter().map(|hit| hit.record).collect()
}

fn payment() -> StoredPayment {
    StoredPayment {
        id: "pi_1".to_owned(),
        paid_minor: 4_900,
        paid_at: at(1),
        invoice: Some("in_1".to_owned()),
        period_ends_at: None,
        refunds: vec![StoredRefund {
            id: "re_1".to_owned(),
            amount_minor: 900,
            state: RefundState::Succeeded,
            created_at: Timestamp::from_unix_micros(T0.unix_micros() + DAY_US),
        }],
        disputes: vec![StoredDispute {
            id: "du_1".to_owned(),
            amount_minor: 4_900,
            state: DisputeState::Open,
            reason: "fraudulent".to_owned(),
            due_at: Some(at(99)),
            created_at: at(2),
        }],
    }
}

fn event(id: &'static str) -> NewStripeEvent<'static> {
    NewStripeEvent {
        id,
        kind: "charge.refunded",
        is_live: false,
        api_version: None,
        object: Some(("payment_intent", "pi_1")),
        body: b"{}",
        named_objects: &[],
        is_from_sync: false,
        state: EventState::Failed,
        problem: Some("no"),
        created_at: T0,
        now: T0,
    }
}

async fn fill(store: &Store) {
    seed(store).await;
    let mut tx = store.write().await.expect("a transaction");
    tx.insert_machine(&machine(1, 1), &[1; 32]).await.expect("inserted");
    tx.insert_order(&order(1, OrderStatus::Held)).await.expect("inserted");
    tx.set_order_payments(order(1, OrderStatus::Held).id, &[payment()]).await.expect("inserted");
    assert!(tx.insert_stripe_customer("cus_1", account(1, "a@example.com").id, false, T0).await.expect("inserted"));
    assert!(tx.insert_stripe_event(&event("evt_1")).await.expect("inserted"));
    let recipient = email("ada@example.com");
    let mail = NewMail {
        id: MailId::new(at(3), [3; 10]),
        kind: "purchase",
        recipient: &recipient,
        account: None,
        payload: b"sealed",
        now: at(3),
        expires_at: at(600),
        dedupe_key: None,
    };
    assert_eq!(tx.insert_mails(&[mail]).await.expect("inserted"), 1);
    tx.commit().await.expect("committed");
}

fn note(n: u8, body: &str) -> NoteRow {
    NoteRow {
        id: NoteId::new(at(n.into()), [n; 10]),
        subject_kind: "license".to_owned(),
        subject_id: license(1).id.to_string(),
        author: None,
        body: body.to_owned(),
        created_at: at(n.into()),
    }
}

on_both! {
    async fn records_are_found_by_what_people_have_at_hand(store: &Store) {
        fill(store).await;
        let mut reader = store.read().await.expect("a reader");
        let ada = RecordId::Account(account(1, "ada@example.com").id);
        let (license, machine) = (RecordId::License(license(1).id), RecordId::Machine(machine(1, 1).id));
        let first = order(1, OrderStatus::Held);
        let bought = RecordId::Order(first.id);
        let evt = RecordId::StripeEvent("evt_1".to_owned());
        let none = SearchTerms::default;
        let prefix = |text: &str| SearchTerms { prefix: Some(text.to_owned()), ..none() };
        assert_eq!(found(&mut reader, none()).await, []);
        // By address and by name.
        assert_eq!(found(&mut reader, prefix("ada")).await, [ada.clone(), ada.clone()]);
        assert_eq!(found(&mut reader, prefix("ada@")).await, std::slice::from_ref(&ada));
        assert_eq!(found(&mut reader, prefix("buyer-1@")).await, std::slice::from_ref(&bought));
        assert_eq!(found(&mut reader, prefix("%")).await, []);
        for (id, record) in [
            (account(1, "a@example.com").id.uuid(), &ada),
            (crate::fixtures::license(1).id.uuid(), &license),
            (crate::fixtures::machine(1, 1).id.uuid(), &machine),
            (first.id.uuid(), &bought),
            (MailId::new(at(3), [3; 10]).uuid(), &RecordId::Mail(MailId::new(at(3), [3; 10]))),
        ] {
            // The fixtures have the same ids.
            let hits = found(&mut reader, SearchTerms { id: Some(id), ..none() }).await;
            assert!(hits.contains(record), "{record:?}: {hits:?}");
        }
        assert_eq!(found(&mut reader, SearchTerms { key_lookup: Some([1; 32]), ..none() }).await, std::slice::from_ref(&license));
        assert_eq!(found(&mut reader, SearchTerms { key_tail: Some("7f3k".to_owned()), ..none() }).await, std::slice::from_ref(&license));
        assert_eq!(found(&mut reader, SearchTerms { fingerprint_hash: Some([1; 32]), ..none() }).await, std::slice::from_ref(&machine));
        let number = first.id.uuid().as_bytes()[11..].try_into().expect("five bytes");
        assert_eq!(found(&mut reader, SearchTerms { order_number: Some(number), ..none() }).await, std::slice::from_ref(&bought));
        let stripe = |id: &str| SearchTerms { stripe_id: Some(id.to_owned()), ..none() };
        assert_eq!(found(&mut reader, stripe("cus_1")).await, [ada, bought.clone()]);
        for id in ["cs_1", "in_1", "re_1", "du_1"] {
            assert_eq!(found(&mut reader, stripe(id)).await, std::slice::from_ref(&bought), "{id}");
        }
        assert_eq!(found(&mut reader, stripe("pi_1")).await, [bought, evt.clone()]);
        assert_eq!(found(&mut reader, stripe("evt_1")).await, [evt]);
        assert_eq!(found(&mut reader, stripe("evt_2")).await, []);
    }

    async fn timelines_continue_where_they_ended(store: &Store) {
        fill(store).await;
        let id = license(1).id.to_string();
        let mut tx = store.write().await.expect("a transaction");
        for n in 1..=3 {
            tx.insert_note(&note(n, "called")).await.expect("inserted");
        }
        let of = |n: u8, kind: &str, subject: &str, detail: &str| AuditRow {
            id: AuditId::new(at(n.into()), [9; 10]), at: at(n.into()), actor_kind: "host".to_owned(), actor_id: None, network: None, verb: "license.changed".to_owned(),
            subject_kind: kind.to_owned(), subject_id: subject.to_owned(), detail: detail.to_owned(),
        };
        let (one, other) = (MachineId::new(T0, [1; 10]), MachineId::new(T0, [2; 10]));
        let rows = [
            of(1, "license", &id, &format!(r#"{{"machine":"{one}"}}"#)),
            of(2, "license", &id, &format!(r#"{{"machine":"{other}"}}"#)),
            of(3, "account", "a", "{}"),
            of(4, "license", "else", "{}"),
        ];
        tx.insert_audits(&rows).await.expect("inserted");
        tx.commit().await.expect("committed");
        let mut reader = store.read().await.expect("a reader");
        let subjects = [("license", vec![id]), ("account", vec!["a".to_owned()])];
        let seconds_of = |rows: Vec<AuditRow>| rows.iter().map(|row| row.at).collect::<Vec<_>>();
        let all = reader.list_audits_about(&subjects, None, None, 9).await.expect("read");
        let second = all[1].id.uuid();
        assert_eq!(seconds_of(all), [at(3), at(2), at(1)]);
        let rest = reader.list_audits_about(&subjects, None, Some(second), 9).await.expect("read");
        assert_eq!(seconds_of(rest), [at(1)]);
        assert_eq!(reader.list_audits_about(&subjects, None, None, 1).await.expect("read").len(), 1);
        let of_machine = reader.list_audits_about(&subjects, Some(other), None, 9).await.expect("read");
        assert_eq!(seconds_of(of_machine), [at(2)]);
        let notes = reader.list_notes_about(&subjects, None, 2).await.expect("read");
        assert_eq!(notes, [note(3, "called"), note(2, "called")]);
        let notes = reader.list_notes_about(&subjects, Some(notes[1].id.uuid()), 2).await.expect("read");
        assert_eq!(notes, [note(1, "called")]);
        let ada = email("ada@example.com");
        assert_eq!(reader.list_mails_to(&ada, None, 9).await.expect("read").len(), 1);
        assert_eq!(reader.list_mails_to(&ada, Some(MailId::new(at(3), [3; 10]).uuid()), 9).await.expect("read"), []);
        assert_eq!(reader.list_mails_to(&email("ada@example.co"), None, 9).await.expect("read"), []);
    }

    async fn views_are_saved_under_a_name(store: &Store) {
        seed(store).await;
        let view = |n: u8, name: &str, query: &str| SavedViewRow {
            id: SavedViewId::new(T0, [n; 10]), account: account(1, "a@example.com").id, list: "licenses".to_owned(), name: name.to_owned(),
            query: query.to_owned(), created_at: T0,
        };
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.insert_saved_view(&view(1, "b", "status=active")).await.expect("saved"));
        assert!(tx.insert_saved_view(&view(2, "a", "status=revoked")).await.expect("saved"));
        assert!(!tx.insert_saved_view(&view(3, "b", "status=suspended")).await.expect("not saved"), "the name is taken");
        let owner = account(1, "a@example.com").id;
        let saved = tx.list_saved_views_of(owner).await.expect("read");
        assert_eq!(saved, [view(2, "a", "status=revoked"), view(1, "b", "status=active")]);
        let stranger = account(2, "a@example.com").id;
        assert_eq!(tx.delete_saved_view(stranger, saved[0].id).await.expect("nothing"), None);
        assert_eq!(tx.delete_saved_view(owner, saved[0].id).await.expect("deleted").as_ref(), Some(&saved[0]));
        assert_eq!(tx.list_saved_views_of(owner).await.expect("read").len(), 1);
    }

    async fn numbers_are_summed_up(store: &Store) {
        fill(store).await;
        let mut tx = store.write().await.expect("a transaction");
        let tomorrow = Timestamp::from_unix_micros(T0.unix_micros() + DAY_US);
        let late = Machine { created_at: tomorrow, ..machine(2, 2) };
        tx.insert_machine(&late, &[2; 32]).await.expect("inserted");
        assert!(tx.set_machine_deactivated(machine(1, 1).id, DeactivatedBy::App, tomorrow).await.expect("written"));
        tx.insert_outage(Outage::new(at(5), at(6)).expect("an outage")).await.expect("inserted");
        tx.commit().await.expect("committed");
        let mut reader = store.read().await.expect("a reader");
        let times = AttentionTimes { now: at(4), since: T0, until: at(600), stuck_before: at(4) };
        let attention = reader.find_attention(times).await.expect("read");
        assert_eq!((attention.failed_events, attention.held_orders, attention.stuck_mails), (1, 1, 1));
        assert_eq!((attention.failed_mails, attention.open_disputes, attention.expiring_licenses), (0, 1, 1));
        assert_eq!(attention.outages, 1);
        let later = AttentionTimes { now: at(6), since: at(7), until: at(600), stuck_before: at(3) };
        let attention = reader.find_attention(later).await.expect("read");
        assert_eq!((attention.stuck_mails, attention.expiring_licenses, attention.outages), (0, 0, 0));
        let disputes = reader.list_open_disputes(9).await.expect("read");
        assert_eq!((disputes[0].id.as_str(), disputes[0].due_at), ("du_1", Some(at(99))));
        let gauges = reader.find_gauges(at(6)).await.expect("read");
        assert_eq!((gauges.accounts, gauges.licenses, gauges.active_licenses, gauges.active_machines), (1, 1, 0, 1));
        let today = T0.unix_micros() / DAY_US;
        let end = Timestamp::from_unix_micros(T0.unix_micros() + 3 * DAY_US);
        let mut counts = async |what| reader.list_daily_counts(what, T0, end).await.expect("read");
        assert_eq!(counts(DailyCount::Activations).await, [(today, 1), (today + 1, 1)]);
        assert_eq!(counts(DailyCount::Deactivations).await, [(today + 1, 1)]);
        assert_eq!(counts(DailyCount::Expiries).await, [(today, 1)]);
        assert_eq!(counts(DailyCount::NewAccounts).await, [(today, 1)]);
        assert_eq!(counts(DailyCount::NewLicenses).await, [(today, 1)]);
        let money = reader.list_daily_money(T0, end).await.expect("read");
        let usd = |minor| Money::new(minor, "USD".parse().expect("a currency"));
        assert_eq!((money[0].day, money[0].paid, money[0].refunded), (today, usd(4_900), usd(0)));
        assert_eq!((money[1].day, money[1].paid, money[1].refunded), (today + 1, usd(0), usd(900)));
        assert_eq!(reader.list_daily_money(tomorrow, tomorrow).await.expect("read"), []);
    }
}
