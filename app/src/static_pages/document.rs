//! Pages that are only HTML: no router, hydration or scripts. Rendered in advance, not for each request.

use leptos::prelude::*;

use crate::{server_side::Theme, shared::branding::Branding};

/// How pages look: the style sheet and the vendor's branding.
#[derive(Clone, Debug)]
pub struct Look {
    /// The common style sheet's URL.
    pub stylesheet: String,
    /// The portal's first page, if there is a portal.
    pub portal: Option<String>,
    /// The origin under which pages are known to search engines.
    pub origin: String,
    /// The URL of the font of all text.
    pub font: String,
    /// The URL of the site's own style sheet.
    pub site_stylesheet: String,
    pub branding: Branding,
}

/// What search engines and other sites show of a page.
#[derive(Clone, Debug)]
pub struct About {
    pub description: String,
    /// The address under which the page is known.
    pub url: String,
    /// The address of a picture.
    pub image: Option<String>,
    /// The path of a feed.
    pub feed: Option<String>,
}

/// The document's head.
#[component]
pub(crate) fn Head(
    #[prop(into)] title: String,
    look: Look,
    #[prop(optional)] about: Option<About>,
    /// Whether the page is part of the site, with its own style sheet.
    #[prop(optional)]
    is_site: bool,
    /// The page to which the browser goes on by itself.
    #[prop(optional)]
    goes_on_to: Option<String>,
) -> impl IntoView {
    let Look { stylesheet, font, site_stylesheet, branding, .. } = look;
    let own = is_site.then(|| view! { <link rel="stylesheet" href=site_stylesheet/> });
    let whole_title = format!("{title} · {}", branding.brand.name);
    let about = about.map(|about| description(about, &whole_title, &branding.brand.name));
    let accent = branding.stylesheet.map(|href| view! { <link rel="stylesheet" href=href/> });
    view! {
        <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            // Set as HTML, because the framework's marker after text would become part of the title.
            <title inner_html=escaped(&whole_title)></title>
            <link rel="preload" href=font r#as="font" r#type="font/woff2" crossorigin/>
            <link rel="stylesheet" href=stylesheet/>
            {own}
            {accent}
            <link rel="icon" href="/favicon.ico" sizes="32x32"/>
            <link rel="icon" href="/favicon.svg" r#type="image/svg+xml"/>
            <link rel="apple-touch-icon" href="/apple-touch-icon.png"/>
            {about}
            {goes_on_to.map(|url| view! { <meta http-equiv="refresh" content=format!("0; url={url}")/> })}
        </head>
    }
}

/// The description of a page for search engines and other sites (<https://ogp.me>).
fn description(about: About, title: &str, site: &str) -> impl IntoView + use<> {
    let About { description, url, image, feed } = about;
    view! {
        <meta name="description" content=description.clone()/>
        <link rel="canonical" href=url.clone()/>
        {open_graph("og:type", "website")}
        {open_graph("og:site_name", site.to_owned())}
        {open_graph("og:title", title.to_owned())}
        {open_graph("og:description", description)}
        {open_graph("og:url", url)}
        {image.map(|image| view! {
            {open_graph("og:image", image)}
            <meta name="twitter:card" content="summary_large_image"/>
        })}
        {feed.map(|href| view! { <link rel="alternate" r#type="application/rss+xml" href=href title="Changelog"/> })}
    }
}

/// The macro does not know the attribute `property`.
fn open_graph(property: &'static str, content: impl Into<String>) -> impl IntoView {
    leptos::html::meta().attr("property", property).content(content.into())
}

/// Escapes text for the content or an attribute of an element, in HTML and XML.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub(crate) fn render<V: IntoView>(page: impl FnOnce() -> V) -> String {
    Owner::new().with(|| page().to_html())
}

/// A rendered document in a theme.
pub fn with_theme(html: &str, theme: Theme) -> String {
    html.replacen("<html lang=\"en\"", &format!("<html lang=\"en\" data-theme=\"{}\"", theme.as_str()), 1)
}
