//! Changing the e-mail address of an account: ML-21, with mails to both addresses, on both databases.

use std::time::Duration;

use latchkey_licensing::{account::Account, email::EmailAddress};
use latchkey_service::{EmailChangeLinkError, Mail, Operator};
use latchkey_testkit::on_both;
use reqwest::{StatusCode, header};

use crate::{
    admin::support::{audits, hidden, page},
    support::app::{Browser, TestApp, essence, location, with_app},
};

on_both!(with_app:
    ml_21_an_address_is_changed_once_both_have_confirmed,
    ml_21_opening_a_link_changes_nothing,
    ml_21_a_change_is_canceled_from_the_old_address_only,
    ml_21_a_change_expires_after_an_hour,
    ml_21_a_change_needs_a_recent_sign_in,
    ml_21_nobody_learns_whether_the_new_address_has_an_account,
    ml_21_two_accounts_cannot_get_one_address,
    ml_21_an_account_that_is_created_meanwhile_wins,
    ml_21_links_work_once_under_a_race,
    ml_21_open_sign_in_requests_are_void_afterwards,
    ml_21_requests_are_limited,
    mistakes_are_said_and_what_was_typed_is_kept
);

const OLD: &str = "ada@example.com";
const NEW: &str = "ada@new.example";

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

async fn account(app: &TestApp, address: &str) -> Option<Account> {
    let mut reader = app.service().store().read().await.expect("a reader");
    reader.find_account_by_email(&email(address)).await.expect("read")
}

/// The mails that were sent since the last call.
async fn sent(app: &TestApp) -> Vec<Mail> {
    app.kit.deliver_mail().await;
    app.kit.mail.take()
}

/// The token of the link in the mail to an address.
fn token(mails: &[Mail], to: &str) -> String {
    let mail = mails.iter().find(|mail| mail.to.as_str() == to).expect("a mail");
    let link = mail.text.lines().find(|line| line.contains("/login/email/")).expect("a link");
    link.rsplit('/').next().expect("a token").to_owned()
}

/// Asks for the new address and returns the tokens for the old and the new address.
async fn ask(app: &TestApp, browser: &Browser<'_>) -> (String, String) {
    let answer = browser.submit("/fn/request_email_change", &[("email", NEW)]).await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/portal/account"));
    let mails = sent(app).await;
    (token(&mails, OLD), token(&mails, NEW))
}

async fn ada(app: &TestApp) -> Browser<'_> {
    app.issue(OLD).await;
    let browser = app.customer(OLD).await;
    sent(app).await;
    browser
}

async fn confirm(browser: &Browser<'_>, token: &str) -> String {
    let answer = browser.submit("/fn/confirm_email_change", &[("token", token)]).await;
    let wanted = format!("/login/email/{token}");
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, wanted.as_str()));
    page(browser, &wanted).await
}

/// The account keeps its id, licenses and Stripe customer. Both links are opened in browsers that are not signed in.
async fn ml_21_an_address_is_changed_once_both_have_confirmed(app: &TestApp) {
    let browser = ada(app).await;
    let before = account(app, OLD).await.expect("an account");
    let now = app.service().now();
    let mut tx = app.service().store().write().await.expect("a transaction");
    tx.insert_stripe_customer("cus_ada", before.id, false, now).await.expect("inserted");
    tx.commit().await.expect("committed");
    let answer = browser.submit("/fn/request_email_change", &[("email", " Ada@New.Example ")]).await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/portal/account"));
    let shown = page(&browser, "/portal/account").await;
    assert!(shown.contains(NEW) && shown.contains("Cancel the change") && shown.contains("Both addresses"), "{shown}");
    let mails = sent(app).await;
    assert_eq!(mails.len(), 2);
    // ML-24: the browser, the coarse network and the time.
    for mail in &mails {
        let asked = "Asked for by Chrome on Linux, from 127.0.0.0/24, on 23 November 2026, 12:00 UTC.";
        assert!(mail.text.contains(asked) && mail.text.contains("If you did not ask for this"), "{}", mail.text);
    }
    // The mail to the new address, which may be mistyped, does not name the old one.
    let to_new = mails.iter().find(|mail| mail.to.as_str() == NEW).expect("a mail");
    assert!(!to_new.text.contains(OLD) && !to_new.html.contains(OLD), "{}", to_new.text);

    let (old, new) = (token(&mails, OLD), token(&mails, NEW));
    let (phone, laptop) = (app.browser(), app.browser());
    assert!(confirm(&phone, &old).await.contains("as soon as the new address confirms it"));
    assert_eq!(account(app, OLD).await.map(|account| account.id), Some(before.id), "one is not enough");
    assert!(sent(app).await.is_empty());
    assert!(confirm(&laptop, &new).await.contains("Done."));
    assert!(account(app, OLD).await.is_none());
    assert_eq!(account(app, NEW).await.map(|account| account.id), Some(before.id));

    let mails = sent(app).await;
    let mut notified: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    notified.sort_unstable();
    assert_eq!(notified, [OLD, NEW]);
    for mail in &mails {
        assert_eq!(mail.subject, "The e-mail address of your Latchkey account was changed");
        assert!(mail.text.contains(OLD) && mail.text.contains(NEW), "{}", mail.text);
    }
    // Nobody is signed in by a link, and the session that asked stays.
    assert!(!phone.is_signed_in().await && browser.is_signed_in().await);
    assert!(page(&browser, "/portal/account").await.contains(NEW));
    laptop.sign_in(NEW).await;
    app.browser().submit("/fn/request_sign_in", &[("email", OLD)]).await;
    assert!(sent(app).await.iter().all(|mail| mail.to.as_str() != OLD), "the old address is a stranger's");
    let mut reader = app.service().store().read().await.expect("a reader");
    let bound = reader.find_account_of_stripe_customer("cus_ada").await.expect("read");
    assert_eq!(bound, Some(before.id));
    drop(reader);

    // The audit log names no address.
    let rows = audits(app, "account", &before.id.to_string()).await;
    let verbs: Vec<&str> = rows.iter().map(|row| row.verb.as_str()).collect();
    for verb in ["requested", "confirmed"] {
        assert!(verbs.contains(&format!("account.email_change_{verb}").as_str()), "{verbs:?}");
    }
    assert_eq!(verbs.iter().filter(|verb| **verb == "account.email_changed").count(), 1);
    assert!(rows.iter().all(|row| !row.detail.contains('@')), "{rows:?}");
}

/// ML-02 and ML-15 for these links.
async fn ml_21_opening_a_link_changes_nothing(app: &TestApp) {
    let browser = ada(app).await;
    let (old, new) = ask(app, &browser).await;
    for token in [&old, &new] {
        for _ in 0..20 {
            let answer = app.browser().get(&format!("/login/email/{token}")).await;
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(answer.headers()[header::REFERRER_POLICY], "strict-origin");
            assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        }
    }
    assert!(account(app, OLD).await.is_some());
    let pending = page(&browser, "/portal/account").await;
    assert!(pending.contains(&format!("{OLD} and {NEW}")), "{pending}");
    // The page for the new address does not name the old one.
    let shown = page(&app.browser(), &format!("/login/email/{new}")).await;
    assert!(shown.contains(NEW) && !shown.contains(OLD), "{shown}");
    for malformed in ["x", "0".repeat(43).as_str()] {
        let shown = page(&app.browser(), &format!("/login/email/{malformed}")).await;
        assert!(shown.contains("not valid any more"), "{shown}");
    }
}

async fn ml_21_a_change_is_canceled_from_the_old_address_only(app: &TestApp) {
    let browser = ada(app).await;
    let stranger = app.browser();
    let (old, new) = ask(app, &browser).await;
    stranger.submit("/fn/cancel_email_change", &[("token", &new)]).await;
    assert!(confirm(&stranger, &new).await.contains("as soon as the old address confirms it"), "it is open");
    let answer = stranger.submit("/fn/cancel_email_change", &[("token", &old)]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(page(&stranger, &format!("/login/email/{old}")).await.contains("was canceled"));
    assert!(confirm(&stranger, &old).await.contains("That link is not valid any more"));
    assert!(account(app, OLD).await.is_some() && account(app, NEW).await.is_none());
    // The person can cancel it in the portal, too, and a new request replaces an open one.
    let (first, _) = ask(app, &browser).await;
    let (second, _) = ask(app, &browser).await;
    assert!(confirm(&stranger, &first).await.contains("That link is not valid any more"));
    let answer = browser.submit("/fn/cancel_own_email_change", &[]).await;
    assert_eq!(location(&answer), "/portal/account");
    assert!(page(&browser, "/portal/account").await.contains("was canceled"));
    assert!(confirm(&stranger, &second).await.contains("That link is not valid any more"));
}

async fn ml_21_a_change_expires_after_an_hour(app: &TestApp) {
    let browser = ada(app).await;
    let (old, new) = ask(app, &browser).await;
    app.kit.clock.advance(Duration::from_secs(3_599));
    confirm(&app.browser(), &old).await;
    app.kit.clock.advance(Duration::from_secs(1));
    let shown = confirm(&app.browser(), &new).await;
    assert!(shown.contains("This link is not valid any more"), "{shown}");
    assert!(account(app, OLD).await.is_some() && account(app, NEW).await.is_none());
    app.kit.clock.advance(Duration::from_hours(25));
    assert!(app.service().remove_expired_rows().await.expect("removed") > 0);
}

/// SU-07, at both edges.
async fn ml_21_a_change_needs_a_recent_sign_in(app: &TestApp) {
    let browser = ada(app).await;
    app.kit.clock.advance(Duration::from_secs(299));
    assert!(page(&browser, "/portal/account/email").await.contains("Send the mails"));
    app.kit.clock.advance(Duration::from_secs(2));
    let answer = browser.submit("/fn/request_email_change", &[("email", NEW)]).await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/portal/account/email"));
    assert!(sent(app).await.is_empty());
    let shown = page(&browser, "/portal/account/email").await;
    let again = "/login?next=/portal/account/email";
    assert!(shown.contains(&format!("href=\"{again}\"")) && !shown.contains("Send the mails"), "{shown}");
    // Signing in again leads back to the form, which has what was typed.
    let answer = browser.submit("/fn/request_sign_in", &[("email", OLD), ("next", "/portal/account/email")]).await;
    assert_eq!(location(&answer), "/login/code");
    let mails = sent(app).await;
    let (token, _) = crate::support::app::secrets_in(&mails[0].text);
    assert_eq!(location(&browser.confirm_link(&token).await), "/portal/account/email");
    let shown = page(&browser, "/portal/account/email").await;
    assert!(shown.contains(&format!("value=\"{NEW}\"")) && shown.contains("Send the mails"), "{shown}");
    ask(app, &browser).await;
}

async fn ml_21_nobody_learns_whether_the_new_address_has_an_account(app: &TestApp) {
    let browser = ada(app).await;
    app.issue("bob@example.com").await;
    let eve = app.customer("eve@example.com").await;
    sent(app).await;
    let statements = || app.service().store().counters().statements;
    let before = statements();
    let free = browser.submit("/fn/request_email_change", &[("email", "new@example.com")]).await;
    let between = statements();
    let taken = eve.submit("/fn/request_email_change", &[("email", "bob@example.com")]).await;
    let after = statements();
    assert_eq!(between - before, after - between, "the database does the same");
    assert_eq!(essence(free).await, essence(taken).await);
    let neutral = |page: String, to: &str, own: &str| {
        let account = hidden(&page, "account").expect("an account");
        page.replace(to, "TO").replace(own, "OWN").replace(&account, "ACCOUNT")
    };
    let free = neutral(page(&browser, "/portal/account").await, "new@example.com", OLD);
    let taken = neutral(page(&eve, "/portal/account").await, "bob@example.com", "eve@example.com");
    let notice =
        |page: &str| page.split("class=\"notice").nth(1).expect("a notice").split("</form>").next().map(str::to_owned);
    assert_eq!(notice(&free), notice(&taken));
    let mails = sent(app).await;
    assert_eq!(mails.len(), 4);
    let to_bob = mails.iter().find(|mail| mail.to.as_str() == "bob@example.com").expect("a mail");
    assert_eq!(to_bob.subject, "This e-mail address already has a Latchkey account");
    assert!(!to_bob.text.contains("/login/email/") && !to_bob.text.contains("eve@"), "{}", to_bob.text);
    // What Eve can confirm is not enough.
    assert!(confirm(&app.browser(), &token(&mails, "eve@example.com")).await.contains("as soon as the new address"));
    assert!(account(app, "eve@example.com").await.is_some());
    // A disabled account gets no mail.
    let host = app.service().admin(Operator::Host);
    host.disable_account(&email("bob@example.com")).await.expect("disabled");
    eve.submit("/fn/request_email_change", &[("email", "bob@example.com")]).await;
    assert!(sent(app).await.iter().all(|mail| mail.to.as_str() != "bob@example.com"));
}

/// Both have the address confirmed at the same time.
async fn ml_21_two_accounts_cannot_get_one_address(app: &TestApp) {
    let ada = ada(app).await;
    let eve = app.customer("eve@example.com").await;
    sent(app).await;
    let mut last = Vec::new();
    for (browser, own) in [(&ada, OLD), (&eve, "eve@example.com")] {
        browser.submit("/fn/request_email_change", &[("email", NEW)]).await;
        let mails = sent(app).await;
        confirm(&app.browser(), &token(&mails, own)).await;
        last.push(token(&mails, NEW));
    }
    let other = app.another_process().await;
    let (one, two) = (app.service().clone(), other);
    let (first, second) = (last[0].clone(), last[1].clone());
    let both = (
        tokio::spawn(async move { one.confirm_email_change(&first).await }),
        tokio::spawn(async move { two.confirm_email_change(&second).await }),
    );
    let results = [both.0.await.expect("no panic"), both.1.await.expect("no panic")];
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    assert!(results.iter().any(|result| matches!(result, Err(EmailChangeLinkError::Taken))), "{results:?}");
    let left = [account(app, OLD).await, account(app, "eve@example.com").await];
    assert_eq!(left.iter().flatten().count(), 1, "the loser keeps the old address");
    assert!(account(app, NEW).await.is_some());
    // The loser's change is canceled, and the winner's notices are the only ones.
    let changed = |mail: &&Mail| mail.subject.contains("was changed");
    assert_eq!(sent(app).await.iter().filter(changed).count(), 2);
    for browser in [&ada, &eve] {
        assert!(!page(browser, "/portal/account").await.contains("Cancel the change"));
    }
}

async fn ml_21_an_account_that_is_created_meanwhile_wins(app: &TestApp) {
    let browser = ada(app).await;
    let (old, new) = ask(app, &browser).await;
    confirm(&app.browser(), &new).await;
    let bought = app.issue(NEW).await;
    let shown = confirm(&app.browser(), &old).await;
    assert!(shown.contains("got an account of its own in the meantime"), "{shown}");
    assert!(account(app, OLD).await.is_some());
    assert_eq!(account(app, NEW).await.map(|account| account.id), Some(bought.owner.id));
}

async fn ml_21_links_work_once_under_a_race(app: &TestApp) {
    let browser = ada(app).await;
    let id = account(app, OLD).await.expect("an account").id.to_string();
    let (old, new) = ask(app, &browser).await;
    let other = app.another_process().await;
    let tries = (0..20).map(|number| {
        let service = if number % 2 == 0 { app.service().clone() } else { other.clone() };
        let token = if number % 4 < 2 { old.clone() } else { new.clone() };
        tokio::spawn(async move { service.confirm_email_change(&token).await })
    });
    let tries: Vec<_> = tries.collect();
    let mut confirmed = 0;
    for result in tries {
        match result.await.expect("no panic") {
            Ok(_) => confirmed += 1,
            Err(EmailChangeLinkError::Refused) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(confirmed, 2, "each link once");
    assert!(account(app, NEW).await.is_some() && account(app, OLD).await.is_none());
    let verbs: Vec<String> = audits(app, "account", &id).await.into_iter().map(|row| row.verb).collect();
    assert_eq!(verbs.iter().filter(|verb| *verb == "account.email_changed").count(), 1, "{verbs:?}");
    assert_eq!(sent(app).await.len(), 2);
}

async fn ml_21_open_sign_in_requests_are_void_afterwards(app: &TestApp) {
    let browser = ada(app).await;
    let (old, new) = ask(app, &browser).await;
    // A person who reads the old mailbox has asked to sign in.
    let thief = app.browser();
    let (link, code) = thief.ask(OLD).await;
    confirm(&app.browser(), &old).await;
    confirm(&app.browser(), &new).await;
    assert_eq!(location(&thief.confirm_link(&link).await), "/login");
    assert_eq!(location(&thief.confirm_code(&code).await), "/login/code");
    assert!(!thief.is_signed_in().await);
}

async fn ml_21_requests_are_limited(app: &TestApp) {
    let browser = ada(app).await;
    for _ in 0..3 {
        ask(app, &browser).await;
    }
    let answer = browser.submit("/fn/request_email_change", &[("email", "other@new.example")]).await;
    assert_eq!(location(&answer), "/portal/account/email");
    assert!(page(&browser, "/portal/account/email").await.contains("Too many requests."));
    assert!(sent(app).await.is_empty());
    // Another account cannot send more to the same address.
    let eve = app.customer("eve@example.com").await;
    eve.submit("/fn/request_email_change", &[("email", NEW)]).await;
    assert!(sent(app).await.iter().all(|mail| mail.to.as_str() != NEW));
}

async fn mistakes_are_said_and_what_was_typed_is_kept(app: &TestApp) {
    let browser = ada(app).await;
    for (typed, says) in [
        ("ada", "That is not an e-mail address."),
        ("a@x.example,b@x.example", "That is not an e-mail address."),
        ("ADA@example.com", "That is the address of your account already."),
    ] {
        let answer = browser.submit("/fn/request_email_change", &[("email", typed)]).await;
        assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/portal/account/email"));
        let shown = page(&browser, "/portal/account/email").await;
        assert!(shown.contains(says) && shown.contains(&format!("value=\"{typed}\"")), "{shown}");
    }
    assert!(sent(app).await.is_empty());
}
