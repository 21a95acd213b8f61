//! Access control: every server function, page and API operation, requested as each actor. The expected
//! statuses are in three tables, and a missing row is a failure.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use latchkey_licensing::{
    account::Role,
    air_gap::{Action, AirGapRequest},
    machine::{Fingerprint, MachineFacts},
};
use latchkey_server::http::{self, api};
use latchkey_testkit::Backend;
use leptos::server_fn::axum::server_fn_paths;
use reqwest::{
    Method, RequestBuilder, header,
    multipart::{Form, Part},
};
use serde_json::json;

use crate::{
    admin::staff,
    support::app::{Browser, TestApp, location, run},
};

/// Who sends the request. The owner comes after actors without access, because an owner's request changes
/// data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Actor {
    /// A browser that is not signed in.
    Stranger,
    /// Another customer.
    Other,
    /// An account with the role `support`, signed in with a second factor.
    Support,
    /// An admin, signed in with a second factor.
    Admin,
    /// An app with another customer's license key.
    OtherToken,
    /// The customer who owns the license and the computer.
    Customer,
    /// An app with that license's key.
    Token,
}

/// The status that each actor gets.
#[derive(Clone, Copy, Debug)]
struct Row {
    stranger: u16,
    customer: u16,
    other: u16,
    support: u16,
    admin: u16,
    token: u16,
    other_token: u16,
}

impl Row {
    fn of(self, actor: Actor) -> u16 {
        match actor {
            Actor::Stranger => self.stranger,
            Actor::Other => self.other,
            Actor::Support => self.support,
            Actor::Admin => self.admin,
            Actor::OtherToken => self.other_token,
            Actor::Customer => self.customer,
            Actor::Token => self.token,
        }
    }
}

const ACTORS: [Actor; 7] =
    [Actor::Stranger, Actor::Other, Actor::Support, Actor::Admin, Actor::OtherToken, Actor::Customer, Actor::Token];

/// The same for all.
const fn all(status: u16) -> Row {
    Row {
        stranger: status,
        customer: status,
        other: status,
        support: status,
        admin: status,
        token: status,
        other_token: status,
    }
}

/// One status for signed-in browsers, another for the rest. A license key does not sign in.
const fn signed_in(status: u16, rest: u16) -> Row {
    Row { customer: status, other: status, support: status, admin: status, ..all(rest) }
}

/// What belongs to the customer. Support and admins have no more access than other customers.
const fn own(status: u16, others: u16, rest: u16) -> Row {
    Row { customer: status, ..signed_in(others, rest) }
}

/// What only support and admins may see. For everyone else it does not exist.
const fn staff_only(status: u16) -> Row {
    Row { support: status, admin: status, ..all(404) }
}

/// What a license key gives access to. A session gives no access to the API.
const fn by_key(status: u16, foreign: u16) -> Row {
    Row { token: status, other_token: foreign, ..all(401) }
}

/// The paths of all server functions.
pub(crate) fn functions() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(path, _)| *path)
}

const FUNCTIONS: [(&str, Row); 61] = [
    ("/fn/account", signed_in(200, 401)),
    // For everyone without a second factor, the admin portal does not exist.
    ("/fn/admin/act", staff_only(200)),
    ("/fn/admin/catalog", staff_only(200)),
    ("/fn/admin/catalog_entry", staff_only(200)),
    ("/fn/admin/choose_letter_keys", staff_only(200)),
    ("/fn/admin/diagnostics", staff_only(200)),
    ("/fn/admin/evidence", staff_only(200)),
    ("/fn/admin/explain", staff_only(200)),
    ("/fn/admin/find", staff_only(200)),
    ("/fn/admin/list", staff_only(200)),
    ("/fn/admin/object", staff_only(200)),
    ("/fn/admin/overview", staff_only(200)),
    ("/fn/admin/session", staff_only(200)),
    ("/fn/cancel_email_change", all(422)),
    ("/fn/cancel_own_email_change", signed_in(200, 401)),
    ("/fn/change_email_form", signed_in(200, 401)),
    ("/fn/confirm_email_change", all(422)),
    ("/fn/confirm_free_computer", own(200, 404, 401)),
    ("/fn/carry_out_request", own(200, 422, 401)),
    ("/fn/choose_theme", all(200)),
    ("/fn/computer", own(200, 404, 401)),
    ("/fn/confirm_code", all(422)),
    ("/fn/confirm_host_link", all(422)),
    ("/fn/confirm_link", all(422)),
    // The response is not one of an authenticator.
    ("/fn/confirm_passkey", signed_in(422, 401)),
    ("/fn/confirm_recovery_code", signed_in(422, 401)),
    // The phrase is not the account's address.
    ("/fn/delete_account", signed_in(422, 401)),
    ("/fn/deletion_form", signed_in(200, 401)),
    ("/fn/downloads", own(200, 404, 401)),
    ("/fn/end_all_sessions", signed_in(200, 401)),
    ("/fn/admin/end_portal_view", staff_only(200)),
    // The response does not say whether there was such a session.
    ("/fn/end_session", signed_in(200, 401)),
    ("/fn/finish_enrollment", signed_in(422, 401)),
    ("/fn/free_computer", own(200, 404, 401)),
    ("/fn/license", own(200, 404, 401)),
    ("/fn/licenses", signed_in(200, 401)),
    ("/fn/order", own(200, 404, 401)),
    ("/fn/orders", signed_in(200, 401)),
    ("/fn/overview", signed_in(200, 401)),
    // As for `read_placed_order`.
    ("/fn/read_canceled_order", own(200, 404, 404)),
    ("/fn/read_email_change", all(200)),
    ("/fn/read_offer", all(200)),
    // The buyer was signed in. Otherwise it would be the buyer's browser.
    ("/fn/read_placed_order", own(200, 404, 404)),
    ("/fn/read_request", own(200, 422, 401)),
    ("/fn/read_sign_in", all(200)),
    // Needs a second factor from the last five minutes.
    ("/fn/remove_passkey", signed_in(403, 401)),
    ("/fn/rename", signed_in(200, 401)),
    ("/fn/rename_computer", own(200, 404, 401)),
    ("/fn/rename_passkey", signed_in(404, 401)),
    ("/fn/replace_key", own(200, 404, 401)),
    ("/fn/replace_recovery_codes", signed_in(403, 401)),
    // Needs a sign-in, or a second factor, within the last five minutes.
    ("/fn/request_email_change", Row { other: 200, ..signed_in(403, 401) }),
    ("/fn/request_sign_in", all(200)),
    ("/fn/reveal_key", own(200, 404, 401)),
    ("/fn/second_factor", signed_in(200, 401)),
    ("/fn/sign_in_with_passkey", all(422)),
    ("/fn/sign_out", all(200)),
    // None of them has a passkey.
    ("/fn/start_confirmation", signed_in(404, 401)),
    // The first passkey of a customer needs a sign-in within the last five minutes, that of staff a link from the host.
    ("/fn/start_enrollment", Row { other: 200, ..signed_in(403, 401) }),
    ("/fn/start_passkey_sign_in", all(200)),
    ("/fn/waiting_message", all(200)),
];

/// Pages, with the paths of the app's router.
const PAGES: [(&str, Row); 59] = [
    ("/admin", staff_only(200)),
    ("/admin/activations", staff_only(200)),
    ("/admin/audit", staff_only(200)),
    ("/admin/bulk/licenses/{act}", staff_only(200)),
    ("/admin/catalog", staff_only(200)),
    // Only admins may change it.
    ("/admin/catalog/new/{kind}", Row { admin: 200, ..staff_only(403) }),
    ("/admin/catalog/{kind}/{code}", staff_only(200)),
    ("/admin/catalog/{kind}/{code}/{act}", Row { admin: 200, ..staff_only(403) }),
    ("/admin/customers", staff_only(200)),
    ("/admin/customers/{customer}", staff_only(200)),
    ("/admin/customers/{customer}/{act}", staff_only(200)),
    // Only admins may see the state of the server.
    ("/admin/diagnostics", Row { admin: 200, ..staff_only(403) }),
    ("/admin/diagnostics/{act}", Row { admin: 200, ..staff_only(403) }),
    ("/admin/events", staff_only(200)),
    // There are no events here.
    ("/admin/events/{event}", all(404)),
    ("/admin/events/{event}/{act}", all(404)),
    // An export needs a second factor from the last five minutes.
    ("/admin/export/{act}", Row { admin: 303, ..staff_only(403) }),
    ("/admin/licenses", staff_only(200)),
    ("/admin/licenses/{license}", staff_only(200)),
    ("/admin/licenses/{license}/{act}", staff_only(200)),
    ("/admin/machines", staff_only(200)),
    ("/admin/machines/{machine}", staff_only(200)),
    // Every act has rows of its own in the tests of the admin portal.
    ("/admin/machines/{machine}/{act}", all(404)),
    ("/admin/mails", staff_only(200)),
    // There are no mails here.
    ("/admin/mails/{mail}", all(404)),
    ("/admin/new/{act}", Row { admin: 200, ..staff_only(403) }),
    ("/admin/orders", staff_only(200)),
    ("/admin/orders/{order}", staff_only(200)),
    ("/admin/orders/{order}/{act}", staff_only(200)),
    ("/admin/search", staff_only(200)),
    ("/admin/shortcuts", staff_only(200)),
    ("/admin/views/{list}/{act}", staff_only(200)),
    ("/checkout/new/{price}", all(200)),
    ("/checkout/{order}/canceled", own(200, 404, 404)),
    ("/checkout/{order}/placed", own(200, 404, 404)),
    // Who is signed in goes on.
    ("/login", signed_in(303, 200)),
    ("/login/code", all(200)),
    ("/login/confirm", signed_in(200, 401)),
    ("/login/deleted", all(200)),
    ("/login/email/{token}", all(200)),
    ("/login/host/{token}", all(200)),
    ("/login/link/{token}", all(200)),
    ("/login/passkey", signed_in(200, 401)),
    ("/login/signed-out", all(200)),
    ("/portal", signed_in(200, 303)),
    ("/portal/account", signed_in(200, 303)),
    ("/portal/account/delete", signed_in(200, 303)),
    ("/portal/account/email", signed_in(200, 303)),
    ("/portal/licenses", signed_in(200, 303)),
    ("/portal/licenses/{license}", own(200, 404, 303)),
    ("/portal/licenses/{license}/downloads", own(200, 404, 303)),
    ("/portal/licenses/{license}/machines/{machine}", own(200, 404, 303)),
    ("/portal/licenses/{license}/machines/{machine}/free", own(200, 404, 303)),
    ("/portal/licenses/{license}/new-key", own(200, 404, 303)),
    ("/portal/offline", signed_in(200, 303)),
    ("/portal/orders", signed_in(200, 303)),
    ("/portal/orders/{order}", own(200, 404, 303)),
    ("/portal/orders/{order}/receipt", own(200, 404, 303)),
    // Only in development builds, as this one.
    ("/styleguide", all(200)),
];

/// All other routes of the server: the route as written in the source, the request, and the statuses.
const ROUTES: [(&str, Method, &str, Row); 36] = [
    // Other methods at the addresses of the admin portal.
    ("&path", Method::POST, "/admin", all(404)),
    // Forms of acts, without a reason or a text. What only admins may do is refused before.
    ("&in_axum(pattern)", Method::POST, "/admin/licenses/{license}/suspend", Row { admin: 422, ..staff_only(403) }),
    ("&in_axum(pattern)", Method::POST, "/admin/licenses/{license}/note", staff_only(422)),
    ("&in_axum(pattern)", Method::POST, "/admin/machines/{machine}/free", staff_only(422)),
    ("&in_axum(pattern)", Method::POST, "/admin/orders/{order}/refund", Row { admin: 422, ..staff_only(403) }),
    ("&in_axum(pattern)", Method::POST, "/admin/diagnostics/test-mail", Row { admin: 303, ..staff_only(403) }),
    ("&in_axum(pattern)", Method::POST, "/admin/catalog/new/products", Row { admin: 422, ..staff_only(403) }),
    (
        "&in_axum(pattern)",
        Method::POST,
        "/admin/catalog/policies/chartgpt-lifetime/edit",
        // It shows what the form would do.
        Row { admin: 200, ..staff_only(403) },
    ),
    ("&in_axum(pattern)", Method::POST, "/admin/bulk/licenses/suspend", Row { admin: 422, ..staff_only(403) }),
    ("&in_axum(pattern)", Method::POST, "/admin/bulk/licenses/revoke", Row { admin: 422, ..staff_only(403) }),
    ("&in_axum(pattern)", Method::POST, "/admin/bulk/licenses/mail-key", staff_only(422)),
    ("&in_axum(pattern)", Method::POST, "/admin/new/licenses", Row { admin: 422, ..staff_only(403) }),
    // An export needs a second factor from the last five minutes.
    ("&in_axum(pattern)", Method::POST, "/admin/export/licenses", staff_only(403)),
    ("&in_axum(pattern)", Method::POST, "/admin/views/licenses/save", staff_only(422)),
    // There is no such view.
    ("&in_axum(pattern)", Method::POST, "/admin/views/licenses/remove", all(404)),
    ("\"/healthz\"", Method::GET, "/healthz", all(200)),
    // Metrics have an address of their own.
    ("\"/metrics\"", Method::GET, "/metrics", all(404)),
    ("\"/pkg/{version}/{*name}\"", Method::GET, "/pkg/x/latchkey.css", all(404)),
    ("\"/readyz\"", Method::GET, "/readyz", all(200)),
    // Files of the vendor's brand, of which this server has none.
    ("&file.path", Method::GET, "/brand/x/accent.css", all(404)),
    // This server has no keys of a payment provider, so the form's page says that nothing is for sale.
    ("&FormTarget::Checkout.path()", Method::POST, "/checkout", all(303)),
    ("&FormTarget::DataExport.path()", Method::POST, "/portal/account/export", signed_in(200, 303)),
    // The same for these, whose order's page says so.
    ("FormTarget::PAYMENT_SETTINGS", Method::POST, "/portal/orders/{order}/payment-settings", own(303, 404, 303)),
    ("PaymentDocument::PATHS", Method::GET, "/portal/orders/{order}/payments/{payment}/receipt", own(303, 404, 303)),
    // Redirects to the page that reads the request, which requires signing in.
    ("&FormTarget::OfflineRequest.path()", Method::POST, "/portal/offline/upload", all(303)),
    (
        "FormTarget::COMPUTER_FILES",
        Method::POST,
        "/portal/licenses/{license}/machines/{machine}/file",
        own(200, 404, 303),
    ),
    // This server has no keys of a payment provider.
    ("PATH", Method::POST, "/webhooks/stripe", all(404)),
    // This server has no builds. Those of other servers have tests of their own.
    ("BUILD", Method::GET, "/downloads/x/1.0.0/setup.exe", all(404)),
    ("BuildTarget::PATHS", Method::GET, "/portal/licenses/{license}/downloads/1.0.0/setup.exe", signed_in(404, 303)),
    ("SEARCH", Method::GET, "/docs/search?q=license", all(200)),
    // Pages that are rendered at startup: the site, the documentation and its files.
    ("path", Method::GET, "/favicon.svg", all(200)),
    ("path", Method::GET, "/robots.txt", all(200)),
    ("path", Method::GET, "/", all(200)),
    ("path", Method::GET, "/docs", all(200)),
    ("path", Method::GET, "/docs/verify/vectors.json", all(200)),
    ("path", Method::GET, "/docs/api/openapi.json", all(200)),
];

/// The operations of the API. Validation by key requires no other credential than the key in its body.
const OPERATIONS: [(&str, Row); 41] = [
    // A key is optional for releases, and there are none here.
    ("get /v1/artifacts", all(400)),
    ("get /v1/releases/{release}", all(404)),
    ("get /v1/releases/{release}/artifacts/{artifact}", all(404)),
    ("get /v1/releases/{release}/upgrade", all(404)),
    ("get /v1/updates/appcast.xml", all(404)),
    ("get /v1/updates/electron/{file}", all(404)),
    ("get /v1/updates/tauri/{target}/{arch}/{version}", all(204)),
    ("get /v1/updates/velopack/{file}", all(404)),
    ("delete /v1/machines/{machine}", by_key(204, 404)),
    ("delete /v1/processes/{process}", by_key(204, 404)),
    ("get /v1/components/{component}", by_key(200, 404)),
    ("get /v1/entitlements/{entitlement}", by_key(200, 200)),
    ("get /v1/licenses", by_key(200, 200)),
    ("get /v1/licenses/{license}", by_key(200, 404)),
    ("get /v1/licenses/{license}/actions/check-out", by_key(200, 404)),
    ("get /v1/licenses/{license}/actions/validate", by_key(200, 404)),
    ("get /v1/licenses/{license}/entitlements", by_key(200, 404)),
    ("get /v1/licenses/{license}/entitlements/{entitlement}", by_key(200, 404)),
    ("get /v1/licenses/{license}/machines", by_key(200, 404)),
    ("get /v1/licenses/{license}/machines/{machine}", by_key(200, 404)),
    ("get /v1/machines", by_key(200, 200)),
    ("get /v1/machines/{machine}", by_key(200, 404)),
    ("get /v1/machines/{machine}/actions/check-out", by_key(200, 404)),
    ("get /v1/machines/{machine}/components", by_key(200, 404)),
    ("get /v1/machines/{machine}/license", by_key(200, 404)),
    ("get /v1/machines/{machine}/processes", by_key(200, 404)),
    ("get /v1/me", by_key(200, 200)),
    ("get /v1/ping", all(200)),
    ("get /v1/processes/{process}", by_key(200, 404)),
    ("patch /v1/machines/{machine}", by_key(200, 404)),
    ("post /v1/licenses/actions/validate-key", all(200)),
    ("post /v1/licenses/{license}/actions/check-in", by_key(200, 404)),
    ("post /v1/licenses/{license}/actions/check-out", by_key(200, 404)),
    ("post /v1/licenses/{license}/actions/increment-usage", by_key(200, 404)),
    ("post /v1/licenses/{license}/actions/validate", by_key(200, 404)),
    ("post /v1/machines", by_key(201, 404)),
    ("post /v1/machines/{machine}/actions/check-out", by_key(200, 404)),
    ("post /v1/machines/{machine}/actions/ping", by_key(200, 404)),
    ("post /v1/machines/{machine}/actions/ping-heartbeat", by_key(200, 404)),
    ("post /v1/processes", by_key(201, 404)),
    ("post /v1/processes/{process}/actions/ping", by_key(200, 404)),
];

/// A customer with a license and a computer, and all actors. Each row has its own, so that rows do not affect
/// each other.
struct World<'a> {
    app: &'a TestApp,
    account: String,
    license: String,
    machine: String,
    /// A component of the computer.
    component: String,
    session: String,
    /// A paid order of the customer.
    order: String,
    /// A computer's air-gap request, made with the license's key.
    request: String,
    key: String,
    other_key: String,
    stranger: Browser<'a>,
    customer: Browser<'a>,
    other: Browser<'a>,
    support: Browser<'a>,
    admin: Browser<'a>,
}

impl<'a> World<'a> {
    async fn new(app: &'a TestApp, number: usize) -> Self {
        let (ada, eve) = (format!("ada{number}@example.com"), format!("eve{number}@example.com"));
        let (issued, foreign) = (app.issue(&ada).await, app.issue(&eve).await);
        let desktop = app.desktop(Some(issued.key.expose()));
        let board = json!({ "type": "components", "attributes": { "fingerprint": "board" } });
        let made = desktop.post(
            "/v1/machines",
            json!({ "data": {
            "type": "machines",
            "attributes": { "fingerprint": "one", "name": "PC one" },
            "relationships": { "components": { "data": [board] } },
        } }),
        );
        let made = made.await;
        let machine = made.body["data"]["id"].as_str().expect("an id").to_owned();
        let component = desktop.get(&format!("/v1/machines/{machine}/components")).await.body["data"][0]["id"].clone();
        let customer = app.customer(&ada).await;
        let mut reader = app.service().store().read().await.expect("a reader");
        let sessions = reader.list_sessions_of(issued.owner.id).await.expect("read");
        let lab = Fingerprint::parse("lab").expect("a fingerprint");
        let now = app.service().now();
        Self {
            app,
            account: issued.owner.id.to_string(),
            license: issued.view.license.id.to_string(),
            machine,
            component: component.as_str().expect("an id").to_owned(),
            order: app.add_order(issued.owner.id, number).await,
            session: sessions.first().expect("a session").id.to_string(),
            request: AirGapRequest::new(Action::Activate, lab, MachineFacts::default(), now, &issued.key).to_text(),
            key: issued.key.expose().to_owned(),
            other_key: foreign.key.expose().to_owned(),
            stranger: app.browser(),
            customer,
            other: app.customer(&eve).await,
            support: staff(app, Role::Support).await,
            admin: staff(app, Role::Admin).await,
        }
    }

    fn browser(&self, actor: Actor) -> &Browser<'a> {
        match actor {
            Actor::Stranger | Actor::Token | Actor::OtherToken => &self.stranger,
            Actor::Other => &self.other,
            Actor::Support => &self.support,
            Actor::Admin => &self.admin,
            Actor::Customer => &self.customer,
        }
    }

    /// A path with the ids of the customer's license and computer.
    fn path(&self, pattern: &str) -> String {
        let pattern = pattern.replace("{license}", &self.license).replace("{machine}", &self.machine);
        let pattern = pattern.replace("{entitlement}", "CHART_ASSISTANT");
        let pattern = pattern.replace("{payment}", &format!("pi_{}", self.order));
        let pattern = pattern.replace("{order}", &self.order).replace("{price}", "chartgpt-lifetime");
        let pattern = pattern.replace("{kind}/{code}", "policies/chartgpt-lifetime").replace("{kind}", "policies");
        let act = match pattern.split('/').nth(2) {
            Some("diagnostics") => "test-mail",
            Some("catalog") => "edit",
            Some("bulk") => "mail-key",
            Some("export" | "new") => "licenses",
            Some("views") => "save",
            _ => "note",
        };
        let pattern = pattern.replace("{customer}", &self.account).replace("{act}", act).replace("{list}", "licenses");
        let pattern = pattern.replace("{event}", "evt_none").replace("{mail}", &self.license);
        let pattern =
            pattern.replace("{release}", "1.0.0").replace("{artifact}", "setup.exe").replace("{file}", "x.yml");
        let pattern = pattern.replace("{target}/{arch}/{version}", "windows/x86_64/1.0.0");
        pattern.replace("{token}", "x")
    }

    fn as_actor(&self, actor: Actor, request: RequestBuilder) -> RequestBuilder {
        match actor {
            Actor::Token => request.header(header::AUTHORIZATION, format!("License {}", self.key)),
            Actor::OtherToken => request.header(header::AUTHORIZATION, format!("License {}", self.other_key)),
            _ => request,
        }
    }

    /// Sends a request after enough time for all limits to recover.
    async fn status(&self, actor: Actor, request: RequestBuilder) -> u16 {
        self.app.kit.clock.advance(Duration::from_mins(2));
        let answer = self.as_actor(actor, request).send().await.expect("an answer");
        assert_secure(answer.url().path(), answer.headers());
        answer.status().as_u16()
    }

    /// A server function as a script calls it, with all arguments that any of them takes.
    async fn call(&self, actor: Actor, path: &str) -> u16 {
        let email = format!("{actor:?}@example.com");
        let id = if path == "/fn/end_session" { &self.session } else { &self.license };
        let note = format!("/admin/licenses/{}/note", self.license);
        let own = self.browser(actor).account().await.map(|account| account.to_string());
        let fields = FIELDS.map(|(name, value)| match name {
            "account" => (name, own.as_deref().unwrap_or(value)),
            "request" => (name, self.request.as_str()),
            "path" => (name, note.as_str()),
            "email" => (name, email.as_str()),
            "id" => (name, id.as_str()),
            "license" => (name, self.license.as_str()),
            "machine" => (name, self.machine.as_str()),
            "order" => (name, self.order.as_str()),
            _ => (name, value),
        });
        let request = self.browser(actor).client.post(format!("{}{path}", self.app.origin()));
        let request = request.header(header::ACCEPT, "application/json").header("sec-fetch-site", "same-origin");
        self.status(actor, request.form(&fields)).await
    }

    /// A page, or a form as a browser submits it.
    async fn visit(&self, actor: Actor, method: &Method, pattern: &str) -> u16 {
        let url = format!("{}{}", self.app.origin(), self.path(pattern));
        let request = self.browser(actor).client.request(method.clone(), url).header(header::ACCEPT, "text/html");
        let request = match pattern {
            _ if method == Method::GET => request,
            "/portal/offline/upload" => {
                request.multipart(Form::new().part("request", Part::text(self.request.clone())))
            }
            "/checkout" => request.form(&[("price", "chartgpt-lifetime"), ("quantity", "1")]),
            "/portal/account/export" => {
                let owner = self.browser(actor).account().await.map(|account| account.to_string());
                request.form(&[("account", owner.unwrap_or_default())])
            }
            _ => request.form(&[("days", "7")]),
        };
        self.app.kit.clock.advance(Duration::from_mins(2));
        let request = self.as_actor(actor, request.header("sec-fetch-site", "same-origin"));
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        assert_secure(pattern, answer.headers());
        let policy = answer.headers()["content-security-policy"].to_str().expect("text").to_owned();
        let body = answer.bytes().await.expect("a body");
        assert_nonce_is_private(pattern, &policy, &String::from_utf8_lossy(&body));
        if status == 200 && method == Method::GET {
            // What the browser takes over with the page must be what the page shows, and not a failure.
            let body = String::from_utf8_lossy(&body);
            let failed = body.lines().flat_map(|line| line.split("__RESOLVED_RESOURCES[")).find(|part| {
                let value = part.split_once("] = ").map_or("", |(_, value)| value);
                value.starts_with(r#""{\"Err\""#)
            });
            assert_eq!(failed, None, "{actor:?} {pattern}");
        }
        status
    }

    /// The body that spawns a process on the computer.
    fn process(&self, pid: &str) -> serde_json::Value {
        let machine = json!({ "data": { "type": "machines", "id": self.machine } });
        json!({ "data": {
            "type": "processes",
            "attributes": { "pid": pid },
            "relationships": { "machine": machine },
        } })
    }

    /// A new process on the computer.
    async fn spawn(&self, pid: &str) -> String {
        self.app.kit.clock.advance(Duration::from_mins(2));
        let made = self.app.desktop(Some(&self.key)).post("/v1/processes", self.process(pid)).await;
        made.body["data"]["id"].as_str().expect("an id").to_owned()
    }

    /// An operation of the API.
    async fn operate(&self, actor: Actor, operation: &str) -> u16 {
        let (method, pattern) = operation.split_once(' ').expect("a method and a path");
        let method: Method = method.to_uppercase().parse().expect("a method");
        let path = self.path(pattern).replace("{component}", &self.component);
        // One that just began, because they do not live long.
        let path = if path.contains("{process}") {
            path.replace("{process}", &self.spawn(&format!("{actor:?}")).await)
        } else {
            path
        };
        let url = format!("{}{path}", self.app.origin());
        let request = self.browser(actor).client.request(method, url);
        let license = json!({ "data": { "type": "licenses", "id": self.license } });
        let body = match operation {
            "post /v1/machines" => json!({ "data": {
                "type": "machines",
                "attributes": { "fingerprint": "two" },
                "relationships": { "license": license },
            } }),
            "patch /v1/machines/{machine}" => json!({ "data": { "attributes": { "name": "Desk" } } }),
            "post /v1/processes" => self.process("two"),
            "post /v1/licenses/actions/validate-key" => json!({ "meta": { "key": self.key } }),
            _ => return self.status(actor, request).await,
        };
        let request = request.header(header::CONTENT_TYPE, "application/vnd.api+json").body(body.to_string());
        self.status(actor, request).await
    }
}

/// WH-04: every response, whatever its status, has all headers that protect browsers.
fn assert_secure(path: &str, headers: &header::HeaderMap) {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    for name in ["x-frame-options", "permissions-policy", "x-request-id", "cache-control"] {
        assert!(headers.contains_key(name), "{path} lacks {name}");
    }
    assert_eq!(text("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(text("cross-origin-opener-policy"), "same-origin", "{path}");
    // None of them lets a path with a secret leave the page (ML-15).
    assert!(matches!(text("referrer-policy"), "no-referrer" | "same-origin" | "strict-origin"), "{path}");
    let is_api = path.starts_with("/v1/");
    let resource_policy = if is_api { "cross-origin" } else { "same-origin" };
    assert_eq!(text("cross-origin-resource-policy"), resource_policy, "{path}");
    let policy = text("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    let shows_nothing = is_api || ["/healthz", "/readyz", "/webhooks/stripe"].contains(&path);
    assert_eq!(shows_nothing, policy == "default-src 'none'; frame-ancestors 'none'", "{path}: {policy}");
}

/// WH-03: the nonce of a page's policy is only in attributes that hide it from style sheets and other programs.
fn assert_nonce_is_private(path: &str, policy: &str, body: &str) {
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next());
    let Some(nonce) = nonce else { return };
    let places = body.matches(nonce).count();
    assert!(places > 0 && places == body.matches(&format!(" nonce=\"{nonce}\"")).count(), "{path} shows its nonce");
}

/// The differences from a table, for one kind of request.
async fn differences<'a>(
    rows: impl Iterator<Item = (&'a str, Row)>,
    ask: impl AsyncFn(&World<'_>, Actor, &str) -> u16,
) -> Vec<String> {
    let app = TestApp::start(Backend::Sqlite).await;
    let mut found = Vec::new();
    for (number, (name, row)) in rows.enumerate() {
        let world = World::new(&app, number).await;
        for actor in ACTORS {
            let status = ask(&world, actor, name).await;
            if status != row.of(actor) {
                found.push(format!("{name} as {actor:?}: {status} and not {}", row.of(actor)));
            }
        }
    }
    found
}

/// Checks that a table has exactly the existing entries.
fn same<'a>(there: impl IntoIterator<Item = String>, table: impl IntoIterator<Item = &'a str>) {
    let there: BTreeSet<String> = there.into_iter().collect();
    let table: BTreeSet<String> = table.into_iter().map(str::to_owned).collect();
    assert!(!there.is_empty());
    let missing: Vec<&String> = there.difference(&table).collect();
    let gone: Vec<&String> = table.difference(&there).collect();
    assert!(missing.is_empty() && gone.is_empty(), "without a row: {missing:?}; rows without an entry: {gone:?}");
}

#[test]
fn wh_17_every_server_function_is_guarded() {
    run(async {
        // The functions are registered by the router.
        drop(TestApp::start(Backend::Sqlite).await);
        same(server_fn_paths().map(|(path, _)| path.to_owned()), FUNCTIONS.map(|(path, _)| path));
        let found =
            Box::pin(differences(FUNCTIONS.into_iter(), async |world, actor, path| world.call(actor, path).await))
                .await;
        assert_eq!(found, [""; 0]);
    });
}

#[test]
fn wh_17_every_page_is_guarded() {
    run(async {
        same(http::page_routes(), PAGES.map(|(path, _)| path));
        let get = Method::GET;
        let found =
            Box::pin(differences(PAGES.into_iter(), async |world, actor, path| world.visit(actor, &get, path).await))
                .await;
        assert_eq!(found, [""; 0]);
    });
}

#[test]
fn wh_17_every_other_route_is_guarded() {
    run(async {
        same(routes_in_source(), ROUTES.map(|(spelled, ..)| spelled));
        let table = ROUTES;
        for method in [Method::GET, Method::POST] {
            let rows = table.iter().filter(|row| row.1 == method).map(|(_, _, path, row)| (*path, *row));
            let found = differences(rows, async |world, actor, path| world.visit(actor, &method, path).await).await;
            assert_eq!(found, [""; 0]);
        }
    });
}

#[test]
fn wh_17_every_operation_is_guarded() {
    run(async {
        let described = api::description();
        let paths = described["paths"].as_object().expect("paths").iter();
        let there = paths.flat_map(|(path, methods)| {
            methods.as_object().expect("methods").keys().map(move |method| format!("{method} {path}"))
        });
        same(there, OPERATIONS.map(|(name, _)| name));
        let found =
            Box::pin(differences(OPERATIONS.into_iter(), async |world, actor, name| world.operate(actor, name).await))
                .await;
        assert_eq!(found, [""; 0]);
    });
}

/// Routes besides the app's pages and the API, as written in the source, because a router cannot list its
/// routes.
fn routes_in_source() -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in sources("src/http") {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for call in [".route_service(", ".nest_service(", ".nest("] {
            assert!(!text.contains(call), "{} has routes that this test does not see: {call}", path.display());
        }
        found.extend(text.split(".route(").skip(1).filter_map(|rest| Some(rest.split_once(',')?.0.trim().to_owned())));
    }
    found
}

/// The source files below a folder of this package.
fn sources(folder: &str) -> Vec<(std::path::PathBuf, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).expect("text");
                files.push((path, text));
            }
        }
    }
    files
}

/// All arguments of server functions.
pub(crate) const FIELDS: [(&str, &str); 28] = [
    ("account", "0190f3c2-0000-7000-8000-000000000000"),
    ("list", "Licenses"),
    ("entry_kind", "policies"),
    ("entry_code", "chartgpt-lifetime"),
    ("text", "ada"),
    ("kind", "License"),
    ("path", "/admin"),
    ("query", ""),
    ("fields[fingerprint]", "one"),
    ("are_on", "true"),
    ("request", "lk1.x.ABCDEFGH"),
    ("response", "{}"),
    ("email", "nobody@example.com"),
    ("code", "0000-0000"),
    ("token", "x"),
    ("theme", "dark"),
    ("back", "//evil.example"),
    ("id", "0190f3c2-0000-7000-8000-000000000000"),
    ("license", "0190f3c2-0000-7000-8000-000000000000"),
    ("machine", "0190f3c2-0000-7000-8000-000000000000"),
    ("name", "x"),
    ("phrase", "x"),
    ("order", "0190f3c2-0000-7000-8000-000000000000"),
    ("page", "1"),
    ("search", "7F3K"),
    ("after", "0190f3c2-0000-7000-8000-000000000000"),
    ("price", "chartgpt-lifetime"),
    ("next", "//evil.example"),
];

/// WH-02 and WH-24: all of them accept only POST, and a plain form ends on this site whatever `Referer` says.
#[test]
fn wh_24_forms_end_on_this_site() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        for (path, method) in server_fn_paths() {
            assert_eq!(method.as_str(), "POST", "{path}");
            let browser = if path.starts_with("/fn/admin/") { staff(&app, Role::Admin).await } else { app.browser() };
            let request = browser.form(path, &FIELDS).await.header("referer", "https://evil.example/x?y");
            let answer = request.send().await.expect("an answer");
            let to = location(&answer);
            assert!(
                to.starts_with('/') && !to.starts_with("//") && !to.contains("evil") && !to.contains("__err"),
                "{path}: {to}"
            );
        }
    });
}

/// This version of the framework does not escape text in a `<textarea>`, so there is one that does it itself. Raw HTML may
/// only come from the documentation's Markdown, which allows none, and from constants.
#[test]
fn one_textarea_and_no_raw_html() {
    let files = sources("../app/src");
    // This one escapes its text.
    let text_area = "admin/components/acts/field.rs";
    for (path, text) in &files {
        for forbidden in ["<textarea", "inner_html", "style="] {
            let owners = [
                "static_pages/docs.rs",
                "static_pages/document.rs",
                "site/prose.rs",
                "checkout/pages/placed.rs",
                text_area,
            ];
            let owns_html = forbidden == "inner_html" && owners.iter().any(|owner| path.ends_with(owner));
            let may = usize::from(owns_html || (forbidden == "<textarea" && path.ends_with(text_area)));
            assert_eq!(text.matches(forbidden).count(), may, "{} holds {forbidden}", path.display());
        }
    }
    assert!(files.len() > 20);
}
