//! The layout that all mails share. A [`Letter`] says what a mail contains. The plain text and the HTML body are
//! rendered from it, so that they have the same content.

use askama::Template;
use latchkey_licensing::{brand::Brand, license_key::LicenseKey, portal_paths, text::in_line};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::{
    error::Internal,
    mail::{colors::MailColors, kind::MailKind},
};

/// What all mails of an instance have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Letterhead<'a> {
    pub(crate) brand: &'a Brand,
    pub(crate) colors: &'a MailColors,
    /// The portal's origin, without a trailing slash.
    pub(crate) portal_url: &'a str,
}

/// The content of a mail.
pub(crate) struct Letter<'a> {
    kind: MailKind,
    subject: String,
    heading: String,
    parts: Vec<Part<'a>>,
    reason: String,
}

/// A part of a mail.
enum Part<'a> {
    Paragraph(String),
    /// A paragraph in smaller type.
    Note(String),
    /// Labels with their values.
    Facts(Vec<(&'static str, String)>),
    /// License keys under the name of their license.
    Keys {
        name: String,
        keys: Vec<&'a LicenseKey>,
    },
    /// The next step, as a button. The lead introduces it.
    Action {
        lead: String,
        label: &'static str,
        url: String,
    },
    /// A link that matters less.
    Link {
        label: &'static str,
        url: String,
    },
    /// A code to type.
    Code {
        lead: String,
        code: String,
    },
}

/// The subject and the bodies of a mail, as they are stored, encrypted, in the outbox.
#[derive(Serialize, Deserialize)]
pub(crate) struct MailContent {
    /// The word of the [`MailKind`].
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

impl Letterhead<'_> {
    /// The URL of the page on which people sign in.
    pub(crate) fn sign_in_page(&self) -> String {
        format!("{}{}", self.portal_url, portal_paths::SIGN_IN)
    }
}

impl<'a> Letter<'a> {
    /// A mail whose heading is its subject. `reason` says why the person receives it.
    pub(crate) fn new(kind: MailKind, subject: impl Into<String>, reason: impl Into<String>) -> Self {
        let subject = one_line(subject.into());
        Self { kind, heading: subject.clone(), subject, parts: Vec::new(), reason: one_line(reason.into()) }
    }

    /// Sets a heading that differs from the subject.
    #[must_use]
    pub(crate) fn heading(self, heading: impl Into<String>) -> Self {
        Self { heading: one_line(heading.into()), ..self }
    }

    #[must_use]
    pub(crate) fn paragraph(self, text: impl Into<String>) -> Self {
        self.with(Part::Paragraph(one_line(text.into())))
    }

    #[must_use]
    pub(crate) fn note(self, text: impl Into<String>) -> Self {
        self.with(Part::Note(one_line(text.into())))
    }

    #[must_use]
    pub(crate) fn facts(self, facts: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let facts = facts.into_iter().map(|(label, value)| (label, one_line(value)));
        self.with(Part::Facts(facts.collect()))
    }

    #[must_use]
    pub(crate) fn keys(self, name: impl Into<String>, keys: impl IntoIterator<Item = &'a LicenseKey>) -> Self {
        self.with(Part::Keys { name: one_line(name.into()), keys: keys.into_iter().collect() })
    }

    #[must_use]
    pub(crate) fn action(self, lead: impl Into<String>, label: &'static str, url: impl Into<String>) -> Self {
        self.with(Part::Action { lead: one_line(lead.into()), label, url: url.into() })
    }

    /// Adds a link, if there is one.
    #[must_use]
    pub(crate) fn link(self, label: &'static str, url: Option<&str>) -> Self {
        match url {
            Some(url) => self.with(Part::Link { label, url: url.to_owned() }),
            None => self,
        }
    }

    #[must_use]
    pub(crate) fn code(self, lead: impl Into<String>, code: impl Into<String>) -> Self {
        self.with(Part::Code { lead: one_line(lead.into()), code: code.into() })
    }

    fn with(mut self, part: Part<'a>) -> Self {
        self.parts.push(part);
        self
    }

    /// Renders both bodies.
    pub(crate) fn render(&self, letterhead: &Letterhead<'_>) -> Result<MailContent, Internal> {
        let brand = letterhead.brand;
        let html = Html { letter: self, brand, colors: letterhead.colors, imprint: brand.imprint() };
        Ok(MailContent {
            kind: self.kind.as_str().to_owned(),
            subject: self.subject.clone(),
            text: self.text(brand),
            html: html.render().map_err(|_| Internal::Invariant("a mail template does not render"))?,
        })
    }

    /// What mail programs show next to the subject in a list of mails.
    fn preheader(&self) -> &str {
        let first = self.parts.iter().find_map(|part| match part {
            Part::Paragraph(text) => Some(text.as_str()),
            _ => None,
        });
        first.unwrap_or_default()
    }

    fn text(&self, brand: &Brand) -> String {
        let mut blocks = vec![self.heading.clone()];
        blocks.extend(self.parts.iter().map(Part::text));
        blocks.push(format!("{}\nNeed help? Please {}.", self.reason, brand.contact()));
        blocks.push(brand.imprint().join("\n"));
        let mut text = blocks.join("\n\n");
        text.push('\n');
        for block in &mut blocks {
            block.zeroize();
        }
        text
    }
}

impl Part<'_> {
    fn text(&self) -> String {
        match self {
            Self::Paragraph(text) | Self::Note(text) => text.clone(),
            Self::Facts(facts) => {
                let lines: Vec<_> = facts.iter().map(|(label, value)| format!("{label}: {value}")).collect();
                lines.join("\n")
            }
            Self::Keys { name, keys } => {
                let mut lines = vec![name.as_str()];
                lines.extend(keys.iter().map(|key| key.expose()));
                lines.join("\n")
            }
            Self::Action { lead, url, .. } => format!("{lead}\n{url}"),
            Self::Link { label, url } => format!("{label}:\n{url}"),
            Self::Code { lead, code } => format!("{lead}\n{code}"),
        }
    }
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    letter: &'a Letter<'a>,
    brand: &'a Brand,
    colors: &'a MailColors,
    /// The lines at the bottom.
    imprint: Vec<String>,
}

/// The text without line breaks and other letters that change the text around them. Names of computers come from apps, and with line breaks
/// they could look like text of the vendor, or like headers.
fn one_line(text: String) -> String {
    in_line(&text).into_owned()
}
