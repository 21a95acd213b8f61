//! The documentation: compiled-in Markdown pages and the files that they link to.

use std::borrow::Cow;

use rust_embed::Embed;
use serde::Deserialize;

use crate::{
    content::markdown::{self, Heading, Part},
    http::static_pages::docs::generated,
};

pub(crate) const ROOT: &str = "/docs";

/// The list of the pages, and the first page.
const CONTENTS: &str = "contents.toml";
const FIRST: &str = "index";

/// The types of files that are served in addition to the pages. Files that programs create when they run in the
/// folder are not served.
const SERVED: [&str; 4] = ["cs", "json", "mjs", "py"];

#[derive(Embed)]
#[folder = "../content/docs/"]
struct Files;

/// Why the documentation cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DocsError {
    #[error("{0} is missing")]
    Missing(String),
    #[error("{0} is not UTF-8")]
    NotText(String),
    /// The list of pages is invalid.
    #[error("contents.toml: {0}")]
    Contents(#[from] toml::de::Error),
    #[error("{0} does not begin with a title")]
    NoTitle(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    sections: Vec<ContentsSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContentsSection {
    title: String,
    pages: Vec<String>,
}

/// A group of pages.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) pages: Vec<Page>,
}

#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) title: String,
    /// The first paragraph as plain text.
    pub(crate) summary: String,
    pub(crate) headings: Vec<Heading>,
    /// The page's parts as plain text.
    pub(crate) parts: Vec<Part>,
    /// The page with its title.
    pub(crate) html: String,
}

/// A file that pages link to.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: Cow<'static, [u8]>,
}

/// All pages and files.
#[derive(Clone, Debug)]
pub(crate) struct Library {
    pub(crate) first: Page,
    pub(crate) sections: Vec<Section>,
    /// The files that pages link to.
    pub(crate) files: Vec<File>,
}

impl Library {
    pub(crate) fn read() -> Result<Self, DocsError> {
        let contents: Contents = toml::from_str(&text(CONTENTS)?)?;
        let sections = contents.sections.into_iter().map(|section| {
            let pages = section.pages.iter().map(|name| page(name)).collect::<Result<_, _>>()?;
            Ok(Section { title: section.title, pages })
        });
        let is_served = |name: &str| name.rsplit_once('.').is_some_and(|(_, kind)| SERVED.contains(&kind));
        let files = Files::iter().filter(|name| is_served(name)).filter_map(|name| {
            let file = Files::get(&name)?;
            Some(File { path: format!("{ROOT}/{name}"), text: file.data })
        });
        Ok(Self { first: page(FIRST)?, sections: sections.collect::<Result<_, DocsError>>()?, files: files.collect() })
    }

    /// All pages in reading order.
    pub(crate) fn pages(&self) -> impl Iterator<Item = &Page> {
        std::iter::once(&self.first).chain(self.sections.iter().flat_map(|section| &section.pages))
    }
}

fn text(name: &str) -> Result<String, DocsError> {
    let file = Files::get(name).ok_or_else(|| DocsError::Missing(name.to_owned()))?;
    String::from_utf8(file.data.into_owned()).map_err(|_| DocsError::NotText(name.to_owned()))
}

fn page(name: &str) -> Result<Page, DocsError> {
    let file = format!("{name}.md");
    let source = generated::page(name).map_or_else(|| text(&file), Ok)?;
    let rendered = markdown::render(&source, ROOT, text)?;
    Ok(Page {
        path: if name == FIRST { ROOT.to_owned() } else { format!("{ROOT}/{name}") },
        title: rendered.title.ok_or(DocsError::NoTitle(file))?,
        summary: rendered.summary,
        headings: rendered.headings,
        parts: rendered.parts,
        html: rendered.html,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The links of a page, as written.
    fn links(html: &str) -> Vec<String> {
        html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
    }

    #[test]
    fn every_page_is_listed_and_every_link_works() {
        let library = Library::read().expect("the documentation reads");
        let listed: BTreeSet<&str> = library.pages().map(|page| page.path.as_str()).collect();
        let there: BTreeSet<String> = Files::iter()
            .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
            .chain(generated::NAMES.map(str::to_owned))
            .map(|name| if name == FIRST { ROOT.to_owned() } else { format!("{ROOT}/{name}") })
            .collect();
        assert_eq!(listed, there.iter().map(String::as_str).collect());
        let mut targets: BTreeSet<String> = listed.iter().map(|path| (*path).to_owned()).collect();
        targets.extend(library.files.iter().map(|file| file.path.clone()));
        targets.extend([format!("{ROOT}/api"), format!("{ROOT}/api/openapi.json")]);
        for page in library.pages() {
            for link in links(&page.html) {
                if link.starts_with("https://") || link.starts_with('#') {
                    continue;
                }
                let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
                assert!(targets.contains(path), "{}: {link} leads to no page", page.path);
                let there = library.pages().find(|other| other.path == path);
                let has = |other: &Page| other.html.contains(&format!("id=\"{anchor}\""));
                assert!(anchor.is_empty() || there.is_some_and(has), "{}: {link} leads to no part", page.path);
            }
            assert!(!page.html.contains("<script") && !page.html.contains("style="), "{}", page.path);
            assert_eq!(page.html.matches("<h1").count(), 1, "{}", page.path);
        }
    }

    /// The programs on the pages are identical to the files for download.
    #[test]
    fn programs_are_shown_in_full() {
        let library = Library::read().expect("the documentation reads");
        let verify = library.pages().find(|page| page.path == "/docs/verify").expect("the page");
        for line in ["def verify(kind, text", "export function verify(kind, text"] {
            assert!(verify.html.contains(line), "{line}");
        }
        let ninjatrader = library.pages().find(|page| page.path == "/docs/ninjatrader").expect("the page");
        for line in ["public class AcmeTrend : Indicator", "public class AcmeCross : Strategy"] {
            assert!(ninjatrader.html.contains(line), "{line}");
        }
    }
}
