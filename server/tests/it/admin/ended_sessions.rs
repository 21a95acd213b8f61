//! A form of the admin portal that is sent after the session has ended is kept, and strangers still learn nothing.

use std::time::Duration;

use latchkey_licensing::{account::Role, email::EmailAddress};
use latchkey_service::{Operator, StaffRole};
use latchkey_testkit::on_both;
use reqwest::StatusCode;

use crate::{
    admin::{
        staff,
        support::{hidden, page},
    },
    support::app::{Browser, TestApp, essence, location, with_app},
};

on_both!(with_app:
    a_form_is_kept_when_the_session_has_ended,
    a_form_is_kept_until_the_second_factor_is_presented,
    pages_lead_to_the_sign_in_when_the_session_has_ended,
    only_sessions_of_staff_that_ended_by_themselves_are_recognized
);

const HALF_AN_HOUR: Duration = Duration::from_mins(30);
const NOTE: &str = "Called <b>about</b> a \"new\" computer.\nTwo lines & more.";

async fn note_page(app: &TestApp) -> (String, String) {
    let id = app.issue("ada@example.com").await.owner.id.to_string();
    (format!("/admin/customers/{id}/note"), id)
}

/// The notes on the customer's page.
async fn notes(app: &TestApp, id: &str) -> usize {
    let shown = page(&staff(app, Role::Admin).await, &format!("/admin/customers/{id}")).await;
    shown.matches("Called &lt;b&gt;about").count()
}

/// The form that a page keeps, with the entities of its values decoded.
fn kept(shown: &str) -> Vec<(String, String)> {
    let form = shown.split("<form").nth(1).expect("a form");
    let fields = form.split("<input").skip(1).map(|field| {
        let value = |name: &str| field.split(&format!("{name}=\"")).nth(1).expect(name).split('"').next().expect(name);
        let text = value("value").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
        (value("name").to_owned(), text.replace("&#39;", "'").replace("&amp;", "&"))
    });
    fields.collect()
}

async fn a_form_is_kept_when_the_session_has_ended(app: &TestApp) {
    let (path, id) = note_page(app).await;
    // By its idle and by its absolute lifetime.
    for wait in [HALF_AN_HOUR, Duration::from_hours(12)] {
        let before = notes(app, &id).await;
        let browser = staff(app, Role::Support).await;
        let version = hidden(&page(&browser, &path).await, "version");
        app.kit.clock.advance(wait);
        app.service().remove_expired_rows().await.expect("removed");
        let version = version.as_deref().unwrap_or("1");
        let fields = [("text", NOTE), ("note", NOTE), ("version", version), ("empty", "")];
        let answer = browser.submit(&path, &fields).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let shown = answer.text().await.expect("a page");
        let sign_in = format!("href=\"/login?next={path}\"");
        for text in
            ["Your session has ended", "Called &lt;b&gt;about&lt;/b&gt; a", &sign_in, &format!("action=\"{path}\"")]
        {
            assert!(shown.contains(text), "{text}: {shown}");
        }
        let kept = kept(&shown);
        assert_eq!(kept, fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(notes(app, &id).await, before, "nothing was done");
        // Signed in again, the person sends what was kept.
        let again = staff(app, Role::Support).await;
        let kept: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = again.submit(&path, &kept).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.text().await.unwrap_or_default());
        assert_eq!(notes(app, &id).await, before + 1);
    }
}

async fn a_form_is_kept_until_the_second_factor_is_presented(app: &TestApp) {
    let (path, id) = note_page(app).await;
    let email = EmailAddress::parse("new@example.com").expect("an address");
    let host = app.service().admin(Operator::Host);
    let (_, link) = host.add_staff(&email, StaffRole::Support, &Operator::Host.fresh()).await.expect("added");
    let browser = app.browser();
    browser.submit("/fn/confirm_host_link", &[("token", link.url.rsplit('/').next().expect("a token"))]).await;
    let answer = browser.submit(&path, &[("text", NOTE)]).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let shown = answer.text().await.expect("a page");
    assert!(shown.contains(&format!("href=\"/login/confirm?next={path}\"")), "{shown}");
    assert_eq!(kept(&shown), [("text".to_owned(), NOTE.to_owned())]);
    assert_eq!(notes(app, &id).await, 0);
}

async fn pages_lead_to_the_sign_in_when_the_session_has_ended(app: &TestApp) {
    let browser = staff(app, Role::Admin).await;
    app.kit.clock.advance(HALF_AN_HOUR);
    for (path, to) in [
        ("/admin", "/login?next=/admin"),
        ("/admin/licenses?status=expired", "/login?next=/admin/licenses%3Fstatus%3Dexpired"),
    ] {
        let answer = browser.get(path).await;
        assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, to));
    }
    // Nothing else is there for such a browser.
    for path in ["/fn/admin/session", "/admin", "/admin/nothing"] {
        assert_eq!(browser.submit(path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

/// Sends a note and expects the same response as for an address where nothing is.
async fn is_refused_as_a_stranger(browser: &Browser<'_>, path: &str, who: &str) {
    let nothing = essence(browser.submit("/nothing/customers/x/note", &[("text", NOTE)]).await).await;
    assert_eq!(nothing.0, StatusCode::NOT_FOUND);
    assert_eq!(essence(browser.submit(path, &[("text", NOTE)]).await).await, nothing, "{who}");
    let nothing = essence(browser.get("/nothing/customers/x/note").await).await;
    assert_eq!(essence(browser.get(path).await).await, nothing, "{who}");
}

async fn only_sessions_of_staff_that_ended_by_themselves_are_recognized(app: &TestApp) {
    let (path, _) = note_page(app).await;
    is_refused_as_a_stranger(&app.browser(), &path, "a stranger").await;
    let customer = app.customer("ada@example.com").await;
    is_refused_as_a_stranger(&customer, &path, "a customer").await;
    app.kit.clock.advance(Duration::from_hours(8 * 24));
    is_refused_as_a_stranger(&customer, &path, "a customer whose session has ended").await;

    let browser = staff(app, Role::Support).await;
    app.kit.clock.advance(HALF_AN_HOUR + Duration::from_hours(12));
    is_refused_as_a_stranger(&browser, &path, "long after the end").await;

    let browser = staff(app, Role::Support).await;
    app.kit.clock.advance(HALF_AN_HOUR);
    let host = app.service().admin(Operator::Host);
    let support = EmailAddress::parse("support@example.com").expect("an address");
    host.disable_account(&support).await.expect("disabled");
    is_refused_as_a_stranger(&browser, &path, "a disabled account").await;

    let browser = staff(app, Role::Admin).await;
    let other = staff(app, Role::Admin).await;
    other.submit("/fn/end_all_sessions", &[]).await;
    is_refused_as_a_stranger(&browser, &path, "a session that was ended").await;
}
