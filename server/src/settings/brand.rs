//! Section `brand`: the vendor's name and look, used on all pages and in all mails.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use latchkey_licensing::{
    brand::{self as vendor, Support},
    text::{has_disruptive, is_disruptive},
};
use latchkey_service::MailColors;
use serde::{Deserialize, Serialize};

use super::{
    SettingsError,
    field::{Field, field},
    values::accent::Accent,
};

pub(super) const FIELDS: &[Field] = &[
    field("brand.name", "The vendor's name on pages, in titles and in mails."),
    field("brand.legal_name", "The company's legal name, shown at the bottom of pages and mails."),
    field("brand.address", "The seller's postal address, several lines, on receipts and at the bottom of mails."),
    field("brand.tax_id", "The seller's tax id, such as a VAT number, on receipts and at the bottom of mails."),
    field("brand.support", "Where customers get help: an e-mail address or the URL of a page."),
    field("brand.accent", "The color of buttons and links, such as #136e7a."),
    field("brand.logo", "An SVG or PNG file of at most 256 KiB that replaces the name on pages."),
    field("brand.download_url", "Where buyers download the product; it is in the mail with the license key."),
];

/// The longest name, in characters.
const NAME_LETTERS: usize = 60;

/// The most lines of an address, and the longest line, in characters.
const ADDRESS_LINES: usize = 8;
const ADDRESS_LETTERS: usize = 100;

/// The largest logo, in bytes.
const LOGO_BYTES: u64 = 256 * 1024;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brand {
    pub name: String,
    pub legal_name: Option<String>,
    pub address: Option<String>,
    pub tax_id: Option<String>,
    pub support: Option<String>,
    pub accent: Option<String>,
    pub logo: Option<PathBuf>,
    pub download_url: Option<String>,
}

impl Default for Brand {
    fn default() -> Self {
        Self {
            name: vendor::Brand::default().name,
            legal_name: None,
            address: None,
            tax_id: None,
            support: None,
            accent: None,
            logo: None,
            download_url: None,
        }
    }
}

impl Brand {
    /// The vendor as shown on pages and in mails.
    pub fn vendor(&self) -> vendor::Brand {
        vendor::Brand {
            name: self.name.clone(),
            legal_name: self.legal_name.clone(),
            address: self.address.clone(),
            tax_id: self.tax_id.clone(),
            support: self.support.as_deref().and_then(Support::parse),
        }
    }

    pub(crate) fn accent(&self) -> Option<Accent> {
        self.accent.as_deref().and_then(Accent::parse)
    }

    /// The vendor's colors in mails.
    pub fn mail_colors(&self) -> MailColors {
        self.accent().map_or_else(MailColors::default, Accent::mail_colors)
    }

    pub(crate) fn read_logo(&self) -> Result<Option<Logo>, SettingsError> {
        self.logo.as_deref().map(Logo::read).transpose()
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let names =
            [("name", Some(&self.name)), ("legal_name", self.legal_name.as_ref()), ("tax_id", self.tax_id.as_ref())];
        for (key, name) in names {
            let fits = |name: &String| {
                // Titles contain the name as it is, and a `<` could begin a tag.
                let is_taken = |letter: char| !is_disruptive(letter) && !matches!(letter, '<' | '>');
                !name.trim().is_empty() && name.chars().count() <= NAME_LETTERS && name.chars().all(is_taken)
            };
            if name.is_some_and(|name| !fits(name)) {
                return Err(SettingsError(format!(
                    "brand.{key} must have 1 to {NAME_LETTERS} characters on one line, and no < or >"
                )));
            }
        }
        let is_line = |line: &str| line.chars().count() <= ADDRESS_LETTERS && !has_disruptive(line);
        let is_address =
            |text: &str| !text.trim().is_empty() && text.lines().count() <= ADDRESS_LINES && text.lines().all(is_line);
        if self.address.as_deref().is_some_and(|address| !is_address(address)) {
            return Err(SettingsError(format!(
                "brand.address must have 1 to {ADDRESS_LINES} lines of at most {ADDRESS_LETTERS} characters"
            )));
        }
        if self.support.as_deref().is_some_and(|support| Support::parse(support).is_none()) {
            return Err(SettingsError::new(
                "brand.support is neither an e-mail address nor a URL: use one such as help@example.com",
            ));
        }
        if self.accent.is_some() && self.accent().is_none() {
            return Err(SettingsError::new("brand.accent is not a color: use one such as #136e7a"));
        }
        let is_page = |text: &str| url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
        if self.download_url.as_deref().is_some_and(|text| !is_page(text)) {
            return Err(SettingsError::new(
                "brand.download_url is not a URL: use one such as https://example.com/download",
            ));
        }
        self.read_logo().map(drop)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Logo {
    pub(crate) extension: &'static str,
    pub(crate) media_type: &'static str,
    pub(crate) bytes: Vec<u8>,
}

impl Logo {
    fn read(path: &Path) -> Result<Self, SettingsError> {
        let refuse = |why: &str| SettingsError(format!("brand.logo, {}, {why}", path.display()));
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(LOGO_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|error| refuse(&format!("cannot be read: {error}")))?;
        if bytes.len() as u64 > LOGO_BYTES {
            return Err(refuse("is larger than 256 KiB: use a smaller file"));
        }
        let is_svg = || std::str::from_utf8(&bytes).is_ok_and(|text| text.contains("<svg"));
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Ok(Self { extension: "png", media_type: "image/png", bytes })
        } else if is_svg() {
            Ok(Self { extension: "svg", media_type: "image/svg+xml", bytes })
        } else {
            Err(refuse("is neither an SVG nor a PNG file"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_few_short_lines() {
        let check = |address: &str| Brand { address: Some(address.to_owned()), ..Brand::default() }.check();
        assert!(check("1 Main Street\nSpringfield\n").is_ok());
        let (many, long) = ("a\n".repeat(ADDRESS_LINES + 1), "a".repeat(ADDRESS_LETTERS + 1));
        for address in ["", " \n", "a\u{1b}b", &many, &long] {
            let error = check(address).expect_err("refused").to_string();
            assert!(error.contains("brand.address"), "{error}");
        }
        let tax = Brand { tax_id: Some("a\nb".to_owned()), ..Brand::default() }.check();
        assert!(tax.expect_err("refused").to_string().contains("brand.tax_id"));
    }

    #[test]
    fn a_logo_is_a_small_svg_or_png_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let check = |content: &[u8]| {
            let path = folder.path().join("logo");
            std::fs::write(&path, content).expect("written");
            Brand { logo: Some(path), ..Brand::default() }.check()
        };
        assert!(check(b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>").is_ok());
        assert!(check(b"\x89PNG\r\n\x1a\n0000").is_ok());
        for (content, why) in
            [(&b"GIF89a"[..], "neither an SVG nor a PNG file"), (&vec![b' '; 256 * 1024 + 1][..], "larger")]
        {
            let error = check(content).expect_err("refused").to_string();
            assert!(error.contains(why), "{error}");
        }
        let missing = Brand { logo: Some(folder.path().join("none")), ..Brand::default() };
        assert!(missing.check().is_err());
    }
}
