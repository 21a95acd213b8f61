//! Where a sign-in may lead: to pages of the portal and nowhere else (ML-13).

use latchkey_licensing::ids::{LicenseId, MachineId};

/// A path of the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPath(String);

impl NextPath {
    /// Reads a path. `None` for everything that is not spelled exactly like a page of the portal: no
    /// escapes, no query, no other origin in any disguise.
    pub fn parse(text: &str) -> Option<Self> {
        let segments: Vec<&str> = text.strip_prefix('/')?.split('/').collect();
        let is_ours = match segments.as_slice() {
            ["portal"] | ["portal", "licenses" | "account" | "offline"] => true,
            ["portal", "licenses", license] | ["portal", "licenses", license, "new-key"] => {
                license.parse::<LicenseId>().is_ok()
            }
            ["portal", "licenses", license, "machines", machine]
            | ["portal", "licenses", license, "machines", machine, "free"] => {
                license.parse::<LicenseId>().is_ok() && machine.parse::<MachineId>().is_ok()
            }
            _ => false,
        };
        is_ours.then(|| Self(text.to_owned()))
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::NextPath;

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
