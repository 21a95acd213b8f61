//! Where a sign-in may lead: only to pages of the portals, and to offers (ML-13).

use latchkey_licensing::{air_gap, portal_paths};

use crate::routes::{AdminPage, FormTarget, Guard, Page, sign_in_for};

/// The path of a page of the portal or the admin portal, or of an offer that the visitor wants to buy signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPath(String);

impl NextPath {
    /// The page that shows a request of a computer without internet access. A text that does not look like a
    /// request may be a license key and is left out of the URL.
    pub fn of_request(text: &str) -> Self {
        let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        Self::parse(&portal_paths::offline_request(&text)).unwrap_or_else(|| Self(portal_paths::offline_request("x")))
    }

    /// Where to go after signing in, if a request for this path was rejected: the page itself, or the page
    /// with the form that was sent.
    pub fn after_sign_in(path: &str, query: Option<&str>) -> Option<Self> {
        let whole = query.map(|query| format!("{path}?{query}"));
        let page = || Self::parse(path).or_else(|| FormTarget::page_of(path).map(|page| Self(page.path())));
        whole.as_deref().and_then(Self::parse).or_else(page)
    }

    /// Like [`Self::parse`], but drops an unknown query.
    pub fn nearest(text: &str) -> Option<Self> {
        match text.split_once('?') {
            Some((path, query)) => Self::after_sign_in(path, Some(query)),
            None => Self::parse(text),
        }
    }

    /// Parses a path. `None` for anything that is not exactly the path of such a page: no escapes, no other origin in any
    /// disguise, and no query except for the state of a page of the admin portal, and an air-gap request, which scanning a code
    /// opens.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(request) = text.strip_prefix(&portal_paths::offline_request("")) {
            let is_request = request.starts_with("lk1.")
                && request.len() <= air_gap::MAX_BYTES
                && request.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
            return is_request.then(|| Self(text.to_owned()));
        }
        if let Some(path) = admin_path(text) {
            return Some(Self(path));
        }
        let page = Page::parse(text)?;
        let may_follow = Guard::of(text) == Guard::SignedIn || matches!(page, Page::Offer(_) | Page::NewPasskey);
        may_follow.then(|| Self(page.path())).filter(|next| next.0 == text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The sign-in page that afterwards leads here.
    pub fn sign_in(&self) -> String {
        // Signing in leads to the portal's first page by default.
        if Page::parse(&self.0) == Some(Page::Overview) { Page::SignIn.path() } else { sign_in_for(&self.0) }
    }
}

impl From<NextPath> for String {
    fn from(next: NextPath) -> Self {
        next.0
    }
}

/// A page of this site to return to: in the portal, in the admin portal or in the sign-in.
pub fn internal_path(text: &str) -> Option<String> {
    if let Some(path) = admin_path(text) {
        return Some(path);
    }
    if let Some(page) = Page::parse(text).filter(|_| Guard::of(text) == Guard::Open) {
        return Some(page.path());
    }
    match text.strip_prefix(&sign_in_for("")) {
        Some(next) => {
            let next = next.replace("%2F", "/").replace("%3F", "?").replace("%3D", "=").replace("%26", "&");
            let next = next.replace("%2B", "+").replace("%25", "%");
            NextPath::nearest(&next).map(|next| next.sign_in())
        }
        None => NextPath::nearest(text).map(|path| path.0),
    }
}

/// A page of the admin portal, with the query that holds the state of a list.
fn admin_path(text: &str) -> Option<String> {
    let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
    let is_page = AdminPage::parse(path)?.path() == path;
    let is_plain = |query: &str| query.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%=&+".contains(&byte));
    (is_page && query.is_none_or(is_plain)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{NextPath, internal_path};

    #[test]
    fn ml_13_only_own_pages_are_returned_to() {
        for own in [
            "/portal",
            "/login",
            "/login/code",
            "/login/link/Ab_-9",
            "/login?next=/portal/account",
            "/admin",
            "/admin/search?q=ada%40example.com",
        ] {
            assert_eq!(internal_path(own).as_deref(), Some(own));
        }
        for other in [
            "//evil.example",
            "/login//evil.example",
            "/login/link/",
            "/login/link/a/b",
            "/login?next=//evil.example",
            "/fn/sign_out",
            "/admin/nothing",
            "/admin//evil.example",
            "",
        ] {
            assert_eq!(internal_path(other), None, "{other}");
        }
    }

    #[test]
    fn unknown_queries_are_dropped() {
        for (page, to) in [
            ("/portal/offline?request=x", "/portal/offline"),
            ("/portal/account?utm=1", "/portal/account"),
            ("/admin?next=//evil.example", "/admin"),
            ("/admin/search?q=\r\n", "/admin/search"),
            ("/login?next=/portal/account%3Futm%3D1", "/login?next=/portal/account"),
        ] {
            assert_eq!(internal_path(page).as_deref(), Some(to));
        }
        assert_eq!(internal_path("//evil.example?request=x"), None);
    }

    #[test]
    fn portal_pages_are_accepted() {
        let id = "0190f3c2-0000-7000-8000-000000000000";
        for path in [
            "/portal",
            "/portal/licenses",
            "/portal/account",
            "/portal/offline",
            "/portal/orders",
            "/checkout/new/acme-draw-2",
            &format!("/portal/orders/{id}"),
            &format!("/portal/orders/{id}/receipt"),
            &format!("/portal/licenses/{id}"),
            &format!("/portal/licenses/{id}/new-key"),
            &format!("/portal/licenses/{id}/machines/{id}"),
            &format!("/portal/licenses/{id}/machines/{id}/free"),
        ] {
            assert_eq!(NextPath::parse(path).as_ref().map(NextPath::as_str), Some(path));
        }
    }

    /// A scanned code leads to its request, even if the user has to sign in first.
    #[test]
    fn requests_are_kept_through_the_sign_in() {
        let path = "/portal/offline?request=lk1.eyJhIjoi_-x.ABCD2345";
        let next = NextPath::parse(path).expect("taken");
        assert_eq!(next.sign_in(), "/login?next=/portal/offline%3Frequest%3Dlk1.eyJhIjoi_-x.ABCD2345");
        assert_eq!(NextPath::of_request(" lk1.eyJhIjoi_-x.\r\nABCD2345 "), next);
        for other in ["CGPT-0000-0000-0000-0000-0000-0000-0000", "lk1.a&next=//x", "", "lk1.<script>"] {
            assert_eq!(NextPath::of_request(other).as_str(), "/portal/offline?request=x", "{other}");
        }
        for (path, query, to) in [
            ("/portal/offline", Some("request=lk1.a.b"), Some("/portal/offline?request=lk1.a.b")),
            ("/portal/offline", Some("request=//evil"), Some("/portal/offline")),
            ("/portal/offline", None, Some("/portal/offline")),
            ("/portal/offline/upload", None, Some("/portal/offline")),
            ("/portal/account", Some("a=b"), Some("/portal/account")),
            ("/portal/x", None, None),
        ] {
            let found = NextPath::after_sign_in(path, query);
            assert_eq!(found.as_ref().map(NextPath::as_str), to, "{path} {query:?}");
        }
        let machine =
            "/portal/licenses/0190f3c2-0000-7000-8000-000000000000/machines/0190f3c2-0000-7000-8000-000000000001";
        let found = NextPath::after_sign_in(&format!("{machine}/file"), None);
        assert_eq!(found.as_ref().map(NextPath::as_str), Some(machine));
    }

    #[test]
    fn ml_13_everything_else_is_refused() {
        let payloads = [
            "",
            "/",
            "portal",
            "//evil.example",
            "///evil.example",
            "////evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\\/evil.example",
            "\\/evil.example",
            "/%2f%2fevil.example",
            "%2f%2fevil.example",
            "/%5cevil.example",
            "//%09/evil.example",
            "/\tevil.example",
            "\t//evil.example",
            " //evil.example",
            "/ /evil.example",
            "https://evil.example",
            "http:evil.example",
            "https:/evil.example",
            "https:evil.example",
            "HTTPS://evil.example",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "//user@evil.example",
            "/portal@evil.example",
            "//portal@evil.example",
            "https://portal@evil.example",
            "/portal//evil.example",
            "/portal/../evil",
            "/portal/./account",
            "/portal/..",
            "/..//evil.example",
            "/portal\r\nLocation: https://evil.example",
            "/portal%0d%0aSet-Cookie:x=1",
            "/portal\n",
            "\n/portal",
            "/portal\0",
            "/portal ",
            "/portal?next=//evil.example",
            "/portal/offline?request=//evil.example",
            "/portal/offline?request=lk1.a&x=//evil.example",
            "/portal/offline?request=lk1.%0d%0a",
            "/portal/offline?request=lk1.a#x",
            "/portal/offline?other=lk1.a",
            "/portal/account?request=lk1.a",
            "/portal#//evil.example",
            "/portal/",
            "/portal/licenses/",
            "/portal/licenses/x",
            "/portal/licenses/../../x",
            "/portal/admin",
            "/checkout",
            "/checkout/new/",
            "/checkout/new//evil.example",
            "/checkout/new/acme?quantity=2",
            "/checkout/new/ACME",
            "/checkout/0190f3c2-0000-7000-8000-000000000000/canceled",
            "/checkout/0190f3c2-0000-7000-8000-000000000000/placed",
            "/login",
            "/login/link/x",
            "/fn/sign_out",
            "/v1/ping",
            "/portal/account/x",
            "/PORTAL",
            "/portal;x",
            "/portal\u{2028}",
            "/\u{ff0f}evil.example",
            "/portal/licenses/0190f3c2000070008000000000000000",
            "//evil.example/portal",
            "/.evil.example",
            "@evil.example",
            "//localhost:3000@evil.example",
        ];
        assert!(payloads.len() >= 60);
        for payload in payloads {
            assert_eq!(NextPath::parse(payload), None, "{payload:?}");
        }
    }
}
