//! Where a sign-in may lead: to pages of the portal and nowhere else (ML-13).

use latchkey_licensing::{air_gap, portal_paths};

use crate::routes::{FormTarget, Guard, Page, sign_in_for};

/// A path of the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPath(String);

impl NextPath {
    /// The page that shows a request of a computer without a network. A text that is not spelled like a
    /// request may be somebody's license key: none of it stands in the address.
    pub fn of_request(text: &str) -> Self {
        let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        Self::parse(&portal_paths::offline_request(&text)).unwrap_or_else(|| Self(portal_paths::offline_request("x")))
    }

    /// Where a sign-in leads from that a request for this path met: the page itself, or the page that has
    /// the form which asked.
    pub fn after_sign_in(path: &str, query: Option<&str>) -> Option<Self> {
        let whole = query.map(|query| format!("{path}?{query}"));
        let page = || Self::parse(path).or_else(|| FormTarget::page_of(path).map(|page| Self(page.path())));
        whole.as_deref().and_then(Self::parse).or_else(page)
    }

    /// Like [`Self::parse`], but a page with a query that it does not know is that page without it.
    pub fn nearest(text: &str) -> Option<Self> {
        match text.split_once('?') {
            Some((path, query)) => Self::after_sign_in(path, Some(query)),
            None => Self::parse(text),
        }
    }

    /// Reads a path. `None` for everything that is not spelled exactly like a page of the portal: no
    /// escapes, no other origin in any disguise, and no query but a request of a computer without a
    /// network, which a scanned code opens.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(request) = text.strip_prefix(&portal_paths::offline_request("")) {
            let is_request = request.starts_with("lk1.")
                && request.len() <= air_gap::MAX_BYTES
                && request.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
            return is_request.then(|| Self(text.to_owned()));
        }
        let page = Page::parse(text)?;
        (Guard::of(text) == Guard::SignedIn).then(|| Self(page.path())).filter(|next| next.0 == text)
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The sign-in page that leads here.
    pub fn sign_in(&self) -> String {
        // The portal's first page is where a sign-in leads anyway.
        if Page::parse(&self.0) == Some(Page::Overview) { Page::SignIn.path() } else { sign_in_for(&self.0) }
    }
}

/// A page of ours to come back to: of the portal, or of the sign-in.
pub fn own_page(text: &str) -> Option<String> {
    if let Some(page) = Page::parse(text).filter(|_| Guard::of(text) == Guard::Open) {
        return Some(page.path());
    }
    match text.strip_prefix(&sign_in_for("")) {
        Some(next) => {
            let next = next.replace("%2F", "/").replace("%3F", "?").replace("%3D", "=");
            NextPath::nearest(&next).map(|next| next.sign_in())
        }
        None => NextPath::nearest(text).map(|path| path.0),
    }
}

#[cfg(test)]
mod tests {
    use super::{NextPath, own_page};

    #[test]
    fn ml_13_pages_to_come_back_to() {
        for own in ["/portal", "/login", "/login/code", "/login/link/Ab_-9", "/login?next=/portal/account"] {
            assert_eq!(own_page(own).as_deref(), Some(own));
        }
        for other in [
            "//evil.example",
            "/login//evil.example",
            "/login/link/",
            "/login/link/a/b",
            "/login?next=//evil.example",
            "/fn/sign_out",
            "",
        ] {
            assert_eq!(own_page(other), None, "{other}");
        }
    }

    #[test]
    fn a_query_that_is_not_known_is_left_out() {
        for (page, to) in [
            ("/portal/offline?request=x", "/portal/offline"),
            ("/portal/account?utm=1", "/portal/account"),
            ("/login?next=/portal/account%3Futm%3D1", "/login?next=/portal/account"),
        ] {
            assert_eq!(own_page(page).as_deref(), Some(to));
        }
        assert_eq!(own_page("//evil.example?request=x"), None);
    }

    #[test]
    fn own_pages_are_taken() {
        let id = "0190f3c2-0000-7000-8000-000000000000";
        for path in [
            "/portal",
            "/portal/licenses",
            "/portal/account",
            "/portal/offline",
            &format!("/portal/licenses/{id}"),
            &format!("/portal/licenses/{id}/new-key"),
            &format!("/portal/licenses/{id}/machines/{id}"),
            &format!("/portal/licenses/{id}/machines/{id}/free"),
        ] {
            assert_eq!(NextPath::parse(path).as_ref().map(NextPath::as_str), Some(path));
        }
    }

    /// A code that a phone scans leads to its request, also through the sign-in.
    #[test]
    fn requests_are_taken_along() {
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
