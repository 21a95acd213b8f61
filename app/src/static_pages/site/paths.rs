//! The paths of the site's pages.

use super::model::Slug;

/// A page of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SitePage {
    Home,
    Pricing,
    Questions,
    Changelog,
    Downloads,
    LostKey,
    Legal(Slug),
}

impl SitePage {
    /// The feed of the changelog.
    pub const FEED: &str = "/changelog.xml";

    pub fn path(&self) -> String {
        match self {
            Self::Home => "/".to_owned(),
            Self::Pricing => "/pricing".to_owned(),
            Self::Questions => "/faq".to_owned(),
            Self::Changelog => "/changelog".to_owned(),
            Self::Downloads => "/downloads".to_owned(),
            Self::LostKey => "/lost-key".to_owned(),
            Self::Legal(slug) => format!("/legal/{slug}"),
        }
    }

    /// The path of a question's answer.
    pub fn question(id: &Slug) -> String {
        format!("{}#{id}", Self::Questions.path())
    }
}
