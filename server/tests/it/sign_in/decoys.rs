//! ML-10: what a request to sign in costs does not reveal whether its address has an account. For an address without one, a
//! decoy goes the way of a mail, and is dropped when it would be handed over.

use std::time::{Duration, Instant};

use latchkey_licensing::email::EmailAddress;
use latchkey_service::{Delivery, MailError, Operator};
use latchkey_store::{MailFilter, QueryStats};
use latchkey_testkit::{Backend, on_both};

use crate::{
    billing::size,
    support::app::{TestApp, location, run, with_app},
};

on_both!(with_app: ml_10_all_addresses_take_the_same_steps, ml_10_decoys_are_shown_nowhere, ml_10_requests_take_as_long);

const KNOWN: &str = "ada@example.com";
const UNKNOWN: &str = "nobody@example.com";
const DISABLED: &str = "banned@example.com";

async fn add_accounts(app: &TestApp) {
    app.issue(KNOWN).await;
    app.issue(DISABLED).await;
    let banned = EmailAddress::parse(DISABLED).expect("an address");
    app.service().admin(Operator::Host).disable_account(&banned).await.expect("disabled");
}

/// What the database has done so far: the calls of each method, and the transactions.
fn work(app: &TestApp) -> Vec<(String, u64)> {
    let store = app.service().store();
    let calls = |stats: &QueryStats| (format!("{}.{}", stats.table, stats.method), stats.count());
    let counters = store.counters();
    let transactions = [("begins", counters.begins), ("commits", counters.commits), ("snapshots", counters.snapshots)];
    let transactions = transactions.into_iter().map(|(name, count)| (name.to_owned(), count));
    store.query_stats().iter().map(calls).chain(transactions).collect()
}

/// What the database did since then.
fn work_since(app: &TestApp, before: &[(String, u64)]) -> Vec<(String, u64)> {
    let done = work(app).into_iter().zip(before).map(|((name, now), (_, before))| (name, now - before));
    done.filter(|(_, count)| *count > 0).collect()
}

async fn ml_10_all_addresses_take_the_same_steps(app: &TestApp) {
    add_accounts(app).await;
    for failure in [None, Some(MailError::Temporary("451 later".to_owned()))] {
        let mut seen = Vec::new();
        for email in [KNOWN, UNKNOWN, DISABLED] {
            app.kit.mail.fail_with(failure.clone());
            let before = work(app);
            let answer = app.browser().submit("/fn/request_sign_in", &[("email", email)]).await;
            assert_eq!(location(&answer), "/login/code");
            let asked = work_since(app, &before);
            let before = work(app);
            app.kit.deliver_mail().await;
            let delivered = work_since(app, &before);
            assert!(asked.len() > 5 && delivered.len() > 3, "{asked:?} {delivered:?}");
            seen.push((asked, delivered));
            app.kit.mail.fail_with(None);
            app.kit.clock.advance(Duration::from_mins(2));
            app.kit.deliver_mail().await;
            app.kit.clock.advance(Duration::from_hours(1));
        }
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{failure:?}: {seen:#?}");
    }
    let to: Vec<_> = app.kit.mail.take().into_iter().map(|mail| mail.to.to_string()).collect();
    assert_eq!(to, [KNOWN, KNOWN], "ML-11: decoys never leave");
    assert!(app.kit.mail.rehearsed() >= 4);
}

async fn ml_10_decoys_are_shown_nowhere(app: &TestApp) {
    add_accounts(app).await;
    let admin = app.admin().await;
    app.kit.mail.fail_with(Some(MailError::Temporary("451 later".to_owned())));
    for email in [UNKNOWN, DISABLED] {
        app.browser().submit("/fn/request_sign_in", &[("email", email)]).await;
    }
    let is_hidden = async |moment: &str| {
        let mut reader = app.service().store().read().await.expect("a reader");
        let others = usize::try_from(reader.count_mails_by(&MailFilter::default(), 100).await.expect("read"));
        let kinds: Vec<_> = {
            let mut kinds = Vec::new();
            for email in [UNKNOWN, DISABLED] {
                let email = EmailAddress::parse(email).expect("an address");
                let mails = reader.list_mails_to(&email, None, 100).await.expect("read");
                kinds.extend(mails.into_iter().map(|mail| mail.kind));
            }
            kinds
        };
        assert!(kinds.is_empty(), "{moment}: {kinds:?}");
        assert_eq!(others.expect("a small number"), 1, "{moment}: only the mail to the new admin");
        let queues = reader.find_queue_states().await.expect("read");
        assert!(queues.mails.waiting <= 1 && queues.mails.failed == 0, "{moment}: {queues:?}");
        drop(reader);
        for path in ["/admin", "/admin/mails", "/admin/diagnostics"] {
            let page = admin.get(path).await.text().await.expect("a page");
            assert!(!page.contains("decoy") && !page.contains(UNKNOWN), "{moment}: {path}: {page}");
        }
    };
    is_hidden("waiting").await;
    app.kit.deliver_mail().await;
    is_hidden("to be retried").await;
    app.kit.mail.fail_with(Some(MailError::Permanent("550 no".to_owned())));
    app.kit.clock.advance(Duration::from_secs(5));
    let step = async || app.service().deliver_one(&*app.kit.mail).await.expect("the outbox works");
    while step().await != Delivery::Idle {}
    // The upkeep deletes them, and nothing else that is new.
    app.kit.mail.fail_with(None);
    assert_eq!(app.service().remove_expired_rows().await.expect("deleted"), 2);
}

/// The number of requests for each kind of address in each test run, and how far the area under the curve may be from one half
/// with so few on a busy computer. `cargo xtask soak` sends thousands.
const FEW: u64 = 60;
const GROSS: f64 = 0.25;

/// How far it may be with more.
const FINE: f64 = 0.03;

/// Known and unknown addresses, in turn: neither their times differ, nor those of the next request.
async fn ml_10_requests_take_as_long(app: &TestApp) {
    let rounds = size("LATCHKEY_TEST_SIGN_INS", FEW);
    let bound = if rounds > FEW { FINE } else { GROSS };
    let stop = tokio::sync::watch::channel(false);
    let mailer = app.kit.mail.clone();
    let worker = tokio::spawn(latchkey_server::workers::send_mail(app.service().clone(), mailer, stop.1.clone()));
    let known: Vec<_> = (0..rounds).map(|n| format!("customer{n}@example.com")).collect();
    for email in &known {
        let email = EmailAddress::parse(email).expect("an address");
        app.service().admin(Operator::Host).add_customer(&email, None).await.expect("added");
    }
    let client = app.browser();
    let ask = async |email: &str| {
        let request = client.form("/fn/request_sign_in", &[("email", email)]).await;
        let began = Instant::now();
        let answer = request.send().await.expect("an answer");
        assert_eq!(location(&answer), "/login/code");
        began.elapsed()
    };
    let mut times = [Vec::new(), Vec::new()];
    let mut next_times = [Vec::new(), Vec::new()];
    for (n, known) in known.iter().enumerate() {
        let mut pair = [(0, known.clone()), (1, format!("stranger{n}@example.com"))];
        if n % 2 == 1 {
            pair.reverse();
        }
        for (kind, email) in pair {
            times[kind].push(ask(&email).await);
            next_times[kind].push(ask(&format!("probe{kind}-{n}@example.com")).await);
            // The network's limit is not what is measured.
            app.kit.clock.advance(Duration::from_mins(2));
        }
    }
    stop.0.send_replace(true);
    worker.await.expect("the worker ends");
    for (what, [known, unknown]) in [("the request", &times), ("the next request", &next_times)] {
        let area = area_under_curve(known, unknown);
        assert!((area - 0.5).abs() <= bound, "{what}: an area of {area:.3} with {rounds} requests each");
    }
}

/// The probability that a time of `left` is longer than one of `right`.
fn area_under_curve(left: &[Duration], right: &[Duration]) -> f64 {
    let pairs = left.iter().flat_map(|one| right.iter().map(move |other| one.cmp(other)));
    let (mut wins, mut all) = (0.0, 0.0);
    for order in pairs {
        all += 1.0;
        wins += match order {
            std::cmp::Ordering::Less => 0.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Greater => 1.0,
        };
    }
    wins / all
}

/// A link that is asked for while the mail server defers lasts from the hand-over. Strangers see the same for an unknown
/// address, whose decoy is not deferred.
#[test]
fn ml_10_a_deferred_mail_does_not_show() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        add_accounts(&app).await;
        let browsers = [app.browser(), app.browser()];
        for (browser, email) in browsers.iter().zip([KNOWN, UNKNOWN]) {
            app.kit.mail.fail_with((email == KNOWN).then(|| MailError::Temporary("451 later".to_owned())));
            browser.submit("/fn/request_sign_in", &[("email", email)]).await;
            app.kit.deliver_mail().await;
        }
        for (wait, is_shown) in [(11, true), (18, true), (2, false)] {
            app.kit.clock.advance(Duration::from_mins(wait));
            for browser in &browsers {
                let page = browser.get("/login/code").await.text().await.expect("a page");
                assert_eq!(page.contains("name=\"code\""), is_shown, "{wait}: {page}");
            }
        }
    });
}
