//! The documentation: Markdown pages and the files that they link to.
//!
//! It is two books. The vendor's is for customers; the content folder can replace its pages and add others. Latchkey's is for
//! authors of apps and for operators; the content folder can replace its pages. A page's address does not contain the folder
//! that its file is in.

pub(crate) mod generated;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use latchkey_app::static_pages::docs::Book;
use rust_embed::Embed;
use serde::Deserialize;
use toml::Spanned;

use super::{
    ContentError, ContentFiles, line_at,
    markdown::{self, Heading, Part, Places, Reference},
};

pub(crate) const ROOT: &str = "/docs";

/// Where the content folder has pages of the documentation.
const FOLDER: &str = "docs";

/// The lists of the pages of the two books, and the first page.
const CUSTOMER_CONTENTS: &str = "customers/contents.toml";
const CONTENTS: &str = "contents.toml";
const FIRST: &str = "index";

/// Paths below the root that are not pages of a file.
const OTHERS: [&str; 3] = ["/docs/api", "/docs/api/openapi.json", "/docs/search"];

/// The types of files that are served in addition to the pages. Files that programs create when they run in the
/// folder are not served.
const SERVED: [&str; 4] = ["cs", "json", "mjs", "py"];

#[derive(Embed)]
#[folder = "../content/docs/"]
struct CompiledIn;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    sections: Vec<ContentsSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContentsSection {
    title: String,
    pages: Vec<Spanned<String>>,
}

/// A group of pages.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) book: Book,
    pub(crate) title: String,
    pub(crate) pages: Vec<Page>,
}

#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) book: Book,
    pub(crate) path: String,
    pub(crate) title: String,
    /// The first paragraph as plain text.
    pub(crate) summary: String,
    pub(crate) headings: Vec<Heading>,
    /// The page's parts as plain text.
    pub(crate) parts: Vec<Part>,
    /// The page with its title.
    pub(crate) html: String,
    links: Vec<Reference>,
    /// The file that it was made from, as errors name it, and whether it is the vendor's.
    source: String,
    is_vendors: bool,
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

/// The files of the documentation: those of a content folder, and then those that are compiled in.
struct Sources<'a> {
    folder: Option<&'a ContentFiles>,
    places: Places<'a>,
}

/// A text with where it is from.
struct Source {
    text: String,
    /// The file's name in errors.
    shown: String,
    is_vendors: bool,
}

impl Library {
    /// Reads the documentation, in which pages of a content folder take the place of those that are compiled in.
    /// `portal` and `admin` are the origins of the portals, if they are not the origin of the pages.
    pub(crate) fn read(folder: Option<&ContentFiles>, portal: &str, admin: &str) -> Result<Self, ContentError> {
        let sources = Sources { folder, places: Places { root: ROOT, portal, admin } };
        let first = sources.page(FIRST, Book::Vendor)?;
        let mut listed = BTreeMap::from([(ROOT.to_owned(), FIRST.to_owned())]);
        let mut sections = Vec::new();
        for (book, file) in [(Book::Vendor, CUSTOMER_CONTENTS), (Book::Latchkey, CONTENTS)] {
            let list = sources.text(file)?;
            let contents: Contents = toml::from_str(&list.text)
                .map_err(|why| ContentError::Toml { file: list.shown.clone(), why: Box::new(why) })?;
            for section in contents.sections {
                let mut pages = Vec::new();
                for name in section.pages {
                    let refuse = |why: String| ContentError::Invalid {
                        file: list.shown.clone(),
                        line: line_at(&list.text, name.span().start),
                        why,
                    };
                    let name = name.get_ref().as_str();
                    let whole = if book == Book::Vendor { format!("customers/{name}") } else { name.to_owned() };
                    if !is_name(&whole) {
                        return Err(refuse(format!(
                            "{name:?} is not a name: use lower-case letters, digits and hyphens"
                        )));
                    }
                    if OTHERS.contains(&path(&whole).as_str()) {
                        return Err(refuse(format!("the address {} is taken: use another name", path(&whole))));
                    }
                    if !sources.has(&whole) {
                        return Err(refuse(format!("there is no page {whole}.md")));
                    }
                    if let Some(other) = listed.insert(path(&whole), whole.clone()) {
                        return Err(refuse(format!("{whole}.md and {other}.md would have the same address")));
                    }
                    pages.push(sources.page(&whole, book)?);
                }
                sections.push(Section { book, title: section.title, pages });
            }
        }
        sources.check_all_listed(&listed)?;
        let library = Self { first, sections, files: files() };
        library.check_links(&sources)?;
        Ok(library)
    }

    /// All pages in reading order.
    pub(crate) fn pages(&self) -> impl Iterator<Item = &Page> {
        std::iter::once(&self.first).chain(self.sections.iter().flat_map(|section| &section.pages))
    }

    /// Every link to a page of the documentation leads to one.
    fn check_links(&self, sources: &Sources) -> Result<(), ContentError> {
        let mut targets: BTreeMap<&str, Option<&Page>> =
            self.pages().map(|page| (page.path.as_str(), Some(page))).collect();
        targets.extend(self.files.iter().map(|file| (file.path.as_str(), None)));
        targets.extend(OTHERS.map(|path| (path, None)));
        for page in self.pages() {
            for link in &page.links {
                let (to, anchor) = link.target.split_once('#').unwrap_or((&link.target, ""));
                let to = if to.is_empty() { page.path.as_str() } else { to };
                if to != ROOT && !to.starts_with("/docs/") {
                    continue;
                }
                let refuse = |why: String| ContentError::Invalid { file: page.source.clone(), line: link.line, why };
                match targets.get(to) {
                    None if page.is_vendors => return Err(refuse(format!("the link leads to {to}, where no page is"))),
                    // Without a folder, this is a mistake in the compiled-in pages, which tests find.
                    None => {
                        return Err(ContentError::Invalid {
                            file: sources.shown(CUSTOMER_CONTENTS),
                            line: 1,
                            why: format!(
                                "{}, line {}, links to {to}, which is not listed: list it, or write {} without the link",
                                page.source, link.line, page.source
                            ),
                        });
                    }
                    Some(Some(target)) if page.is_vendors && !anchor.is_empty() && !target.has_part(anchor) => {
                        return Err(refuse(format!("the page {to} has no part {anchor}")));
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }
}

impl Page {
    fn has_part(&self, anchor: &str) -> bool {
        self.html.contains(&format!("id=\"{anchor}\""))
    }
}

impl Sources<'_> {
    /// The file's name in errors.
    fn shown(&self, name: &str) -> String {
        self.folder.map_or_else(|| format!("{FOLDER}/{name}"), |folder| folder.shown(&format!("{FOLDER}/{name}")))
    }

    fn find(&self, name: &str) -> Result<Option<Source>, ContentError> {
        let own = match self.folder {
            Some(folder) => folder.find(&format!("{FOLDER}/{name}"))?,
            None => None,
        };
        let is_vendors = own.is_some();
        let Some(bytes) = own.or_else(|| CompiledIn::get(name).map(|file| file.data)) else { return Ok(None) };
        let shown = if is_vendors { self.shown(name) } else { format!("{FOLDER}/{name}") };
        match String::from_utf8(bytes.into_owned()) {
            Ok(text) => Ok(Some(Source { text, shown, is_vendors })),
            Err(_) => Err(ContentError::NotText { file: shown }),
        }
    }

    fn text(&self, name: &str) -> Result<Source, ContentError> {
        let missing = || ContentError::Read { file: self.shown(name), why: std::io::ErrorKind::NotFound.into() };
        self.find(name)?.ok_or_else(missing)
    }

    fn has(&self, name: &str) -> bool {
        generated::page(name).is_some() || !matches!(self.find(&format!("{name}.md")), Ok(None))
    }

    fn page(&self, name: &str, book: Book) -> Result<Page, ContentError> {
        let file = format!("{name}.md");
        let source = match generated::page(name) {
            Some(text) => Source { text, shown: name.to_owned(), is_vendors: false },
            None => self.text(&file)?,
        };
        let include = |name: &str, line: usize| match self.find(name)? {
            Some(file) => Ok(file.text),
            None => Err(ContentError::Invalid {
                file: source.shown.clone(),
                line,
                why: format!("there is no file {FOLDER}/{name} to include"),
            }),
        };
        let rendered = markdown::render(&source.text, self.places, include)?;
        Ok(Page {
            book,
            path: path(name),
            title: rendered.title.ok_or_else(|| ContentError::NoTitle { file: source.shown.clone() })?,
            summary: rendered.summary,
            headings: rendered.headings,
            parts: rendered.parts,
            html: rendered.html,
            links: rendered.links,
            source: source.shown,
            is_vendors: source.is_vendors,
        })
    }

    /// Every page of the folder is listed, so that none is forgotten.
    fn check_all_listed(&self, listed: &BTreeMap<String, String>) -> Result<(), ContentError> {
        let Some(folder) = self.folder else { return Ok(()) };
        let known: BTreeSet<&str> = listed.values().map(String::as_str).collect();
        for name in folder.list(FOLDER)? {
            let Some(page) = name.strip_suffix(".md") else { continue };
            if !known.contains(page) {
                let why = match page.strip_prefix("customers/") {
                    Some(page) => {
                        format!("the page is not listed: add \"{page}\" to {}", self.shown(CUSTOMER_CONTENTS))
                    }
                    None => format!("the page takes no other's place: move it to {}", self.shown("customers/")),
                };
                return Err(ContentError::Invalid { file: self.shown(&name), line: 1, why });
            }
        }
        Ok(())
    }
}

/// The address of a page.
fn path(name: &str) -> String {
    match name.rsplit('/').next().unwrap_or(name) {
        FIRST => ROOT.to_owned(),
        page => format!("{ROOT}/{page}"),
    }
}

/// Whether the name of a page can be part of an address.
fn is_name(name: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    name.split('/').all(|part| !part.is_empty() && part.chars().all(fits))
}

fn files() -> Vec<File> {
    let is_served = |name: &str| name.rsplit_once('.').is_some_and(|(_, kind)| SERVED.contains(&kind));
    let files = CompiledIn::iter().filter(|name| is_served(name)).filter_map(|name| {
        let file = CompiledIn::get(&name)?;
        Some(File { path: format!("{ROOT}/{name}"), text: file.data })
    });
    files.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library() -> Library {
        Library::read(None, "", "").expect("the documentation reads")
    }

    #[test]
    fn every_page_is_listed_and_every_link_works() {
        let library = library();
        let listed: BTreeSet<String> = library.pages().map(|page| page.path.clone()).collect();
        let there: BTreeSet<String> = CompiledIn::iter()
            .filter_map(|name| name.strip_suffix(".md").map(path))
            .chain(generated::NAMES.map(path))
            .collect();
        assert_eq!(listed, there);
        for page in library.pages() {
            for link in &page.links {
                let (to, anchor) = link.target.split_once('#').unwrap_or((&link.target, ""));
                let to = if to.is_empty() { &page.path } else { to };
                let target = library.pages().find(|other| other.path == to);
                let has_part = anchor.is_empty() || target.is_none_or(|target| target.has_part(anchor));
                assert!(has_part, "{}, line {}: {to} has no part {anchor}", page.source, link.line);
            }
            assert!(!page.html.contains("<script") && !page.html.contains("style="), "{}", page.path);
            assert_eq!(page.html.matches("<h1").count(), 1, "{}", page.path);
            assert!(!page.summary.is_empty(), "{} begins with a paragraph", page.path);
        }
    }

    /// Customers read nothing that is Latchkey's.
    #[test]
    fn customer_pages_name_no_product() {
        let demo: toml::Table = include_str!("../../../content/demo/catalog.toml").parse().expect("a catalog");
        let product = demo["products"][0]["name"].as_str().expect("a name");
        for page in library().pages().filter(|page| page.book == Book::Vendor && page.path != ROOT) {
            for name in ["Latchkey", "latchkey", product] {
                assert!(!page.html.contains(name), "{} names {name}", page.path);
            }
        }
    }

    /// The programs on the pages are identical to the files for download.
    #[test]
    fn programs_are_shown_in_full() {
        let library = library();
        let has = |path: &str, words: &[&str]| {
            let page = library.pages().find(|page| page.path == path).expect("the page");
            let text: String =
                page.html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
            for word in words {
                assert!(text.contains(word), "{word}");
            }
        };
        has("/docs/verify", &["def verify(kind, text", "export function verify(kind, text"]);
        has("/docs/ninjatrader", &["public class AcmeTrend : Indicator", "public class AcmeCross : Strategy"]);
    }
}
