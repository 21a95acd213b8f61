//! What a site says: the types of the files in the content folder.
//!
//! Values are checked as they are read, so that an error names the line.

use serde::Deserialize;

pub use crate::shared::content::{Markdown, Slug};

/// `site.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteContent {
    /// The brand that the texts are written for.
    pub brand: String,
    pub home: Home,
    pub pricing: Pricing,
    #[serde(default)]
    pub questions: Vec<Question>,
    /// What buyers must know about the product's risks.
    pub risk: Option<Passage>,
    /// The names of the files in `legal/`, in the footer's order.
    #[serde(default)]
    pub legal: Vec<Slug>,
    /// Where vulnerabilities are reported, in `/.well-known/security.txt`. By default, the support contact.
    pub security_contact: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Home {
    /// The title in search results, without the brand.
    pub title: String,
    /// The description in search results.
    pub description: String,
    /// What kind of program it is, as schema.org names it, such as `FinanceApplication`.
    pub category: Option<String>,
    /// On what it runs.
    pub operating_system: Option<String>,
    pub hero: Hero,
    #[serde(default)]
    pub steps: Vec<Passage>,
    #[serde(default)]
    pub features: Vec<Feature>,
    pub data: Option<DataFlow>,
    /// How licenses work, as a list of terms and what they mean.
    pub facts: Option<Facts>,
    /// The questions on the start page, by their ids.
    #[serde(default)]
    pub questions: Vec<Slug>,
    pub closing: Passage,
}

/// What visitors see first.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hero {
    pub title: String,
    pub lead: String,
    /// One line below the buttons.
    pub note: Option<String>,
    pub picture: Option<Picture>,
}

/// A picture of the product.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    /// A chart with a question about it and the answer.
    Chart(Chart),
    /// A file in the content folder.
    Image(Image),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// The path in the content folder.
    pub file: String,
    /// What the picture shows, for those who cannot see it.
    pub alt: String,
    pub width: u32,
    pub height: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    /// What is traded, such as `NQ 12-26`.
    pub symbol: String,
    /// Minutes per bar.
    pub minutes: u32,
    /// When the first bar begins, in minutes after midnight.
    pub begins: ClockTime,
    /// The bar at which the crosshair stands.
    pub crosshair: usize,
    pub bars: Vec<Bar>,
    pub question: String,
    /// The answer, with `[1]` where the first source is cited.
    pub answer: String,
    pub sources: Vec<Source>,
}

/// What an answer cites.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub bar: usize,
    pub text: String,
}

/// Open, high, low and close, and the volume.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "[f64; 5]")]
pub struct Bar {
    pub open: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
    pub volume: f64,
}

impl TryFrom<[f64; 5]> for Bar {
    type Error = &'static str;

    fn try_from([open, high, low, close, volume]: [f64; 5]) -> Result<Self, Self::Error> {
        let is_ordered = low <= open.min(close) && open.max(close) <= high && volume >= 0.0;
        let is_finite = [open, high, low, close, volume].iter().all(|number| number.is_finite());
        if is_ordered && is_finite {
            Ok(Self { open, high, low, close, volume })
        } else {
            Err("a bar is open, high, low, close and volume: the high is the highest and the low the lowest")
        }
    }
}

impl Bar {
    pub(super) fn is_up(self) -> bool {
        self.close >= self.open
    }
}

/// A time of day, as minutes after midnight.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct ClockTime(u32);

impl TryFrom<String> for ClockTime {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let time = text.split_once(':').and_then(|(hour, minute)| {
            let (hour, minute) = (hour.parse::<u32>().ok()?, minute.parse::<u32>().ok()?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        });
        time.map(Self).ok_or("a time is hours and minutes, such as 09:30")
    }
}

impl ClockTime {
    /// The time so many minutes later.
    pub(super) fn after(self, minutes: u32) -> String {
        let time = self.0 + minutes;
        format!("{:02}:{:02}", time / 60 % 24, time % 60)
    }
}

/// A heading with its text.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passage {
    pub title: String,
    pub text: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    pub title: String,
    pub text: String,
    pub figure: Option<Figure>,
}

/// A small part of the product, drawn with the product's own components.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Values with their names.
    Values(Vec<(String, String)>),
    /// Things to choose from. The first is chosen.
    Choices(Vec<String>),
    /// A sentence that cites.
    Citation(String),
    /// The computers of a license, and how many are free.
    Computers { names: Vec<String>, free: u32 },
    /// A file and what it says.
    File { name: String, text: String },
    /// A code from an e-mail.
    Code(String),
}

/// Where the user's data goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFlow {
    pub title: String,
    pub text: String,
    /// From where to where.
    pub stations: Vec<Passage>,
    /// What goes from each station to the next.
    pub carries: Vec<String>,
    /// Who gets nothing of it.
    pub left_out: Passage,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    pub title: String,
    pub text: String,
    pub facts: Vec<Passage>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pricing {
    pub title: String,
    pub lead: String,
    /// The description in search results.
    pub description: String,
    pub included: Vec<String>,
    pub not_included: Vec<String>,
    /// Rules that buyers ask about, such as refunds.
    #[serde(default)]
    pub rules: Vec<Passage>,
    pub costs: Option<Costs>,
    /// The questions on the page, by their ids.
    #[serde(default)]
    pub questions: Vec<Slug>,
}

/// Examples of what else it costs to use the product.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    pub title: String,
    pub text: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// How the examples were computed.
    pub note: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub id: Slug,
    pub question: String,
    pub answer: Markdown,
}

/// A page of legal text: a file in `legal/`.
#[derive(Clone, Debug)]
pub struct LegalPage {
    pub slug: Slug,
    pub title: String,
    /// The page with its title, as our own HTML.
    pub html: String,
}
