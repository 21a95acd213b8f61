//! Browsers that send no `Sec-Fetch-*` headers. All that says where their forms come from is `Origin`, and what they send there
//! depends on the referrer policy of the page with the form.

use latchkey_testkit::{Backend, on_both};
use reqwest::{Response, StatusCode, header};

use crate::support::app::{Browser, TestApp, location, run, secrets_in, with_app};

on_both!(with_app: people_sign_in_and_use_the_portal_without_fetch_metadata);

/// The `Origin` of a form on a page of this site, as <https://fetch.spec.whatwg.org/#append-a-request-origin-header> says.
fn origin_under(policy: &str, origin: &str) -> String {
    // Browsers use the last value that they know.
    match policy.rsplit(',').next().map(str::trim) {
        Some("no-referrer") => "null".to_owned(),
        _ => origin.to_owned(),
    }
}

/// Loads the page with the form and submits it as such a browser does.
async fn submit(browser: &Browser<'_>, page: &str, form: &str, fields: &[(&str, &str)]) -> Response {
    let shown = browser.get(page).await;
    assert_eq!(shown.status(), StatusCode::OK, "{page}");
    let policy = shown.headers()[header::REFERRER_POLICY].to_str().expect("text").to_owned();
    let origin = origin_under(&policy, &browser.app.portal_origin());
    let mut request = browser.form(form, fields).await.build().expect("a request");
    request.headers_mut().remove("sec-fetch-site");
    request.headers_mut().insert(header::ORIGIN, origin.parse().expect("a header"));
    let answer = browser.client.execute(request).await.expect("an answer");
    assert!(answer.status().is_redirection(), "{form} of {page}: {}", answer.status());
    answer
}

async fn people_sign_in_and_use_the_portal_without_fetch_metadata(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let machine = {
        let activated = app.desktop(Some(issued.key.expose())).activate("pc").await;
        activated.body["data"]["id"].as_str().expect("an id").to_owned()
    };
    let license = issued.view.license.id.to_string();
    let (browser, by_code) = (app.browser(), app.browser());
    let ask = async |browser: &Browser<'_>| {
        let asked = submit(browser, "/login", "/fn/request_sign_in", &[("email", "ada@example.com")]).await;
        assert_eq!(location(&asked), "/login/code");
        app.kit.deliver_mail().await;
        secrets_in(&app.kit.mail.take().pop().expect("a mail").text)
    };
    let (token, _) = ask(&browser).await;
    let link = format!("/login/link/{token}");
    // The choice of a theme is a form on every page.
    submit(&browser, &link, "/fn/choose_theme", &[("theme", "dark"), ("back", &link)]).await;
    let signed_in = submit(&browser, &link, "/fn/confirm_link", &[("token", &token)]).await;
    assert_eq!(location(&signed_in), "/portal");
    let (_, code) = ask(&by_code).await;
    let signed_in = submit(&by_code, "/login/code", "/fn/confirm_code", &[("code", &code)]).await;
    assert_eq!(location(&signed_in), "/portal");
    let license_page = format!("/portal/licenses/{license}");
    let machine_page = format!("{license_page}/machines/{machine}");
    let free_page = format!("{machine_page}/free");
    let of_machine = [("license", license.as_str()), ("machine", machine.as_str())];
    submit(&browser, &license_page, "/fn/reveal_key", &[("id", &license)]).await;
    submit(&browser, &machine_page, "/fn/rename_computer", &[of_machine[0], of_machine[1], ("name", "Desk")]).await;
    submit(&browser, &free_page, "/fn/free_computer", &of_machine).await;
    submit(&browser, "/portal/account", "/fn/rename", &[("name", "Ada")]).await;
    let change = [("email", "ada@example.org")];
    submit(&browser, "/portal/account/email", "/fn/request_email_change", &change).await;
    app.kit.deliver_mail().await;
    for mail in app.kit.mail.take() {
        let link =
            mail.text.lines().find_map(|line| line.split_once("/login/email/")).map(|(_, token)| token.to_owned());
        let Some(token) = link else { continue };
        let page = format!("/login/email/{token}");
        submit(&app.browser(), &page, "/fn/confirm_email_change", &[("token", &token)]).await;
    }
    submit(&browser, "/portal/account", "/fn/sign_out", &[]).await;
    assert!(!browser.is_signed_in().await);
}

/// A link from the host, too. Its page keeps the secret out of the header `Referer`.
#[test]
fn host_links_work_without_fetch_metadata() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let admin = app.service().admin(latchkey_service::Operator::Host);
        let email = latchkey_licensing::email::EmailAddress::parse("boss@example.com").expect("an address");
        let added = admin.add_admin(&email, &latchkey_service::Operator::Host.fresh()).await;
        let (_, link) = added.expect("added");
        let token = link.url.rsplit('/').next().expect("a token");
        let page = format!("/login/host/{token}");
        let policy = app.browser().get(&page).await.headers()[header::REFERRER_POLICY].clone();
        assert_eq!(policy, "strict-origin", "neither the path nor an opaque origin is sent");
        let answer = submit(&app.browser(), &page, "/fn/confirm_host_link", &[("token", token)]).await;
        assert_eq!(location(&answer), "/admin");
    });
}
