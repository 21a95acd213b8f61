//! The site that sells: pages made from a vendor's content, rendered in advance, without scripts.
//!
//! Everything that the pages say is content ([`model`]). This module decides only how it looks, and which pages there are.

mod changelog;
mod chart;
mod downloads;
mod feeds;
mod figures;
mod home;
mod legal;
mod lost_key;
mod missing;
pub mod model;
mod paths;
mod pricing;
mod prose;
mod questions;
mod shell;

use crate::{
    checkout::model::Offer,
    shared::releases::Release,
    static_pages::{document::Look, offers::Shop},
};

use model::{LegalPage, SiteContent};

pub use changelog::changelog;
pub use downloads::downloads;
pub use feeds::{feed, robots, security_contact, security_txt, sitemap};
pub use figures::media_path;
pub use home::home;
pub use legal::legal;
pub use lost_key::lost_key;
pub use missing::{failed, not_found};
pub use paths::SitePage;
pub use pricing::pricing;
pub use questions::questions;
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
