//! Cookies: names, attributes, and signed values that the browser stores for the server.

use std::sync::Arc;

use cookie::{Cookie, CookieJar, Key, SameSite, time::Duration};
use http::{HeaderMap, HeaderValue, header};
use latchkey_licensing::ids::LicenseId;
use latchkey_service::{BrowserSecret, ConfirmedSignIn, ENDED_SESSION_KEPT, KnownBrowser, SessionToken};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::{
    server_side::{Backend, session_id},
    shared::flash::Flash,
    shared::model::Toast,
};

/// How long a message waits for the page that shows it.
const FLASH_LIFETIME: Duration = Duration::minutes(1);

/// How long what was typed into a form is kept for the form, which may ask for a new sign-in first.
const DRAFT_LIFETIME: Duration = Duration::minutes(15);

/// The longest text that is kept for a form.
const MAX_DRAFT: usize = 320;

/// The longest message about an act, which browsers still accept when each of its letters is escaped.
const MAX_TOAST: usize = 2_500;

/// How cookies are named and signed.
///
/// With https every name starts with `__Host-`, which restricts the cookie to this host, https, and the path
/// `/`. Plain http is only used on localhost, with other names, so that the two are never confused.
#[derive(Clone)]
pub struct CookieKit {
    is_https: bool,
    key: Arc<Key>,
}

impl std::fmt::Debug for CookieKit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CookieKit").field("is_https", &self.is_https).finish_non_exhaustive()
    }
}

impl CookieKit {
    /// Cookies for an origin, signed with a 64-byte key of the instance.
    pub fn new(is_https: bool, key: &[u8; 64]) -> Self {
        Self { is_https, key: Arc::new(Key::from(key)) }
    }

    fn name(&self, name: &str) -> String {
        if self.is_https { format!("__Host-latchkey-{name}") } else { format!("latchkey-{name}") }
    }

    pub fn session_name(&self) -> String {
        self.name("session")
    }

    /// Whether cookies are only sent over https.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    fn build(&self, name: &str, value: String, lifetime: Duration) -> Cookie<'static> {
        Cookie::build((self.name(name), value))
            .path("/")
            .http_only(true)
            .secure(self.is_https)
            // Strict cookies would not be sent when a mail client opens a sign-in link.
            .same_site(SameSite::Lax)
            .max_age(lifetime)
            .build()
    }

    fn read(&self, headers: &HeaderMap, name: &str) -> Option<Cookie<'static>> {
        let wanted = self.name(name);
        let texts = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let mut found =
            texts.flat_map(Cookie::split_parse_encoded).filter_map(Result::ok).filter(|cookie| cookie.name() == wanted);
        let first = found.next()?.into_owned();
        // Two cookies with one name are a sign of tampering, so both are ignored.
        found.next().is_none().then_some(first)
    }

    fn read_signed(&self, headers: &HeaderMap, name: &str) -> Option<String> {
        let cookie = self.read(headers, name)?;
        CookieJar::new().signed(&self.key).verify(cookie).map(|cookie| cookie.value().to_owned())
    }

    fn set_signed(&self, name: &str, value: String, lifetime: Duration) {
        let mut jar = CookieJar::new();
        jar.signed_mut(&self.key).add(self.build(name, value, lifetime));
        jar.delta().for_each(send);
    }

    fn remove(&self, name: &str) {
        send(&self.removal(name));
    }

    /// A cookie that deletes the one with this name. Browsers accept it only with the attributes that
    /// `__Host-` requires.
    fn removal(&self, name: &str) -> Cookie<'static> {
        self.build(name, String::new(), Duration::ZERO)
    }

    /// The secret that ties this browser to its sign-in request.
    pub fn browser_secret(&self, headers: &HeaderMap) -> Option<BrowserSecret> {
        BrowserSecret::parse(self.read(headers, "login")?.value())
    }

    /// Ties a sign-in request to this browser. The cookie outlives the request, so that the browser can learn why a link no
    /// longer works.
    pub(crate) fn set_browser_secret(&self, secret: &BrowserSecret) {
        send(&self.build("login", secret.expose().to_owned(), Duration::hours(1)));
    }

    /// The browser's proof of the addresses that it signed in to before.
    pub(crate) fn known_browser(&self, headers: &HeaderMap) -> Option<KnownBrowser> {
        KnownBrowser::parse(self.read(headers, "known")?.value())
    }

    /// The secret that ties this browser to signing in with a passkey.
    pub(crate) fn passkey_secret(&self, headers: &HeaderMap) -> Option<BrowserSecret> {
        BrowserSecret::parse(self.read(headers, "passkey")?.value())
    }

    /// Ties signing in with a passkey to this browser.
    pub(crate) fn set_passkey_secret(&self, secret: &BrowserSecret) {
        send(&self.build("passkey", secret.expose().to_owned(), Duration::minutes(5)));
    }

    /// Signs the browser in. The cookie stays for as long as the server recognizes the session after its end.
    pub(crate) fn set_session(&self, token: &SessionToken, lifetime: std::time::Duration) {
        let lifetime = Duration::try_from(lifetime + ENDED_SESSION_KEPT).unwrap_or(Duration::ZERO);
        send(&self.build("session", session_id(token).to_string(), lifetime));
        self.remove("login");
    }

    /// Signs the browser in after a sign-in, and remembers that it has signed in.
    pub(crate) fn set_signed_in(&self, confirmed: &ConfirmedSignIn) {
        self.set_session(&confirmed.token, confirmed.lifetime);
        send(&self.build("known", confirmed.known_browser.expose(), Duration::days(180)));
    }

    pub(crate) fn remove_session(&self) {
        self.remove("session");
    }

    /// The secret by which this browser may see its orders.
    pub fn checkout_secret(&self, headers: &HeaderMap) -> Option<BrowserSecret> {
        BrowserSecret::parse(self.read(headers, "checkout")?.value())
    }

    /// A `Set-Cookie` header that lets this browser see its orders.
    pub fn checkout_cookie(&self, secret: &BrowserSecret) -> Option<HeaderValue> {
        header_of(&self.build("checkout", secret.expose().to_owned(), Duration::days(30)))
    }

    /// A `Set-Cookie` header with a message for the next page.
    pub fn flash_cookie(&self, flash: &Flash) -> Option<HeaderValue> {
        let mut jar = CookieJar::new();
        let text = serde_json::to_string(flash).ok()?;
        jar.signed_mut(&self.key).add(self.build("flash", text, FLASH_LIFETIME));
        jar.delta().next().and_then(header_of)
    }

    /// Keeps what was typed into a form, for the form's next view.
    pub(crate) fn keep_draft(&self, form: &str, text: &str) {
        if text.len() <= MAX_DRAFT {
            self.set_signed("draft", format!("{form} {text}"), DRAFT_LIFETIME);
        }
    }

    /// What was typed into the form at this path before. It is shown once.
    pub(crate) fn take_draft(&self, headers: &HeaderMap, form: &str) -> Option<String> {
        let draft = self.read_signed(headers, "draft")?;
        let text = draft.strip_prefix(form)?.strip_prefix(' ')?.to_owned();
        self.remove("draft");
        Some(text)
    }

    /// Allows the next view of a license to show its key, once and for a short time.
    pub(crate) fn allow_reveal(&self, license: LicenseId) {
        self.set_signed("reveal", license.to_string(), Duration::seconds(30));
    }

    /// Whether this view of a license may show its key. Uses up the permission.
    pub(crate) fn take_reveal(&self, headers: &HeaderMap, license: LicenseId) -> bool {
        let allowed = self.read_signed(headers, "reveal").is_some_and(|allowed| allowed == license.to_string());
        if allowed {
            self.remove("reveal");
        }
        allowed
    }

    /// The theme that was chosen in the browser. `None` follows the system.
    pub fn theme(&self, headers: &HeaderMap) -> Option<Theme> {
        Theme::parse(self.read(headers, "theme")?.value())
    }

    /// A `Set-Cookie` header with the message about an act of staff. `None` if it is too long for a cookie.
    pub(crate) fn toast_cookie(&self, toast: &Toast) -> Option<HeaderValue> {
        let text = serde_json::to_string(toast).ok().filter(|text| text.len() <= MAX_TOAST)?;
        let mut jar = CookieJar::new();
        jar.signed_mut(&self.key).add(self.build("toast", text, FLASH_LIFETIME));
        jar.delta().next().and_then(header_of)
    }

    /// The message about an act of staff. It is shown once.
    pub(crate) fn take_toast(&self, headers: &HeaderMap) -> Option<Toast> {
        let text = self.read_signed(headers, "toast")?;
        self.remove("toast");
        serde_json::from_str(&text).ok()
    }

    /// Whether a message waits for the next page.
    pub fn has_flash(&self, headers: &HeaderMap) -> bool {
        self.read_signed(headers, "flash").is_some()
    }

    /// The message for this page. It is shown once.
    pub(crate) fn take_flash(&self, headers: &HeaderMap) -> Option<Flash> {
        let text = self.read_signed(headers, "flash")?;
        self.remove("flash");
        serde_json::from_str(&text).ok()
    }
}

/// Sets a message for the next page.
pub(crate) fn set_flash(flash: &Flash) {
    if let (Some(backend), Ok(text)) = (use_context::<Backend>(), serde_json::to_string(flash)) {
        backend.cookies.set_signed("flash", text, FLASH_LIFETIME);
    }
}

/// A theme that can be chosen. Without a choice, pages follow the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// The word in the cookie and in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text)
    }
}

/// The theme chosen in this browser. `None` follows the system.
pub(crate) fn theme() -> Option<&'static str> {
    let parts = super::parts().ok()?;
    use_context::<Backend>()?.cookies.theme(&parts.headers).map(Theme::as_str)
}

/// Stores the theme chosen in this browser. Anything except light and dark follows the system.
pub(crate) fn set_theme(backend: &Backend, theme: &str) {
    match Theme::parse(theme) {
        Some(theme) => send(&backend.cookies.build("theme", theme.as_str().to_owned(), Duration::days(365))),
        None => backend.cookies.remove("theme"),
    }
}

/// Whether single letters are shortcuts in this browser, as they are by default.
pub(crate) fn has_letter_keys() -> bool {
    let cookie =
        super::parts().ok().and_then(|parts| use_context::<Backend>()?.cookies.read(&parts.headers, "letter-keys"));
    cookie.is_none_or(|cookie| cookie.value() != "off")
}

/// Stores whether single letters are shortcuts in this browser.
pub(crate) fn set_letter_keys(backend: &Backend, are_on: bool) {
    if are_on {
        backend.cookies.remove("letter-keys");
    } else {
        send(&backend.cookies.build("letter-keys", "off".to_owned(), Duration::days(365)));
    }
}

fn send(cookie: &Cookie<'_>) {
    if let (Some(response), Some(value)) = (use_context::<ResponseOptions>(), header_of(cookie)) {
        response.append_header(header::SET_COOKIE, value);
    }
}

fn header_of(cookie: &Cookie<'_>) -> Option<HeaderValue> {
    HeaderValue::from_str(&cookie.encoded().to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removals_have_the_required_attributes() {
        let text = CookieKit::new(true, &[7; 64]).removal("session").encoded().to_string();
        assert_eq!(text, "__Host-latchkey-session=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0");
        let text = CookieKit::new(false, &[7; 64]).removal("session").encoded().to_string();
        assert_eq!(text, "latchkey-session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    }
}
