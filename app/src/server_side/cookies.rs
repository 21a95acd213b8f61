//! Cookies: names, attributes, and what the browser keeps for the server under a signature.

use cookie::{Cookie, CookieJar, Key, SameSite, time::Duration};
use http::{HeaderMap, HeaderValue, header};
use latchkey_licensing::ids::LicenseId;
use latchkey_service::{BrowserSecret, SessionToken};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::{
    server_side::{Backend, session_id},
    shared::flash::Flash,
};

/// How cookies are named and signed.
///
/// Over https every name starts with `__Host-`, which ties the cookie to this host, to https and to
/// the path `/`. Plain http exists on localhost alone and uses other names, so that the two never mix.
#[derive(Clone)]
pub struct CookieKit {
    is_https: bool,
    key: Key,
}

impl std::fmt::Debug for CookieKit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CookieKit").field("is_https", &self.is_https).finish_non_exhaustive()
    }
}

impl CookieKit {
    /// Cookies for an origin, signed with 64 bytes of the instance's own.
    pub fn new(is_https: bool, key: &[u8; 64]) -> Self {
        Self { is_https, key: Key::from(key) }
    }

    fn name(&self, name: &str) -> String {
        if self.is_https { format!("__Host-latchkey-{name}") } else { format!("latchkey-{name}") }
    }

    /// The name of the session cookie.
    pub fn session_name(&self) -> String {
        self.name("session")
    }

    /// Whether cookies are for https alone.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    fn build(&self, name: &str, value: String, lifetime: Duration) -> Cookie<'static> {
        Cookie::build((self.name(name), value))
            .path("/")
            .http_only(true)
            .secure(self.is_https)
            // Strict would not be sent when a mail client opens a sign-in link.
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
        // Two cookies of one name are a sign of tampering: none counts.
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

    /// A cookie that makes the browser drop the one of this name: browsers heed it only with the attributes
    /// that `__Host-` requires.
    fn removal(&self, name: &str) -> Cookie<'static> {
        self.build(name, String::new(), Duration::ZERO)
    }

    /// What this browser holds of its request to sign in.
    pub(crate) fn browser_secret(&self, headers: &HeaderMap) -> Option<BrowserSecret> {
        BrowserSecret::parse(self.read(headers, "login")?.value())
    }

    /// Ties a request to sign in to this browser.
    pub(crate) fn set_browser_secret(&self, secret: &BrowserSecret) {
        send(&self.build("login", secret.expose().to_owned(), Duration::minutes(10)));
    }

    /// Opens a session in this browser.
    pub(crate) fn set_session(&self, token: &SessionToken, lifetime: std::time::Duration) {
        let lifetime = Duration::try_from(lifetime).unwrap_or(Duration::ZERO);
        send(&self.build("session", session_id(token).to_string(), lifetime));
        self.remove("login");
    }

    /// Ends a session in this browser.
    pub(crate) fn remove_session(&self) {
        self.remove("session");
    }

    /// Lets the next view of a license show its key, once and soon.
    pub(crate) fn allow_reveal(&self, license: LicenseId) {
        self.set_signed("reveal", license.to_string(), Duration::seconds(30));
    }

    /// Whether this view of a license may show its key; uses the permission up.
    pub(crate) fn take_reveal(&self, headers: &HeaderMap, license: LicenseId) -> bool {
        let allowed = self.read_signed(headers, "reveal").is_some_and(|allowed| allowed == license.to_string());
        if allowed {
            self.remove("reveal");
        }
        allowed
    }

    /// The message for this page, shown once.
    pub(crate) fn take_flash(&self, headers: &HeaderMap) -> Option<Flash> {
        let text = self.read_signed(headers, "flash")?;
        self.remove("flash");
        serde_json::from_str(&text).ok()
    }
}

/// Leaves a message for the next page.
pub(crate) fn set_flash(flash: &Flash) {
    if let (Some(backend), Ok(text)) = (use_context::<Backend>(), serde_json::to_string(flash)) {
        backend.cookies.set_signed("flash", text, Duration::minutes(1));
    }
}

/// The theme that this browser chose. `None` follows the system.
pub(crate) fn theme() -> Option<&'static str> {
    let parts = super::parts().ok()?;
    let cookie = use_context::<Backend>()?.cookies.read(&parts.headers, "theme")?;
    ["light", "dark"].into_iter().find(|theme| *theme == cookie.value())
}

/// Keeps the theme that this browser chose; anything but light and dark follows the system.
pub(crate) fn set_theme(backend: &Backend, theme: &str) {
    match theme {
        "light" | "dark" => send(&backend.cookies.build("theme", theme.to_owned(), Duration::days(365))),
        _ => backend.cookies.remove("theme"),
    }
}

fn send(cookie: &Cookie<'_>) {
    if let (Some(response), Ok(value)) =
        (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie.encoded().to_string()))
    {
        response.append_header(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removals_are_heeded() {
        let text = CookieKit::new(true, &[7; 64]).removal("session").encoded().to_string();
        assert_eq!(text, "__Host-latchkey-session=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0");
        let text = CookieKit::new(false, &[7; 64]).removal("session").encoded().to_string();
        assert_eq!(text, "latchkey-session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    }
}
