//! The vendor as customers see it on pages and in e-mail.

use serde::{Deserialize, Serialize};

use crate::email::EmailAddress;

/// The vendor that sells the licenses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brand {
    /// The name shown in titles, on pages and in e-mail.
    pub name: String,
    /// The name of the company. `None` if it is not shown.
    pub legal_name: Option<String>,
    /// The postal address, with line breaks. `None` if it is not shown.
    pub address: Option<String>,
    /// The seller's tax id, such as a VAT number. `None` if it is not shown.
    pub tax_id: Option<String>,
    /// Where customers get help. `None` if the vendor has not set it.
    pub support: Option<Support>,
}

impl Default for Brand {
    fn default() -> Self {
        Self { name: "Latchkey".to_owned(), legal_name: None, address: None, tax_id: None, support: None }
    }
}

impl Brand {
    /// The seller as receipts and mails name it: the company, its address line by line, and its tax id.
    pub fn imprint(&self) -> Vec<String> {
        let name = self.legal_name.as_ref().unwrap_or(&self.name).clone();
        let address = self.address.iter().flat_map(|address| address.lines()).map(str::trim);
        let address = address.filter(|line| !line.is_empty()).map(str::to_owned);
        let tax_id = self.tax_id.iter().map(|id| format!("Tax ID: {id}"));
        std::iter::once(name).chain(address).chain(tax_id).collect()
    }

    /// How to get help, as a phrase that follows "please" or a comma: `write to help@example.com`.
    pub fn contact(&self) -> String {
        match &self.support {
            Some(Support::Email(address)) => format!("write to {address}"),
            Some(Support::Page(url)) => format!("go to {url}"),
            None => "ask the seller of your license".to_owned(),
        }
    }
}

/// Where customers get help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Support {
    /// An e-mail address.
    Email(String),
    /// A web page.
    Page(String),
}

impl Support {
    /// Parses an e-mail address or the `http` or `https` URL of a web page. `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let has_spaces = text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
        let rest = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        match rest {
            Some(rest) => (!has_spaces && !rest.is_empty()).then(|| Self::Page(text.to_owned())),
            None => EmailAddress::parse(text).ok().map(|address| Self::Email(address.to_string())),
        }
    }

    /// The target of a link to it.
    pub fn href(&self) -> String {
        match self {
            Self::Email(address) => format!("mailto:{address}"),
            Self::Page(url) => url.clone(),
        }
    }

    /// The text of a link to it.
    pub fn text(&self) -> &str {
        match self {
            Self::Email(address) => address,
            Self::Page(url) => url.split_once("://").map_or(url.as_str(), |(_, rest)| rest.trim_end_matches('/')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_imprint_has_a_line_for_each_line_of_the_address() {
        let brand = Brand {
            legal_name: Some("Acme Tools Ltd".to_owned()),
            address: Some(" 1 Main Street\r\n\n Springfield ".to_owned()),
            tax_id: Some("GB123456789".to_owned()),
            ..Brand::default()
        };
        assert_eq!(brand.imprint(), ["Acme Tools Ltd", "1 Main Street", "Springfield", "Tax ID: GB123456789"]);
        assert_eq!(Brand::default().imprint(), ["Latchkey"]);
    }

    #[test]
    fn support_is_an_address_or_a_page() {
        let brand = |support: &str| Brand { support: Support::parse(support), ..Brand::default() };
        assert_eq!(brand("help@example.com").contact(), "write to help@example.com");
        assert_eq!(brand("https://example.com/help").contact(), "go to https://example.com/help");
        assert_eq!(Brand::default().contact(), "ask the seller of your license");
        assert_eq!(
            Support::parse("https://example.com/").map(|page| page.text().to_owned()),
            Some("example.com".to_owned())
        );
        for other in ["", "help", "https://", "javascript:alert(1)", "https://exa mple.com", "ftp://example.com"] {
            assert_eq!(Support::parse(other), None, "{other}");
        }
    }
}
