//! The texts of e-mails. The plain text and the HTML body have the same content.

use askama::Template;
use latchkey_licensing::{brand::Brand, time::Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::error::Internal;

/// The subject and the bodies of a mail, as they are stored, encrypted, in the outbox.
#[derive(Serialize, Deserialize)]
pub(crate) struct MailContent {
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Drop for MailContent {
    fn drop(&mut self) {
        self.text.zeroize();
        self.html.zeroize();
    }
}

/// The data of a sign-in mail.
pub(crate) struct SignInMail<'a> {
    pub(crate) link: String,
    pub(crate) code: String,
    pub(crate) agent: &'a str,
    pub(crate) network: String,
    pub(crate) at: Timestamp,
    pub(crate) minutes: u64,
    pub(crate) brand: &'a Brand,
}

#[derive(Template)]
#[template(path = "sign_in.txt")]
struct SignInText<'a> {
    mail: &'a SignInMail<'a>,
    at: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInHtml<'a> {
    mail: &'a SignInMail<'a>,
    at: String,
}

/// The sign-in mail, with a link and a code.
pub(crate) fn sign_in(mail: &SignInMail<'_>) -> Result<MailContent, Internal> {
    let at = mail.at.human();
    let unrendered = |_| Internal::Invariant("a mail template does not render");
    Ok(MailContent {
        kind: "sign_in".to_owned(),
        // The code is not in the subject, which may be shown on a locked screen.
        subject: format!("Your sign-in link for {}", mail.brand.name),
        text: SignInText { mail, at: at.clone() }.render().map_err(unrendered)?,
        html: SignInHtml { mail, at }.render().map_err(unrendered)?,
    })
}

#[cfg(test)]
mod tests {
    use latchkey_licensing::brand::Support;

    use super::*;

    fn content(agent: &str) -> MailContent {
        let brand = Brand {
            name: "Acme <Draw>".to_owned(),
            legal_name: Some("Acme & Sons".to_owned()),
            support: Support::parse("help@acme.example"),
        };
        sign_in(&SignInMail {
            link: "https://portal.example/login/link/TOKEN".to_owned(),
            code: "ABCD-EFGH".to_owned(),
            agent,
            network: "192.0.2.0/24".to_owned(),
            at: Timestamp::from_unix_micros(1_790_000_000_000_000),
            minutes: 10,
            brand: &brand,
        })
        .expect("renders")
    }

    #[test]
    fn both_bodies_have_the_same_content() {
        let content = content("Firefox on Windows");
        for body in [&content.text, &content.html] {
            for part in [
                "https://portal.example/login/link/TOKEN",
                "ABCD-EFGH",
                "10 minutes",
                "Firefox on Windows",
                "192.0.2.0/24",
                "21 September 2026",
                "did not ask",
                "help@acme.example",
            ] {
                assert!(body.contains(part), "{part} is missing in {body}");
            }
        }
        assert!(!content.subject.contains("ABCD"));
        assert_eq!(content.subject, "Your sign-in link for Acme <Draw>");
        assert!(content.text.contains("Acme <Draw>") && content.text.contains("Acme & Sons"), "{}", content.text);
    }

    #[test]
    fn html_is_escaped() {
        let content = content("<script>alert(1)</script>");
        assert!(!content.html.contains("<script>"));
        assert!(!content.html.contains("<Draw>") && !content.html.contains("Acme & Sons"));
    }
}
