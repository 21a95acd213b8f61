//! A server on the loopback address, and its clients.

use std::{
    fmt::Debug,
    net::SocketAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use latchkey_app::server_side::{session_id, session_token};
use latchkey_licensing::{
    email::EmailAddress,
    entitlement::{Entitlement, EntitlementCode},
    ids::{AccountId, EntitlementId, OrderId, PolicyId},
    money::Money,
    order::{Order, OrderKind, OrderLine, OrderStatus},
    policy::Policy,
    public_key::PublicKey,
};
use latchkey_server::{
    http,
    listener::{self, Limits},
    settings::Settings,
};
use latchkey_service::{
    HostLink, IssuedLicense, Notify, Operator, Options, Ports, Service, SessionToken, StaffRole, StoredPayment, Vault,
    ports::payments::Payments,
};
use latchkey_store::NewSession;
use latchkey_testkit::{Backend, SeededEntropy, TestClock, TestService, UNLIMITED};
use latchkey_wire::signature::{SignedHeaders, Target, verify};
use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode,
    cookie::{CookieStore, Jar},
    header, redirect,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    task::AbortHandle,
};

pub(crate) const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

/// Runs a test on this process's only runtime, as in the real program.
pub(crate) fn run(test: impl Future<Output = ()>) {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime"));
    RUNTIME.block_on(test);
}

/// Runs a test against a server with production's limits. For [`latchkey_testkit::on_both`].
pub(crate) fn with_app(backend: Backend, test: impl AsyncFnOnce(&TestApp)) {
    run(async { test(&TestApp::start(backend).await).await });
}

/// The same for a test whose apps exceed production's limits.
pub(crate) fn with_unlimited_app(backend: Backend, test: impl AsyncFnOnce(&TestApp)) {
    run(async { test(&TestApp::start_unlimited(backend).await).await });
}

/// The same for a test that starts the server itself.
pub(crate) fn with_backend(backend: Backend, test: impl AsyncFnOnce(Backend)) {
    run(async { test(backend).await });
}

/// A running server with everything it needs. Dropping it stops the server and deletes its database.
pub(crate) struct TestApp {
    serving: AbortHandle,
    pub(crate) address: SocketAddr,
    pub(crate) kit: TestService,
    pub(crate) public_key: PublicKey,
}

impl TestApp {
    pub(crate) async fn start(backend: Backend) -> Self {
        Self::start_with(backend, |_, _| {}).await
    }

    /// Without rate limits for apps. All other servers have production's limits.
    pub(crate) async fn start_unlimited(backend: Backend) -> Self {
        Self::start_with(backend, |_, options| options.api_limits = UNLIMITED).await
    }

    pub(crate) async fn start_with(backend: Backend, change: impl FnOnce(&mut Settings, &mut Options)) -> Self {
        Self::start_selling(backend, Arc::new(TestClock::default()), None, change).await
    }

    /// With a payment provider, which can share the clock.
    pub(crate) async fn start_selling(
        backend: Backend,
        clock: Arc<TestClock>,
        payments: Option<Arc<dyn Payments>>,
        change: impl FnOnce(&mut Settings, &mut Options),
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut settings = Settings::default();
        settings.server.listen = address;
        let mut options = latchkey_testkit::options(&settings.portal_url(), settings.api.limits());
        change(&mut settings, &mut options);
        options.portal_url = settings.portal_url();
        options.admin_url = settings.admin_url();
        options.pages_url = settings.pages_url();
        options.brand = settings.brand.vendor();
        let kit = TestService::with_payments(backend, options, clock, payments).await;
        let public_key = PublicKey::from(&kit.service.keyring().signer().verifying_key());
        let router = http::router(kit.service.clone(), &settings).expect("the settings are valid");
        let limits = Limits::new(&settings.server);
        let serving = tokio::spawn(listener::serve(listener, router, limits, std::future::pending())).abort_handle();
        Self { serving, address, kit, public_key }
    }

    pub(crate) fn service(&self) -> &Service {
        &self.kit.service
    }

    /// The use cases of another process on the same database.
    pub(crate) async fn another_process(&self) -> Service {
        let service = Service::open(
            self.service().store().clone(),
            Ports { clock: self.kit.clock.clone(), entropy: Arc::new(SeededEntropy::new(99)), payments: None },
            Vault::new(&[42; 32]),
            latchkey_testkit::options("http://127.0.0.1", Settings::default().api.limits()),
            None,
        );
        service.await.expect("the use cases open")
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The portal's origin in links, which has a name so that browsers create passkeys.
    pub(crate) fn portal_origin(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// A customer with a license.
    pub(crate) async fn issue(&self, email: &str) -> IssuedLicense {
        self.issue_under(email, "chartgpt-lifetime").await
    }

    /// A policy like the demo's, changed by `change`.
    pub(crate) async fn add_policy(&self, code: &str, change: impl FnOnce(&mut Policy)) -> Policy {
        let mut tx = self.service().store().write().await.expect("a transaction");
        let mut policy = tx.list_policies().await.expect("read").remove(0);
        policy.id =
            PolicyId::new(self.service().now(), code.as_bytes().repeat(10)[..10].try_into().expect("ten bytes"));
        policy.code = code.to_owned();
        change(&mut policy);
        tx.insert_policy(&policy).await.expect("inserted");
        tx.commit().await.expect("committed");
        policy
    }

    /// A paid order of a customer, with the payment `pi_` and its id. `number` makes the id unique.
    pub(crate) async fn add_order(&self, account: AccountId, number: usize) -> String {
        let mut tx = self.service().store().write().await.expect("a transaction");
        let now = self.service().now();
        let number = u8::try_from(number).expect("a small number");
        let policy = tx.list_policies().await.expect("read").remove(0).id;
        let amount = Money::new(14_900, "USD".parse().expect("a currency"));
        let order = Order {
            id: OrderId::new(now, [number; 10]),
            kind: OrderKind::Purchase,
            buyer: Some(account),
            account: Some(account),
            browser_hash: [number; 32],
            is_live: false,
            is_subscription: false,
            subtotal: amount,
            total_minor: Some(amount.minor),
            tax_minor: 0,
            discount_minor: 0,
            paid_minor: amount.minor,
            refunded_minor: 0,
            status: OrderStatus::Paid,
            hold: None,
            released_at: None,
            unsent_mail: None,
            has_fraud_warning: false,
            checkout: Some(format!("cs_test_{number}")),
            customer: Some(format!("cus_{number}")),
            subscription: None,
            expires_at: None,
            email: Some("ada@example.com".to_owned()),
            buyer_name: None,
            version: 1,
            created_at: now,
            updated_at: now,
            paid_at: Some(now),
            delivered_at: Some(now),
        };
        let line = OrderLine {
            number: 1,
            price_code: "chartgpt-lifetime".to_owned(),
            stripe_price: "price_1".to_owned(),
            policy,
            quantity: 1,
            unit_minor: amount.minor,
        };
        tx.insert_order(&order).await.expect("inserted");
        tx.insert_order_lines(order.id, &[line]).await.expect("inserted");
        let payment = StoredPayment {
            id: format!("pi_{}", order.id),
            paid_minor: amount.minor,
            paid_at: now,
            invoice: None,
            period_ends_at: None,
            refunds: Vec::new(),
            disputes: Vec::new(),
        };
        tx.set_order_payments(order.id, &[payment]).await.expect("inserted");
        tx.commit().await.expect("committed");
        order.id.to_string()
    }

    /// An entitlement that no policy grants.
    pub(crate) async fn add_entitlement(&self, code: &str) {
        let mut tx = self.service().store().write().await.expect("a transaction");
        let now = self.service().now();
        let id = EntitlementId::new(now, code.as_bytes().repeat(10)[..10].try_into().expect("ten bytes"));
        let code = EntitlementCode::parse(code).expect("a code");
        tx.insert_entitlement(&Entitlement { id, code, name: "Extra".to_owned(), created_at: now, updated_at: now })
            .await
            .expect("inserted");
        tx.commit().await.expect("committed");
    }

    /// A customer with a license under this policy.
    pub(crate) async fn issue_under(&self, email: &str, policy: &str) -> IssuedLicense {
        let email = EmailAddress::parse(email).expect("an address");
        self.service().admin(Operator::Host).issue_license(&email, policy, Notify::Nobody).await.expect("issued")
    }

    /// A browser with its own cookies.
    pub(crate) fn browser(&self) -> Browser<'_> {
        self.browser_named(CHROME)
    }

    /// A browser that calls itself this.
    pub(crate) fn browser_named(&self, agent: &str) -> Browser<'_> {
        Browser::new(self, agent, Arc::default())
    }

    /// The browser of a signed-in customer with this address.
    pub(crate) async fn customer(&self, email: &str) -> Browser<'_> {
        let email = EmailAddress::parse(email).expect("an address");
        let admin = self.service().admin(Operator::Host);
        admin.add_customer(&email, None).await.expect("there is a customer");
        self.signed_in(admin.sign_in_link(&email, &Operator::Host.fresh()).await.expect("a link")).await
    }

    /// The browser of a signed-in account with the role `support` and a second factor.
    pub(crate) async fn support(&self) -> Browser<'_> {
        self.staff("support@example.com", StaffRole::Support).await
    }

    /// The browser of a signed-in admin with a second factor.
    pub(crate) async fn admin(&self) -> Browser<'_> {
        self.staff("admin@example.com", StaffRole::Admin).await
    }

    /// A browser with a session that has just got its second factor. How people get there is tested elsewhere.
    async fn staff(&self, email: &str, role: StaffRole) -> Browser<'_> {
        let email = EmailAddress::parse(email).expect("an address");
        let admin = self.service().admin(Operator::Host);
        let (account, _) = admin.add_staff(&email, role, &Operator::Host.fresh()).await.expect("added");
        let now = self.service().now();
        let id = self.service().new_id().expect("an id");
        let token = SessionToken::from_bytes(*id.as_bytes());
        let mut tx = self.service().store().write().await.expect("a transaction");
        tx.insert_session(&NewSession {
            id: id.into(),
            token_hash: Sha256::digest(token.expose()).into(),
            account: account.id,
            agent: "Chrome on Linux",
            network: "127.0.0.0/24",
            now,
            expires_at: now.plus(Duration::from_hours(12)),
            second_factor_at: Some(now),
            may_enroll_until: None,
        })
        .await
        .expect("inserted");
        tx.commit().await.expect("committed");
        let jar = Arc::new(Jar::default());
        let url = self.origin().parse().expect("a URL");
        jar.add_cookie_str(&format!("latchkey-session={}; Path=/", session_id(&token)), &url);
        Browser::new(self, CHROME, jar)
    }

    /// Signed in with a link from the host's command line, which no limit counts.
    pub(crate) async fn signed_in(&self, link: HostLink) -> Browser<'_> {
        let browser = self.browser();
        let token = link.url.rsplit('/').next().expect("a token");
        let answer = browser.submit("/fn/confirm_host_link", &[("token", token)]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert!(is_first_page(location(&answer)), "{}", location(&answer));
        browser
    }

    /// An app with a license key, or without one.
    pub(crate) fn desktop(&self, key: Option<&str>) -> Desktop<'_> {
        // A redirect is a response like others, whose signature is checked.
        let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        Desktop { app: self, key: key.map(str::to_owned), client, writes_bookkeeping: true }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A browser with forms and cookies.
pub(crate) struct Browser<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) client: Client,
    jar: Arc<Jar>,
}

impl<'a> Browser<'a> {
    fn new(app: &'a TestApp, agent: &str, jar: Arc<Jar>) -> Self {
        let client = Client::builder().cookie_provider(Arc::clone(&jar)).redirect(redirect::Policy::none());
        Self { app, client: client.user_agent(agent).build().expect("a client"), jar }
    }

    /// The account that is signed in, which forms of its pages name.
    pub(crate) async fn account(&self) -> Option<AccountId> {
        let cookies = self.jar.cookies(&self.app.origin().parse().expect("a URL"))?;
        let session = cookies.to_str().ok()?.split("; ").find_map(|cookie| cookie.strip_prefix("latchkey-session="))?;
        let token = session_token(session.parse().ok()?);
        let mut reader = self.app.service().store().read_without_snapshot().await.expect("a reader");
        let found = reader.find_session_with_account(&Sha256::digest(token.expose()).into()).await.expect("read");
        found.map(|(_, account)| account.id)
    }

    /// The browser's cookies, as it sends them.
    pub(crate) fn cookies(&self) -> String {
        let cookies = self.jar.cookies(&self.app.origin().parse().expect("a URL"));
        cookies.and_then(|cookies| Some(cookies.to_str().ok()?.to_owned())).unwrap_or_default()
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        let request = self.client.get(format!("{}{path}", self.app.origin())).header(header::ACCEPT, "text/html");
        let answer = request.send().await.expect("an answer");
        self.app.service().write_bookkeeping().await.expect("written");
        answer
    }

    /// A form as the browser submits it without scripts, from a page that was made for the account that is signed in, unless
    /// its fields say otherwise.
    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.app.origin()));
        let request = request.header(header::ACCEPT, "text/html").header("sec-fetch-site", "same-origin");
        let names_owner = path.starts_with("/fn/") || path == "/portal/account/export";
        let is_named = fields.iter().any(|(name, _)| *name == "account");
        let owner = if names_owner && !is_named { self.account().await } else { None };
        let owner = owner.map(|owner| owner.to_string());
        let fields: Vec<_> = fields.iter().copied().chain(owner.as_deref().map(|owner| ("account", owner))).collect();
        request.form(&fields)
    }

    pub(crate) async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.form(path, fields).await.send().await.expect("an answer")
    }

    /// Requests a sign-in mail and returns the link's token and the code.
    pub(crate) async fn ask(&self, email: &str) -> (String, String) {
        let answer = self.submit("/fn/request_sign_in", &[("email", email)]).await;
        assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/login/code"));
        self.app.kit.deliver_mail().await;
        // Mails about the account may have been sent, too.
        let mails = self.app.kit.mail.take();
        let mail = mails.iter().rfind(|mail| mail.text.contains("Or type this code")).expect("a mail");
        secrets_in(&mail.text)
    }

    pub(crate) async fn confirm_code(&self, code: &str) -> Response {
        self.submit("/fn/confirm_code", &[("code", code)]).await
    }

    pub(crate) async fn confirm_link(&self, token: &str) -> Response {
        self.submit("/fn/confirm_link", &[("token", token)]).await
    }

    pub(crate) async fn sign_in(&self, email: &str) {
        let (token, _) = self.ask(email).await;
        let answer = self.confirm_link(&token).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert!(is_first_page(location(&answer)), "{}", location(&answer));
    }

    pub(crate) async fn is_signed_in(&self) -> bool {
        self.get("/portal").await.status() == StatusCode::OK
    }
}

/// The token and code in a sign-in mail.
pub(crate) fn secrets_in(text: &str) -> (String, String) {
    let after = |mark: &str| text.lines().skip_while(|line| !line.contains(mark)).nth(1).expect("a line").to_owned();
    let link = after("Open this link");
    (link.rsplit('/').next().expect("a token").to_owned(), after("Or type this code"))
}

/// Waits until `look` returns `wanted`, however busy the machine is.
pub(crate) async fn eventually<T: PartialEq + Debug>(wanted: T, look: impl AsyncFn() -> T) {
    let waiting = async {
        while look().await != wanted {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    if tokio::time::timeout(Duration::from_mins(2), waiting).await.is_err() {
        assert_eq!(look().await, wanted, "after two minutes");
    }
}

/// Whether a path is the page that customers or staff see first.
fn is_first_page(path: &str) -> bool {
    matches!(path, "/portal" | "/admin")
}

pub(crate) fn location(answer: &Response) -> &str {
    answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Everything visible in a response except for its date and ids, for comparing responses.
pub(crate) async fn essence(answer: Response) -> (StatusCode, String, Vec<String>, String) {
    let status = answer.status();
    let to = location(&answer).to_owned();
    let mut names: Vec<String> = answer.headers().keys().map(ToString::to_string).collect();
    names.sort();
    (status, to, names, answer.text().await.expect("a body"))
}

/// A desktop app that checks all signatures.
pub(crate) struct Desktop<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) key: Option<String>,
    pub(crate) client: Client,
    /// Whether bookkeeping is written after each response, so that tests see it.
    pub(crate) writes_bookkeeping: bool,
}

/// A response with a checked signature.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["errors"][0]["code"].as_str().unwrap_or_default()
    }

    /// The JSON pointer in an error.
    pub(crate) fn pointer(&self) -> &str {
        self.body["errors"][0]["source"]["pointer"].as_str().unwrap_or_default()
    }
}

impl Desktop<'_> {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body.to_string())).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<String>) -> Answer {
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.app.origin()));
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, format!("License {key}"));
        }
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/vnd.api+json").body(body);
        }
        self.check(&method, path, request).await
    }

    /// A signed response that is not a document.
    pub(crate) async fn text(&self, path: &str) -> (u16, header::HeaderMap, String) {
        let mut request = self.client.get(format!("{}{path}", self.app.origin()));
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, format!("License {key}"));
        }
        let (status, headers, bytes) = self.checked(&Method::GET, path, request).await;
        (status, headers, String::from_utf8(bytes).expect("text"))
    }

    pub(crate) async fn check(&self, method: &Method, path: &str, request: RequestBuilder) -> Answer {
        let (status, headers, bytes) = self.checked(method, path, request).await;
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
        Answer { status, headers, body }
    }

    /// Sends a request and checks the response's signature.
    async fn checked(&self, method: &Method, path: &str, request: RequestBuilder) -> (u16, header::HeaderMap, Vec<u8>) {
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await.expect("a body");
        if self.writes_bookkeeping {
            self.app.service().write_bookkeeping().await.expect("written");
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let signed = SignedHeaders { date: text("date"), digest: text("digest"), signature: text("keygen-signature") };
        let host = self.app.address.to_string();
        let target = Target { method: method.as_str(), path_and_query: path, host: &host };
        assert!(verify(&self.app.public_key, target, &signed, &bytes), "{method} {path}: {status} is not signed");
        assert_eq!((text("keygen-date"), text("keygen-digest")), (signed.date, signed.digest), "{method} {path}");
        assert!(text("keygen-version").starts_with("1."), "{method} {path}");
        (status, headers, bytes.to_vec())
    }

    pub(crate) async fn activate(&self, fingerprint: &str) -> Answer {
        let attributes = serde_json::json!({ "fingerprint": fingerprint, "name": format!("PC {fingerprint}"), "platform": "linux", "cores": 4 });
        self.post("/v1/machines", serde_json::json!({ "data": { "type": "machines", "attributes": attributes } })).await
    }

    /// The same as [`activate`](Self::activate), repeated while the server is overloaded, as apps do. On a busy computer
    /// some of many concurrent activations are refused with 503.
    pub(crate) async fn activate_when_available(&self, fingerprint: &str) -> Answer {
        let mut answer = self.activate(fingerprint).await;
        for _ in 0..60 {
            if answer.status != 503 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
            answer = self.activate(fingerprint).await;
        }
        answer
    }
}
