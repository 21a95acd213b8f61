//! Pages of lists: filters, orders, and ways through them in both directions.

use latchkey_licensing::{
    account::{Account, Role},
    ids::{AccountId, AuditId, LicenseId, MachineId, MailId, OrderId},
    license::{Expiry, License, Standing},
    machine::Machine,
    money::Money,
    order::{Order, OrderKind, OrderStatus},
    time::Timestamp,
};
use latchkey_store::{
    AccountFilter, AccountSort, AuditFilter, AuditRow, AuditSort, DeactivatedBy, EventState, LicenseFilter,
    LicenseSort, ListedStanding, MachineFilter, MachineSort, MailFilter, MailSort, MailState, Matches, NewMail,
    NewStripeEvent, OrderFilter, OrderSort, PageRequest, Reader, Seek, Slice, Store, StripeEventFilter,
    StripeEventSort, TimeRange, Tx,
};
use latchkey_testkit::{Backend, TestDatabase};

use crate::{
    T0,
    fixtures::{account, email, insert_license, license, machine, policy, product, seconds, seed},
};

fn at(n: u64) -> Timestamp {
    T0.plus(seconds(n))
}

/// Reads a list in pages of `limit` from its start to its end, and then back, and checks that both ways meet the same rows.
async fn walk<T: Clone + PartialEq + std::fmt::Debug>(
    limit: u32,
    mut read: impl AsyncFnMut(PageRequest) -> Slice<T>,
) -> Vec<T> {
    let rows = walk_as(Matches::Unknown, limit, &mut read).await;
    // However a page is found, it is the same.
    for matches in [Matches::Few, Matches::Some, Matches::Many] {
        assert_eq!(walk_as(matches, limit, &mut read).await, rows, "{matches:?}");
    }
    rows
}

async fn walk_as<T: Clone + PartialEq + std::fmt::Debug>(
    matches: Matches,
    limit: u32,
    read: &mut impl AsyncFnMut(PageRequest) -> Slice<T>,
) -> Vec<T> {
    let (mut rows, mut seek, mut pages) = (Vec::new(), Seek::Start, 0);
    let last = loop {
        let page = read(PageRequest { seek, limit, matches }).await;
        assert!(page.items.len() <= usize::try_from(limit).expect("small"));
        assert_eq!(page.previous.is_some(), pages > 0, "only the first page has none before it");
        pages += 1;
        rows.extend(page.items.clone());
        match page.next {
            Some(next) => seek = Seek::After(next),
            None => break page,
        }
    };
    let (mut back, mut page) = (last.items.clone(), last);
    while let Some(previous) = page.previous {
        page = read(PageRequest { seek: Seek::Before(previous), limit, matches }).await;
        assert!(page.next.is_some());
        back.splice(0..0, page.items.clone());
    }
    assert_eq!(back, rows);
    rows
}

fn customer(n: u8, address: &str, name: Option<&str>, created_at: Timestamp) -> Account {
    Account { id: AccountId::new(T0, [n; 10]), name: name.map(str::to_owned), created_at, ..account(1, address) }
}

/// Adds accounts, some of which were created at the same instant.
async fn add_accounts(tx: &mut Tx) {
    let accounts = [
        customer(2, "b_b@example.com", Some("Émile Zola"), at(3)),
        customer(3, "b%b@example.com", Some("zoe"), at(3)),
        Account { role: Role::Support, ..customer(4, "carl@example.com", None, at(3)) },
        Account { disabled_at: Some(at(9)), ..customer(5, "dora@example.com", Some("Zara"), at(1)) },
        customer(6, "emile@example.com", None, at(2)),
    ];
    for account in accounts {
        assert!(tx.insert_account(&account).await.expect("inserted"), "{account:?}");
    }
}

async fn found_accounts(reader: &mut Reader, filter: &AccountFilter, sort: AccountSort) -> Vec<String> {
    let mut all = Vec::new();
    for limit in [1, 2, 100] {
        let read = async |page| reader.list_accounts_by(filter, sort, &page).await.expect("read");
        all.push(walk(limit, read).await);
    }
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{all:?}");
    let count = reader.count_accounts_by(filter, 100).await.expect("counted");
    assert_eq!(usize::try_from(count).expect("small"), all[0].len());
    all[0].iter().map(|row| row.account.email.as_str().split('@').next().unwrap_or_default().to_owned()).collect()
}

on_both! {
    async fn accounts_are_listed_in_every_order(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        add_accounts(&mut tx).await;
        tx.commit().await.expect("committed");
        let mut reader = store.read().await.expect("a reader");
        let all = AccountFilter::default();
        let newest = found_accounts(&mut reader, &all, AccountSort::Newest).await;
        assert_eq!(newest, ["carl", "b%b", "b_b", "emile", "dora", "ada"]);
        let oldest = found_accounts(&mut reader, &all, AccountSort::Oldest).await;
        assert_eq!(oldest, newest.iter().rev().cloned().collect::<Vec<_>>());
        let by_address = found_accounts(&mut reader, &all, AccountSort::Email).await;
        assert_eq!(by_address, ["ada", "b%b", "b_b", "carl", "dora", "emile"]);
        // Accounts without a name come first, by id.
        let by_name = found_accounts(&mut reader, &all, AccountSort::Name).await;
        assert_eq!(by_name, ["carl", "emile", "ada", "dora", "b%b", "b_b"]);
        assert_eq!(reader.count_accounts_by(&all, 4).await.expect("counted"), 4, "a count has a bound");
    }

    async fn accounts_are_filtered(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        add_accounts(&mut tx).await;
        tx.insert_machine(&machine(1, 1), &[1; 32]).await.expect("inserted");
        tx.commit().await.expect("committed");
        let mut reader = store.read().await.expect("a reader");
        let mut found = async |filter: AccountFilter| found_accounts(&mut reader, &filter, AccountSort::Email).await;
        let text = |text: &str| AccountFilter { text: Some(text.to_owned()), ..AccountFilter::default() };
        assert_eq!(found(text("b_")).await, ["b_b"], "`_` is a plain character");
        assert_eq!(found(text("B%")).await, ["b%b"], "`%` is a plain character");
        assert_eq!(found(text("%")).await, [""; 0]);
        assert_eq!(found(text("ÉMILE")).await, ["b_b"], "a name in any case");
        assert_eq!(found(text(" zo")).await, ["b%b"]);
        assert_eq!(found(text("mile")).await, [""; 0], "only from the start");
        let filter = AccountFilter { role: Some(Role::Support), ..AccountFilter::default() };
        assert_eq!(found(filter).await, ["carl"]);
        let filter = AccountFilter { is_banned: Some(true), ..AccountFilter::default() };
        assert_eq!(found(filter.clone()).await, ["dora"]);
        assert_eq!(found(AccountFilter { is_banned: Some(false), ..filter }).await.len(), 5);
        let filter = AccountFilter { has_licenses: Some(true), ..AccountFilter::default() };
        assert_eq!(found(filter.clone()).await, ["ada"]);
        assert_eq!(found(AccountFilter { has_licenses: Some(false), ..filter }).await.len(), 5);
        let created = TimeRange { from: Some(at(1)), until: Some(at(3)) };
        assert_eq!(found(AccountFilter { created, ..AccountFilter::default() }).await, ["dora", "emile"]);
        let page = PageRequest { seek: Seek::Start, limit: 9, matches: Matches::Many };
        let rows = reader.list_accounts_by(&text("ada"), AccountSort::Newest, &page).await.expect("read").items;
        assert_eq!((rows[0].licenses, rows[0].machines, rows[0].last_seen_at), (1, 1, Some(T0)));
    }

    /// More rows that do not match come before them than are looked at in the order of the list.
    async fn rows_far_from_the_start_are_found(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        for n in 0..1_010_u16 {
            let mut random = [0; 10];
            random[..2].copy_from_slice(&n.to_be_bytes());
            random[9] = 1;
            let newer = Account {
                id: AccountId::new(at(9), random),
                created_at: at(9),
                ..account(1, &format!("x{n}@example.com"))
            };
            assert!(tx.insert_account(&newer).await.expect("inserted"));
        }
        tx.commit().await.expect("committed");
        let mut reader = store.read().await.expect("a reader");
        for matches in [Matches::Unknown, Matches::Few, Matches::Some, Matches::Many] {
            let page = PageRequest { seek: Seek::Start, limit: 9, matches };
            let filter = AccountFilter { text: Some("ada@".to_owned()), ..AccountFilter::default() };
            let rows = reader.list_accounts_by(&filter, AccountSort::Newest, &page).await.expect("read").items;
            assert_eq!(rows.len(), 1, "accounts, {matches:?}");
            let filter = LicenseFilter { text: Some("ada@".to_owned()), ..LicenseFilter::default() };
            let rows = reader.list_licenses_by(&filter, LicenseSort::Newest, &page).await.expect("read").items;
            assert_eq!(rows.len(), 1, "licenses, {matches:?}");
        }
    }

    async fn licenses_are_filtered_and_listed_in_every_order(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        add_accounts(&mut tx).await;
        let other = customer(2, "b_b@example.com", None, T0).id;
        let with = |n: u8, standing, expiry, created_at| License {
            standing, expiry, created_at, account: other, key_tail: format!("TAI{n}"), ..license(n)
        };
        let others = [
            with(2, Standing::Good, Expiry::Never, at(1)),
            with(3, Standing::Suspended(T0), Expiry::At(at(9)), at(1)),
            with(4, Standing::Revoked(T0), Expiry::At(at(3)), at(1)),
            with(5, Standing::Good, Expiry::AfterFirstUse, at(2)),
            License { key_tail: "B_B@".to_owned(), ..with(6, Standing::Good, Expiry::At(at(5)), at(2)) },
        ];
        for (license, key) in others.iter().zip(2..) {
            insert_license(&mut tx, license, key).await.expect("inserted");
        }
        let active = Machine { license: license(5).id, last_seen_at: at(4), ..machine(1, 1) };
        let freed = Machine { license: license(6).id, ..machine(2, 1) };
        tx.insert_machine(&active, &[1; 32]).await.expect("inserted");
        tx.insert_machine(&freed, &[2; 32]).await.expect("inserted");
        assert!(tx.set_machine_deactivated(freed.id, DeactivatedBy::Admin, at(6)).await.expect("written"));
        tx.commit().await.expect("committed");

        let mut reader = store.read().await.expect("a reader");
        let mut found = async |filter: LicenseFilter, sort| {
            let mut ids = Vec::new();
            for limit in [1, 2, 100] {
                let read = async |page| reader.list_licenses_by(&filter, sort, &page).await.expect("read");
                let rows = walk(limit, read).await;
                ids.push(rows.iter().map(|row| row.license.id).collect::<Vec<_>>());
            }
            assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
            let count = reader.count_licenses_by(&filter, 100).await.expect("counted");
            assert_eq!(usize::try_from(count).expect("small"), ids[0].len());
            ids.remove(0)
        };
        let ids = |seeds: &[u8]| seeds.iter().map(|seed| license(*seed).id).collect::<Vec<LicenseId>>();
        let all = LicenseFilter::default;
        assert_eq!(found(all(), LicenseSort::Newest).await, ids(&[6, 5, 4, 3, 2, 1]));
        assert_eq!(found(all(), LicenseSort::Oldest).await, ids(&[1, 2, 3, 4, 5, 6]));
        // The first expires at the fifth second. Those that never expire come last.
        assert_eq!(found(all(), LicenseSort::Expiry).await, ids(&[4, 1, 6, 3, 2, 5]));
        let standing = |standing| LicenseFilter { standing: Some(standing), ..all() };
        assert_eq!(found(standing(ListedStanding::Active(at(5))), LicenseSort::Oldest).await, ids(&[2, 5]));
        assert_eq!(found(standing(ListedStanding::Active(at(4))), LicenseSort::Oldest).await, ids(&[1, 2, 5, 6]));
        assert_eq!(found(standing(ListedStanding::Expired(at(5))), LicenseSort::Oldest).await, ids(&[1, 6]));
        assert_eq!(found(standing(ListedStanding::Suspended), LicenseSort::Oldest).await, ids(&[3]));
        assert_eq!(found(standing(ListedStanding::Revoked), LicenseSort::Oldest).await, ids(&[4]));
        assert_eq!(found(LicenseFilter { has_machines: Some(true), ..all() }, LicenseSort::Oldest).await, ids(&[5]));
        let without = found(LicenseFilter { has_machines: Some(false), ..all() }, LicenseSort::Oldest).await;
        assert_eq!(without, ids(&[1, 2, 3, 4, 6]));
        let of_ada = LicenseFilter { account: Some(account(1, "ada@example.com").id), ..all() };
        assert_eq!(found(of_ada, LicenseSort::Oldest).await, ids(&[1]));
        let under = LicenseFilter { policy: Some(policy().id), product: Some(product().id), ..all() };
        assert_eq!(found(under, LicenseSort::Newest).await.len(), 6);
        let text = |text: &str| LicenseFilter { text: Some(text.to_owned()), ..all() };
        assert_eq!(found(text("ADA@"), LicenseSort::Oldest).await, ids(&[1]));
        assert_eq!(found(text("tai4"), LicenseSort::Oldest).await, ids(&[4]));
        assert_eq!(found(text("b_"), LicenseSort::Oldest).await.len(), 5);
        assert_eq!(found(text("b_b@"), LicenseSort::Oldest).await.len(), 5, "the owner and the end of a key, each once");
        assert_eq!(found(text("_"), LicenseSort::Oldest).await, []);
        let expires = TimeRange { from: Some(at(4)), until: Some(at(9)) };
        assert_eq!(found(LicenseFilter { expires, ..all() }, LicenseSort::Oldest).await, ids(&[1, 6]));

        let page = PageRequest { seek: Seek::Start, limit: 9, matches: Matches::Many };
        let rows = reader.list_licenses_by(&text("tai5"), LicenseSort::Newest, &page).await.expect("read").items;
        let row = &rows[0];
        assert_eq!((row.machines, row.last_seen_at), (1, Some(at(4))));
        assert_eq!((row.owner_email.as_str(), row.policy_code.as_str()), ("b_b@example.com", "chartgpt-lifetime"));
    }

    /// Triggers keep what the lists of licenses and accounts look for.
    async fn flags_follow_machines_and_owners(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        let eve = account(2, "eve@example.com");
        assert!(tx.insert_account(&eve).await.expect("inserted"));
        let flags = async |tx: &mut Tx| {
            let used = LicenseFilter { has_machines: Some(true), ..LicenseFilter::default() };
            let unused = LicenseFilter { has_machines: Some(false), ..LicenseFilter::default() };
            let owners = AccountFilter { has_licenses: Some(true), ..AccountFilter::default() };
            let page = PageRequest { seek: Seek::Start, limit: 9, matches: Matches::Few };
            let owners = tx.list_accounts_by(&owners, AccountSort::Email, &page).await.expect("read");
            let owners: Vec<String> = owners.items.iter().map(|row| row.account.email.as_str().to_owned()).collect();
            let used = tx.count_licenses_by(&used, 9).await.expect("counted");
            (used, tx.count_licenses_by(&unused, 9).await.expect("counted"), owners.join(" "))
        };
        let wanted = |used, unused, owners: &str| (used, unused, owners.to_owned());
        assert_eq!(flags(&mut tx).await, wanted(0, 1, "ada@example.com"));
        tx.insert_machine(&machine(1, 1), &[1; 32]).await.expect("inserted");
        tx.insert_machine(&machine(2, 2), &[2; 32]).await.expect("inserted");
        assert_eq!(flags(&mut tx).await, wanted(1, 0, "ada@example.com"));
        assert!(tx.set_machine_deactivated(machine(1, 1).id, DeactivatedBy::App, at(1)).await.expect("written"));
        assert_eq!(flags(&mut tx).await, wanted(1, 0, "ada@example.com"));
        assert!(tx.set_machine_deactivated(machine(2, 2).id, DeactivatedBy::App, at(1)).await.expect("written"));
        assert_eq!(flags(&mut tx).await, wanted(0, 1, "ada@example.com"));
        insert_license(&mut tx, &License { key_tail: "TAI2".to_owned(), ..license(2) }, 2).await.expect("inserted");
        for (number, owners) in [(1, "ada@example.com eve@example.com"), (2, "eve@example.com")] {
            tx.update_license(&License { account: eve.id, ..license(number) }).await.expect("written");
            assert_eq!(flags(&mut tx).await, wanted(0, 2, owners));
        }
    }

    /// In whatever order they commit, the flag is that of all changes.
    async fn flags_are_right_after_changes_at_the_same_time(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        for number in 1..=6 {
            tx.insert_machine(&machine(number, number.into()), &[number; 32]).await.expect("inserted");
        }
        tx.commit().await.expect("committed");
        let changes = (1..=6_u8).map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut tx = store.write().await.expect("a transaction");
                let id = machine(number, number.into()).id;
                assert!(tx.set_machine_deactivated(id, DeactivatedBy::App, at(1)).await.expect("written"));
                tx.commit().await.expect("committed");
            })
        });
        for change in changes.collect::<Vec<_>>() {
            change.await.expect("no panic");
        }
        let unused = LicenseFilter { has_machines: Some(false), ..LicenseFilter::default() };
        let mut reader = store.read().await.expect("a reader");
        assert_eq!(reader.count_licenses_by(&unused, 9).await.expect("counted"), 1);
    }

    async fn machines_are_filtered_and_listed_in_every_order(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        for (n, seen) in [(1, 4), (2, 4), (3, 1), (4, 9)] {
            let machine = Machine { last_seen_at: at(seen), created_at: at(u64::from(n) / 2), ..machine(n, n.into()) };
            tx.insert_machine(&machine, &[n; 32]).await.expect("inserted");
        }
        assert!(tx.set_machine_deactivated(machine(4, 4).id, DeactivatedBy::App, at(9)).await.expect("written"));
        tx.commit().await.expect("committed");
        let mut reader = store.read().await.expect("a reader");
        let mut found = async |filter: MachineFilter, sort| {
            let mut rows = Vec::new();
            for limit in [1, 3] {
                let read = async |page| reader.list_machines_by(&filter, sort, &page).await.expect("read");
                rows.push(walk(limit, read).await.iter().map(|row| row.machine.id).collect::<Vec<MachineId>>());
            }
            assert_eq!(rows[0], rows[1]);
            let counted = reader.count_machines_by(&filter, 100).await.expect("counted");
            assert_eq!(usize::try_from(counted), Ok(rows[0].len()));
            rows.remove(0)
        };
        let ids = |seeds: &[u8]| seeds.iter().map(|seed| machine(*seed, 1).id).collect::<Vec<_>>();
        let all = MachineFilter::default;
        assert_eq!(found(all(), MachineSort::Newest).await, ids(&[4, 3, 2, 1]));
        assert_eq!(found(all(), MachineSort::Oldest).await, ids(&[1, 2, 3, 4]));
        assert_eq!(found(all(), MachineSort::LastSeen).await, ids(&[4, 2, 1, 3]));
        assert_eq!(found(all(), MachineSort::Unseen).await, ids(&[3, 1, 2, 4]));
        assert_eq!(found(MachineFilter { is_active: Some(true), ..all() }, MachineSort::Oldest).await, ids(&[1, 2, 3]));
        assert_eq!(found(MachineFilter { is_active: Some(false), ..all() }, MachineSort::Oldest).await, ids(&[4]));
        let filter = MachineFilter { fingerprint_hash: Some([2; 32]), ..all() };
        assert_eq!(found(filter, MachineSort::Newest).await, ids(&[2]));
        let filter = MachineFilter { text: Some("Ada".to_owned()), product: Some(product().id), ..all() };
        assert_eq!(found(filter, MachineSort::Newest).await.len(), 4);
        let filter = MachineFilter { account: Some(AccountId::new(T0, [9; 10])), ..all() };
        assert_eq!(found(filter, MachineSort::Newest).await, []);
        let filter = MachineFilter { seen: TimeRange { from: Some(at(2)), until: Some(at(9)) }, ..all() };
        assert_eq!(found(filter, MachineSort::Newest).await, ids(&[2, 1]));
        let filter = MachineFilter { policy: Some(policy().id), license: Some(license(1).id), ..all() };
        assert_eq!(found(filter, MachineSort::Newest).await.len(), 4);
        let page = PageRequest { seek: Seek::Start, limit: 1, matches: Matches::Many };
        let rows = reader.list_machines_by(&all(), MachineSort::Newest, &page).await.expect("read").items;
        assert_eq!(rows[0].deactivated, Some((at(9), DeactivatedBy::App)));
        assert_eq!(rows[0].owner_email, email("ada@example.com"));
    }

    async fn orders_mails_and_the_audit_log_are_listed(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        for (n, status) in [(1, OrderStatus::Paid), (2, OrderStatus::Held), (3, OrderStatus::Paid)] {
            tx.insert_order(&order(n, status)).await.expect("inserted");
        }
        let (ada, bob) = (email("ada@example.com"), email("bob@example.com"));
        for (n, recipient) in [(1, &ada), (2, &bob), (3, &ada)] {
            let now = at(n.into());
            let mail = NewMail { id: MailId::new(now, [n; 10]), kind: "purchase", recipient, account: None, payload: b"sealed", now, expires_at: at(600), dedupe_key: None };
            assert_eq!(tx.insert_mails(&[mail]).await.expect("inserted"), 1);
        }
        assert!(tx.set_mail_sent(MailId::new(at(1), [1; 10]), at(5)).await.expect("written"));
        assert!(tx.set_mail_failed(MailId::new(at(2), [2; 10]), at(6), "refused").await.expect("written"));
        let rows = [(1, "license.issued", "host"), (2, "machine.activated", "app"), (3, "machine.renamed", "customer")].map(|(n, verb, actor)| AuditRow {
            id: AuditId::new(at(n), [1; 10]), at: at(n), actor_kind: actor.to_owned(), actor_id: (actor != "host").then(|| "x".to_owned()), network: None,
            verb: verb.to_owned(), subject_kind: "license".to_owned(), subject_id: "y".to_owned(), detail: "{}".to_owned(),
        });
        tx.insert_audits(&rows).await.expect("inserted");
        tx.commit().await.expect("committed");
        let mut reader = store.read().await.expect("a reader");

        let mut orders = async |filter: OrderFilter, sort| {
            let read = async |page| reader.list_orders_by(&filter, sort, &page).await.expect("read");
            let rows = walk(1, read).await;
            assert_eq!(reader.count_orders_by(&filter, 9).await.expect("counted"), u32::try_from(rows.len()).expect("few"));
            rows.iter().map(|order| order.created_at).collect::<Vec<_>>()
        };
        let all = OrderFilter::default;
        assert_eq!(orders(all(), OrderSort::Newest).await, [at(3), at(2), at(1)]);
        assert_eq!(orders(all(), OrderSort::Oldest).await, [at(1), at(2), at(3)]);
        assert_eq!(orders(OrderFilter { status: Some(OrderStatus::Held), ..all() }, OrderSort::Newest).await, [at(2)]);
        assert_eq!(orders(OrderFilter { text: Some("buyer-3".to_owned()), ..all() }, OrderSort::Newest).await, [at(3)]);
        assert_eq!(orders(OrderFilter { is_live: Some(true), ..all() }, OrderSort::Newest).await, []);
        let created = TimeRange { from: Some(at(2)), until: Some(at(3)) };
        assert_eq!(orders(OrderFilter { created, is_subscription: Some(false), ..all() }, OrderSort::Newest).await, [at(2)]);

        let mut mails = async |filter: MailFilter, sort| {
            let read = async |page| reader.list_mails_by(&filter, sort, &page).await.expect("read");
            let rows = walk(1, read).await;
            assert_eq!(reader.count_mails_by(&filter, 9).await.expect("counted"), u32::try_from(rows.len()).expect("few"));
            rows.iter().map(|mail| (mail.created_at, mail.state)).collect::<Vec<_>>()
        };
        let all = MailFilter::default;
        let every = [(at(3), MailState::Waiting), (at(2), MailState::Failed), (at(1), MailState::Sent)];
        assert_eq!(mails(all(), MailSort::Newest).await, every);
        for (created_at, state) in every {
            let filter = MailFilter { state: Some(state), kind: Some("purchase".to_owned()), ..all() };
            assert_eq!(mails(filter, MailSort::Oldest).await, [(created_at, state)]);
        }
        assert_eq!(mails(MailFilter { text: Some("BOB".to_owned()), ..all() }, MailSort::Newest).await, every[1..2]);
        assert_eq!(mails(MailFilter { kind: Some("sign_in".to_owned()), ..all() }, MailSort::Newest).await, []);

        let mut entries = async |filter: AuditFilter, sort| {
            let read = async |page| reader.list_audits_by(&filter, sort, &page).await.expect("read");
            let rows = walk(1, read).await;
            assert_eq!(reader.count_audits_by(&filter, 9).await.expect("counted"), u32::try_from(rows.len()).expect("few"));
            rows.iter().map(|row| row.at).collect::<Vec<_>>()
        };
        let all = AuditFilter::default;
        assert_eq!(entries(all(), AuditSort::Newest).await, [at(3), at(2), at(1)]);
        assert_eq!(entries(AuditFilter { is_about_machines: true, ..all() }, AuditSort::Oldest).await, [at(2), at(3)]);
        assert_eq!(entries(AuditFilter { verb: Some("license.issued".to_owned()), ..all() }, AuditSort::Oldest).await, [at(1)]);
        assert_eq!(entries(AuditFilter { actor_kind: Some("app".to_owned()), ..all() }, AuditSort::Oldest).await, [at(2)]);
        assert_eq!(entries(AuditFilter { actor_id: Some("x".to_owned()), ..all() }, AuditSort::Oldest).await, [at(2), at(3)]);
        let about = AuditFilter { subject_kind: Some("license".to_owned()), subject_id: Some("z".to_owned()), ..all() };
        assert_eq!(entries(about, AuditSort::Oldest).await, []);
        let until = TimeRange { from: None, until: Some(at(2)) };
        assert_eq!(entries(AuditFilter { at: until, ..all() }, AuditSort::Oldest).await, [at(1)]);
    }

    async fn events_are_listed_although_many_arrive_at_once(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        for n in 0..9_u64 {
            let id = format!("evt_{n}");
            let object = format!("pi_{}", n % 2);
            let event = NewStripeEvent {
                id: &id, kind: if n < 5 { "invoice.paid" } else { "charge.refunded" }, is_live: n == 0, api_version: None, object: Some(("payment_intent", &object)),
                body: b"{}", named_objects: &[], is_from_sync: false, state: if n == 3 { EventState::Failed } else { EventState::Done },
                problem: None, created_at: T0, now: at(n / 4),
            };
            assert!(tx.insert_stripe_event(&event).await.expect("inserted"));
        }
        tx.commit().await.expect("committed");
        let mut reader = store.read().await.expect("a reader");
        let mut found = async |filter: StripeEventFilter, sort| {
            let read = async |page| reader.list_stripe_events_by(&filter, sort, &page).await.expect("read");
            let rows = walk(2, read).await;
            assert_eq!(reader.count_stripe_events_by(&filter, 9).await.expect("counted"), u32::try_from(rows.len()).expect("few"));
            rows.iter().map(|event| event.id.trim_start_matches("evt_").to_owned()).collect::<String>()
        };
        let all = StripeEventFilter::default;
        assert_eq!(found(all(), StripeEventSort::Newest).await, "876543210");
        assert_eq!(found(all(), StripeEventSort::Oldest).await, "012345678");
        assert_eq!(found(StripeEventFilter { state: Some(EventState::Failed), ..all() }, StripeEventSort::Newest).await, "3");
        assert_eq!(found(StripeEventFilter { kind: Some("charge.refunded".to_owned()), ..all() }, StripeEventSort::Oldest).await, "5678");
        assert_eq!(found(StripeEventFilter { object: Some("pi_1".to_owned()), ..all() }, StripeEventSort::Oldest).await, "1357");
        assert_eq!(found(StripeEventFilter { is_live: Some(true), ..all() }, StripeEventSort::Oldest).await, "0");
        let received = TimeRange { from: Some(at(1)), until: Some(at(2)) };
        assert_eq!(found(StripeEventFilter { received, ..all() }, StripeEventSort::Oldest).await, "4567");
    }
}

pub(crate) fn order(n: u8, status: OrderStatus) -> Order {
    let created_at = at(n.into());
    Order {
        id: OrderId::new(created_at, [n; 10]),
        kind: OrderKind::Purchase,
        buyer: None,
        account: Some(account(1, "ada@example.com").id),
        browser_hash: [n; 32],
        is_live: false,
        is_subscription: false,
        subtotal: Money::new(4_900, "USD".parse().expect("a currency")),
        total_minor: Some(4_900),
        tax_minor: 0,
        discount_minor: 0,
        paid_minor: 4_900,
        refunded_minor: 0,
        status,
        hold: (status == OrderStatus::Held).then_some(latchkey_licensing::order::HoldReason::WrongAmount),
        released_at: None,
        unsent_mail: None,
        has_fraud_warning: false,
        checkout: Some(format!("cs_{n}")),
        customer: Some(format!("cus_{n}")),
        subscription: None,
        expires_at: None,
        email: Some(format!("Buyer-{n}@example.com")),
        buyer_name: None,
        version: 1,
        created_at,
        updated_at: created_at,
        paid_at: Some(created_at),
        delivered_at: None,
    }
}
