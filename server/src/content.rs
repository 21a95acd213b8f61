//! What the site says: the files of a vendor's content folder, or those that are compiled in.
//!
//! They are read once, at startup. An error names the file, the line and the remedy.

pub(crate) mod documentation;
mod files;
pub(crate) mod highlight;
pub(crate) mod markdown;

use std::{cmp::Reverse, convert::Infallible, path::Path};

use latchkey_app::{
    releases::{Library, Place, Release, ReleaseList},
    static_pages::site::model::{LegalPage, Picture, SiteContent, Slug},
};

pub(crate) use files::{ContentFiles, all_compiled_in, compiled_in};
use markdown::{Places, Rendered};

/// The file that makes a site. Without it, an instance has only a start page.
const SITE: &str = "site.toml";
pub(crate) const RELEASES: &str = "releases.toml";

/// Why content cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContentError {
    #[error("content.folder, {folder}: {why}")]
    Folder { folder: String, why: std::io::Error },
    #[error("{file} cannot be read: {why}")]
    Read { file: String, why: std::io::Error },
    #[error("{file} is not UTF-8")]
    NotText { file: String },
    #[error("{file}: {why}")]
    Toml { file: String, why: Box<toml::de::Error> },
    #[error("{file}, line {line}: {why}")]
    Invalid { file: String, line: usize, why: String },
    #[error("{file} must begin with a title, such as `# Terms`")]
    NoTitle { file: String },
    #[error("{file} has more than {limit} bytes: use a smaller file")]
    TooLarge { file: String, limit: u64 },
}

/// The content of a site.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub(crate) site: SiteContent,
    pub(crate) legal: Vec<LegalPage>,
    pub(crate) releases: Vec<Release>,
    pub(crate) files: ContentFiles,
}

impl Content {
    /// The content in a folder, or else the compiled-in content. `None` if there is none for this brand: the folder has no
    /// `site.toml`, or there is no folder and the compiled-in texts are for another brand.
    pub(crate) fn read(folder: Option<&Path>, brand: &str) -> Result<Option<Self>, ContentError> {
        if let Some(folder) = folder {
            let files = ContentFiles::folder(folder)?;
            return if files.find(SITE)?.is_some() { Self::parse(files).map(Some) } else { Ok(None) };
        }
        let content = Self::parse(compiled_in())?;
        Ok((content.site.brand == brand).then_some(content))
    }

    fn parse(files: ContentFiles) -> Result<Self, ContentError> {
        let text = files.text(SITE)?;
        let mut site: SiteContent = files.toml(SITE, &text)?;
        check(&site, &files, &text)?;
        for question in &mut site.questions {
            question.answer.render(html);
        }
        let legal = site.legal.iter().map(|slug| legal_page(&files, slug)).collect::<Result<_, _>>()?;
        let mut releases = releases(&files)?;
        releases.sort_by_key(|release| Reverse(release.date));
        Ok(Self { site, legal, releases, files })
    }
}

/// The releases in a folder, or those that are compiled in, if they are for this brand. They do not need a site.
pub(crate) fn library(folder: Option<&Path>, brand: &str) -> Result<Library, ContentError> {
    match folder {
        Some(folder) => Ok(Library::new(releases(&ContentFiles::folder(folder)?)?, Some(folder.to_owned()))),
        None => Ok(Library::new(Content::read(None, brand)?.map_or_else(Vec::new, |content| content.releases), None)),
    }
}

fn releases(files: &ContentFiles) -> Result<Vec<Release>, ContentError> {
    if files.find(RELEASES)?.is_none() {
        return Ok(Vec::new());
    }
    let text = files.text(RELEASES)?;
    let list: ReleaseList = files.toml(RELEASES, &text)?;
    let mut releases = list.releases;
    check_releases(&releases, files, &text)?;
    for release in &mut releases {
        release.notes.render(html);
    }
    Ok(releases)
}

/// Markdown as HTML.
fn html(text: &str) -> String {
    without_files(text).html
}

/// Renders a text in which no files can be included.
fn without_files(text: &str) -> Rendered {
    let empty = |_: &str, _| Ok::<_, Infallible>(String::new());
    match markdown::render(text, Places::default(), empty) {
        Ok(rendered) => rendered,
        Err(never) => match never {},
    }
}

fn legal_page(files: &ContentFiles, slug: &Slug) -> Result<LegalPage, ContentError> {
    let file = legal_file(slug);
    let rendered = without_files(&files.text(&file)?);
    let title = rendered.title.ok_or_else(|| ContentError::NoTitle { file: files.shown(&file) })?;
    Ok(LegalPage { slug: slug.clone(), title, html: rendered.html })
}

fn legal_file(slug: &Slug) -> String {
    format!("legal/{slug}.md")
}

/// Checks what a type cannot: that names lead to something.
fn check(site: &SiteContent, files: &ContentFiles, text: &str) -> Result<(), ContentError> {
    let refuse = |part: &str, why: String| {
        Err(ContentError::Invalid { file: files.shown(SITE), line: line_of(text, part), why })
    };
    for slug in &site.legal {
        let file = legal_file(slug);
        if files.find(&file)?.is_none() {
            return refuse(&format!("\"{slug}\""), format!("there is no file {file}"));
        }
    }
    let ids: Vec<&Slug> = site.questions.iter().map(|question| &question.id).collect();
    for (at, id) in ids.iter().enumerate() {
        if ids.iter().skip(at + 1).any(|other| other == id) {
            return refuse(&format!("\"{id}\""), format!("two questions have the id {id}"));
        }
    }
    for id in site.home.questions.iter().chain(&site.pricing.questions) {
        if !ids.contains(&id) {
            return refuse(&format!("\"{id}\""), format!("no question has the id {id}"));
        }
    }
    if let Some(data) = &site.home.data
        && data.carries.len() + 1 != data.stations.len()
    {
        return refuse("carries", "there must be one entry between each two stations".to_owned());
    }
    match &site.home.hero.picture {
        Some(Picture::Chart(chart)) => {
            let bars = chart.bars.len();
            let places = chart.sources.iter().map(|source| source.bar).chain([chart.crosshair]);
            if let Some(bar) = places.into_iter().find(|bar| *bar >= bars) {
                return refuse("bars", format!("bar {bar} is used, but the last is bar {}", bars.saturating_sub(1)));
            }
        }
        Some(Picture::Image(image)) if !image.file.starts_with("media/") || files.find(&image.file)?.is_none() => {
            return refuse(&image.file, format!("there is no file {} in the folder media", image.file));
        }
        Some(Picture::Image(_)) | None => {}
    }
    if let Some(costs) = &site.pricing.costs
        && let Some(row) = costs.rows.iter().find(|row| row.len() != costs.columns.len())
    {
        let first = row.first().map(String::as_str).unwrap_or_default();
        return refuse(first, format!("a row has {} cells, but there are {} columns", row.len(), costs.columns.len()));
    }
    Ok(())
}

fn check_releases(releases: &[Release], files: &ContentFiles, text: &str) -> Result<(), ContentError> {
    let refuse = |part: &str, why: String| {
        let line = line_of(text, &format!("\"{part}\""));
        Err(ContentError::Invalid { file: files.shown(RELEASES), line, why })
    };
    for (at, release) in releases.iter().enumerate() {
        let (version, builds) = (release.version.to_string(), &release.builds);
        for other in releases.iter().skip(at + 1).filter(|other| other.version == release.version) {
            if other.is_of(release.product.as_deref()) {
                return refuse(&version, format!("version {version} is listed twice"));
            }
            if let Some(same) = other.builds.iter().find(|other| builds.iter().any(|build| build.name == other.name)) {
                return refuse(
                    same.name.as_str(),
                    format!("two products have a file {} of version {version}", same.name),
                );
            }
        }
        for (at, build) in builds.iter().enumerate() {
            if builds.iter().skip(at + 1).any(|other| other.name == build.name) {
                let why = format!("version {version} has two files with the name {}", build.name);
                return refuse(build.name.as_str(), why);
            }
            if let Place::Folder(path) = &build.place
                && let Err(why) = files.check_build(path, build.size)
            {
                return refuse(path.as_str(), why);
            }
        }
    }
    Ok(())
}

/// The line where a part of a text begins last, counted from 1.
fn line_of(text: &str, part: &str) -> usize {
    line_at(text, text.rfind(part).unwrap_or_default())
}

/// The line of the byte at `offset`, counted from 1.
fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
