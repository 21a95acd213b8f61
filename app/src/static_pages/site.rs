//! The site that sells: pages made from a vendor's content, rendered in advance, without scripts.
//!
//! Everything that the pages say is content ([`model`]). This module decides only how it looks, and which pages there are.

mod chart;
mod feeds;
mod figures;
pub mod model;
mod pages;
mod paths;
mod prose;
mod shell;

use crate::{
    checkout::model::Offer,
    shared::releases::Release,
    static_pages::{document::Look, offers::Shop},
};

use model::{LegalPage, SiteContent};

pub use feeds::{feed, robots, security_contact, security_txt, sitemap};
pub use figures::media_path;
pub use pages::{
    changelog::changelog,
    downloads::downloads,
    home::home,
    legal::legal,
    lost_key::lost_key,
    missing::{failed, not_found},
    pricing::pricing,
    questions::questions,
};
pub use paths::SitePage;
pub use shell::{OPEN_GRAPH_FILE, OPEN_GRAPH_IMAGE};

/// What all pages of a site share.
#[derive(Clone, Debug)]
pub struct Site {
    pub look: Look,
    pub content: SiteContent,
    pub legal: Vec<LegalPage>,
    /// The newest release first.
    pub releases: Vec<Release>,
    /// Whether the content has a picture that other sites show with links to this one.
    pub has_picture: bool,
    pub shop: Shop,
    pub links: Links,
}

/// Where the site and the surfaces beside it are.
#[derive(Clone, Debug)]
pub struct Links {
    /// The site's origin as browsers see it, without a slash at its end.
    pub origin: String,
    /// The documentation, if there is one.
    pub docs: Option<String>,
    /// The reference of the activation API, if there is one.
    pub api_reference: Option<String>,
}

/// What is for sale, which pages show that are rendered again when it changes.
pub type Offers = Vec<Offer>;
