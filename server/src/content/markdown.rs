//! Converts Markdown to HTML without scripts, styles or raw HTML.

use std::fmt::Write;

use comrak::{
    Anchorizer, Arena, Options, format_html,
    nodes::{AstNode, NodeValue},
    parse_document,
};

use latchkey_app::routes::{AdminPage, Page};

use crate::content::highlight;

/// A heading, for the page's table of contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    pub(crate) id: String,
    pub(crate) text: String,
}

/// What stands below a heading, or before the first one, as plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) heading: Option<Heading>,
    pub(crate) text: String,
}

/// A link, with the line on which its block begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) target: String,
    pub(crate) line: usize,
}

/// A page as HTML.
#[derive(Debug)]
pub(crate) struct Rendered {
    /// The first paragraph as plain text.
    pub(crate) summary: String,
    /// The parts of the page, for the search.
    pub(crate) parts: Vec<Part>,
    pub(crate) title: Option<String>,
    pub(crate) headings: Vec<Heading>,
    pub(crate) links: Vec<Reference>,
    pub(crate) html: String,
}

/// Where the pages that a text links to are served.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Places<'a> {
    /// The path of the pages that the text belongs to.
    pub(crate) root: &'a str,
    /// The portal's origin and the admin portal's, if they are not the origin of the page.
    pub(crate) portal: &'a str,
    pub(crate) admin: &'a str,
}

/// Renders a page. `file` returns the text of a file that the page includes on a line.
pub(crate) fn render<E>(
    text: &str,
    places: Places,
    file: impl Fn(&str, usize) -> Result<String, E>,
) -> Result<Rendered, E> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.alerts = true;
    options.extension.header_id_prefix = Some(String::new());
    let arena = Arena::new();
    let document = parse_document(&arena, text, &options);
    let mut anchors = Anchorizer::new();
    let (mut title, mut headings, mut links) = (None, Vec::new(), Vec::new());
    let mut parts = vec![Part { heading: None, text: String::new() }];
    let first = document.children().find(|node| matches!(node.data.borrow().value, NodeValue::Paragraph));
    let summary = first.map(words).unwrap_or_default();
    for node in document.descendants() {
        let mut data = node.data.borrow_mut();
        let line = data.sourcepos.start.line;
        match &mut data.value {
            NodeValue::Link(link) => {
                link.url = address(&link.url, places);
                links.push(Reference { target: link.url.clone(), line });
            }
            NodeValue::CodeBlock(block) => {
                if let Some(name) = Info::parse(&block.info).include {
                    block.literal = file(name, line)?;
                } else if let Some(part) = parts.last_mut() {
                    // Included files are too long to be searched.
                    for line in block.literal.lines() {
                        part.text.push(' ');
                        part.text.push_str(line.trim());
                    }
                    part.text.push(' ');
                }
            }
            NodeValue::Heading(heading) => {
                let level = heading.level;
                drop(data);
                let text = words(node);
                let id = anchors.anchorize(&text);
                match level {
                    1 if title.is_none() => title = Some(text),
                    2 => {
                        headings.push(Heading { id: id.clone(), text: text.clone() });
                        parts.push(Part { heading: Some(Heading { id, text }), text: String::new() });
                    }
                    _ => parts.push(Part { heading: Some(Heading { id, text }), text: String::new() }),
                }
            }
            NodeValue::Text(_) | NodeValue::Code(_) => {
                let is_heading = node.ancestors().any(|above| {
                    matches!(above.data.try_borrow().map(|data| matches!(data.value, NodeValue::Heading(_))), Ok(true))
                });
                if !is_heading && let Some(part) = parts.last_mut() {
                    part.text.push_str(&match &data.value {
                        NodeValue::Text(text) => text.to_string(),
                        NodeValue::Code(code) => code.literal.clone(),
                        _ => String::new(),
                    });
                }
            }
            NodeValue::SoftBreak
            | NodeValue::LineBreak
            | NodeValue::Paragraph
            | NodeValue::TableCell
            | NodeValue::Item(_) => {
                if let Some(part) = parts.last_mut()
                    && !part.text.is_empty()
                    && !part.text.ends_with(' ')
                {
                    part.text.push(' ');
                }
            }
            _ => {}
        }
    }
    write_code(document);
    let mut html = String::new();
    // Writing to a string cannot fail.
    let _ = format_html(document, &options, &mut html);
    // The link at a heading is for pointer users; others have the table of contents. Wide blocks scroll, also
    // with the keyboard.
    let html = html
        .replace(" class=\"anchor\"", " class=\"anchor\" aria-hidden=\"true\" tabindex=\"-1\"")
        .replace("<table>", "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>")
        .replace("</table>", "</table></div>");
    Ok(Rendered { summary, parts, title, headings, links, html })
}

/// What stands after the fence of a code block: ```` ```sh ````, ```` ```toml file="latchkey.toml" ````,
/// ```` ```sh tab="Debian" ```` or ```` ```include verify/verify.py ````.
#[derive(Debug, Default, PartialEq, Eq)]
struct Info<'a> {
    language: &'a str,
    /// The name of a file that is shown above the code.
    caption: Option<&'a str>,
    /// The name of the tab that shows the code. Blocks with tabs that follow each other are shown one at a time.
    tab: Option<&'a str>,
    include: Option<&'a str>,
}

impl<'a> Info<'a> {
    fn parse(info: &'a str) -> Self {
        let value = |name: &str| {
            let (_, rest) = info.split_once(name)?;
            rest.split('"').next()
        };
        let (first, rest) = info.split_once(' ').unwrap_or((info, ""));
        let tab = value("tab=\"");
        if first == "include" {
            let name = rest.split(' ').next().unwrap_or_default();
            let language = name.rsplit_once('.').map_or("", |(_, end)| end);
            let caption = name.rsplit_once('/').map_or(name, |(_, file)| file);
            return Self { language, caption: Some(caption), tab, include: Some(name) };
        }
        Self { language: first, caption: value("file=\""), tab, include: None }
    }
}

/// Replaces code blocks with our own HTML.
fn write_code<'a>(document: &'a AstNode<'a>) {
    let blocks: Vec<_> =
        document.descendants().filter(|node| matches!(node.data.borrow().value, NodeValue::CodeBlock(_))).collect();
    let tab_of = |node: &'a AstNode<'a>| match &node.data.borrow().value {
        NodeValue::CodeBlock(block) => Info::parse(&block.info).tab.map(str::to_owned),
        _ => None,
    };
    let mut groups = 0;
    let mut shown = Vec::new();
    for node in blocks {
        let Some(tab) = tab_of(node) else {
            let html = code_block(&node.data.borrow().value);
            node.data.borrow_mut().value = NodeValue::Raw(html);
            continue;
        };
        shown.push((tab, code_block(&node.data.borrow().value)));
        // The last block of a group shows all of it.
        let goes_on = node.next_sibling().is_some_and(|next| tab_of(next).is_some());
        let html = if goes_on {
            String::new()
        } else {
            groups += 1;
            tabs(&format!("tabs-{groups}"), "Variants", &std::mem::take(&mut shown))
        };
        node.data.borrow_mut().value = NodeValue::Raw(html);
    }
}

fn code_block(value: &NodeValue) -> String {
    match value {
        NodeValue::CodeBlock(block) => {
            let info = Info::parse(&block.info);
            code(info.language, info.caption, &block.literal)
        }
        _ => String::new(),
    }
}

/// Code as a block. Programs and commands can be copied; what they print cannot, because nobody needs it.
pub(crate) fn code(language: &str, caption: Option<&str>, text: &str) -> String {
    let code = highlight::html(language, text);
    let copies = if matches!(language, "" | "text" | "http") { "" } else { " data-copy" };
    let label = highlight::escaped(caption.unwrap_or("Code"));
    let pre = format!("<pre tabindex=\"0\" role=\"group\" aria-label=\"{label}\"><code>{code}</code></pre>");
    match caption {
        Some(_) => format!("<figure class=\"code\"{copies}><figcaption>{label}</figcaption>{pre}</figure>\n"),
        None => format!("<div class=\"code\"{copies}>{pre}</div>\n"),
    }
}

/// Parts of which one is shown at a time, without a script: each has a radio button. `id` is the group's.
pub(crate) fn tabs(id: &str, label: &str, parts: &[(String, String)]) -> String {
    let mut html = format!("<fieldset class=\"variants\"><legend class=\"visually-hidden\">{label}</legend>");
    // Writing to a string cannot fail.
    for (number, (name, _)) in (1..).zip(parts) {
        let checked = if number == 1 { " checked" } else { "" };
        let name = highlight::escaped(name);
        let _ = write!(
            html,
            "<input type=\"radio\" name=\"{id}\" id=\"{id}-{number}\"{checked}><label for=\"{id}-{number}\">{name}</label>"
        );
    }
    for (name, part) in parts {
        let _ = write!(
            html,
            "<div class=\"variant\" role=\"group\" aria-label=\"{}\">{part}</div>",
            highlight::escaped(name)
        );
    }
    html.push_str("</fieldset>\n");
    html
}

/// The target of a link on the served page. Pages are named without an extension, and their folders are not part of
/// their paths.
fn address(url: &str, places: Places) -> String {
    // A URL with a scheme leads to another site, or to nothing if the scheme is unsafe.
    let has_scheme = url.split('/').next().is_some_and(|start| start.contains(':'));
    if has_scheme || url.starts_with('#') {
        return url.to_owned();
    }
    if url.starts_with('/') {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let origin = if AdminPage::parse(path).is_some() {
            places.admin
        } else if Page::parse(path).is_some() {
            places.portal
        } else {
            ""
        };
        return format!("{origin}{url}");
    }
    let root = places.root;
    let (path, anchor) = url.split_once('#').map_or((url, None), |(path, anchor)| (path, Some(anchor)));
    let path = path.trim_start_matches("./").trim_start_matches("../");
    let path = match path.strip_suffix(".md").map(|path| path.rsplit('/').next().unwrap_or(path)) {
        Some("index") => root.to_owned(),
        Some(page) => format!("{root}/{page}"),
        None => format!("{root}/{path}"),
    };
    anchor.map_or_else(|| path.clone(), |anchor| format!("{path}#{anchor}"))
}

/// The text of a heading.
fn words<'a>(node: &'a AstNode<'a>) -> String {
    node.descendants().fold(String::new(), |mut text, node| {
        match &node.data.borrow().value {
            NodeValue::Text(words) => text.push_str(words),
            NodeValue::Code(code) => text.push_str(&code.literal),
            NodeValue::SoftBreak => text.push(' '),
            _ => {}
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: Places = Places { root: "/docs", portal: "", admin: "" };

    fn rendered_at(text: &str, places: Places) -> Rendered {
        let file = |name: &str, _| Ok::<_, std::fmt::Error>(format!("the text of {name}\n"));
        render(text, places, file).expect("rendered")
    }

    fn rendered(text: &str) -> Rendered {
        rendered_at(text, PLACES)
    }

    #[test]
    fn markdown_is_rendered() {
        let page =
            rendered("# `A` title\n\n## One & two\n\n[x](other.md#part) [y](a/b.py)\n\n[z](https://x.example)\n");
        assert_eq!(page.title.as_deref(), Some("A title"));
        assert_eq!(page.headings, [Heading { id: "one--two".to_owned(), text: "One & two".to_owned() }]);
        for part in ["id=\"one--two\"", "/docs/other#part", "/docs/a/b.py", "https://x.example"] {
            assert!(page.html.contains(part), "{part}: {}", page.html);
        }
        let lines: Vec<_> = page.links.iter().map(|link| (link.target.as_str(), link.line)).collect();
        assert_eq!(lines, [("/docs/other#part", 5), ("/docs/a/b.py", 5), ("https://x.example", 7)]);
    }

    #[test]
    fn links_lead_to_pages_without_their_folders_and_to_the_portal() {
        let away = Places { portal: "https://portal.example", admin: "https://admin.example", ..PLACES };
        for (written, here, elsewhere) in [
            ("client.md", "/docs/client", "/docs/client"),
            ("../operators/stripe.md#test", "/docs/stripe#test", "/docs/stripe#test"),
            ("../index.md", "/docs", "/docs"),
            ("../verify/verify.py", "/docs/verify/verify.py", "/docs/verify/verify.py"),
            ("/docs/api", "/docs/api", "/docs/api"),
            ("/portal/offline", "/portal/offline", "https://portal.example/portal/offline"),
            ("/login", "/login", "https://portal.example/login"),
            ("/admin/diagnostics", "/admin/diagnostics", "https://admin.example/admin/diagnostics"),
            (
                "/portal/offline?request=x#y",
                "/portal/offline?request=x#y",
                "https://portal.example/portal/offline?request=x#y",
            ),
            ("/portals", "/portals", "/portals"),
            ("#part", "#part", "#part"),
        ] {
            assert_eq!(address(written, PLACES), here, "{written}");
            assert_eq!(address(written, away), elsewhere, "{written}");
        }
    }

    #[test]
    fn files_are_included_and_escaped() {
        let page = rendered("# T\n\n```include a/<b>.py\n```\n");
        assert!(page.html.contains("<figcaption>&lt;b&gt;.py</figcaption>"), "{}", page.html);
        assert!(page.html.contains("the text of a/&lt;b&gt;.py"), "{}", page.html);
    }

    #[test]
    fn code_has_colors_a_caption_and_tabs() {
        let page = rendered(
            "# T\n\n```toml file=\"x.toml\"\na = 1\n```\n\n```sh tab=\"Caddy\"\necho 1\n```\n\n```sh tab=\"nginx & co\"\necho 2\n```\n\ntext\n\n```text\nout\n```\n",
        );
        for part in [
            "<figure class=\"code\" data-copy><figcaption>x.toml</figcaption>",
            "<span class=\"hl-name\">a</span> = <span class=\"hl-number\">1</span>",
            "<input type=\"radio\" name=\"tabs-1\" id=\"tabs-1-1\" checked><label for=\"tabs-1-1\">Caddy</label>",
            "<label for=\"tabs-1-2\">nginx &amp; co</label>",
            "<div class=\"code\"><pre tabindex=\"0\" role=\"group\" aria-label=\"Code\"><code>out",
        ] {
            assert!(page.html.contains(part), "{part}: {}", page.html);
        }
        assert_eq!(page.html.matches("<fieldset").count(), 1, "{}", page.html);
        assert!(page.parts.iter().any(|part| part.text.contains("echo 2")), "code is searched");
    }

    #[test]
    fn raw_html_is_not_rendered() {
        let page = rendered(
            "# T\n\n<script>alert(1)</script>\n\nx <b onclick=\"y\">z</b> [l](javascript:alert(1))\n\n```sh tab=\"<b>\"\n</code><script>\n```\n",
        );
        assert!(!page.html.contains("<script") && !page.html.contains("onclick") && !page.html.contains("javascript:"));
        assert!(!page.html.contains("<b>"), "{}", page.html);
    }
}
