//! Markdown into HTML without script, style or raw HTML.

use comrak::{
    Anchorizer, Arena, Options, format_html,
    nodes::{AstNode, NodeValue},
    parse_document,
};

use crate::docs::{DocsError, ROOT};

/// A part of a page that its table of contents names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    /// Its id.
    pub(crate) id: String,
    /// Its words.
    pub(crate) text: String,
}

/// A page in HTML.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) title: Option<String>,
    pub(super) headings: Vec<Heading>,
    pub(super) html: String,
}

/// The word by which a code block asks for a file: ```` ```include verify/verify.py ````.
const INCLUDE: &str = "include ";

/// Renders a page. `file` gives the text of a file that it includes.
pub(super) fn render(text: &str, file: impl Fn(&str) -> Result<String, DocsError>) -> Result<Rendered, DocsError> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.header_id_prefix = Some(String::new());
    let arena = Arena::new();
    let root = parse_document(&arena, text, &options);
    let mut anchors = Anchorizer::new();
    let (mut title, mut headings) = (None, Vec::new());
    for node in root.descendants() {
        let mut data = node.data.borrow_mut();
        match &mut data.value {
            NodeValue::Link(link) => link.url = address(&link.url),
            NodeValue::CodeBlock(block) => {
                if let Some(name) = block.info.strip_prefix(INCLUDE) {
                    block.literal = file(name.trim())?;
                    block.info = String::new();
                }
            }
            NodeValue::Heading(heading) => {
                let level = heading.level;
                drop(data);
                let text = words(node);
                let id = anchors.anchorize(&text);
                match level {
                    1 if title.is_none() => title = Some(text),
                    2 => headings.push(Heading { id, text }),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    let mut html = String::new();
    // Writing to a string cannot fail.
    let _ = format_html(root, &options, &mut html);
    // The link at a heading is for a pointer; keyboards and screen readers have the page's contents. What is
    // wider than its place scrolls by itself, also by keyboard.
    let html = html
        .replace(" class=\"anchor\"", " class=\"anchor\" aria-hidden=\"true\" tabindex=\"-1\"")
        .replace("<pre>", "<pre tabindex=\"0\" role=\"group\" aria-label=\"Code\">")
        .replace("<table>", "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>")
        .replace("</table>", "</table></div>");
    Ok(Rendered { title, headings, html })
}

/// Where a link leads when the page is served: pages are named without their ending, and everything is
/// told from the root.
fn address(url: &str) -> String {
    // With a scheme it leads elsewhere, or, if the scheme is a harmful one, nowhere.
    let has_scheme = url.split('/').next().is_some_and(|start| start.contains(':'));
    if has_scheme || url.starts_with(['#', '/']) {
        return url.to_owned();
    }
    let (path, anchor) = url.split_once('#').map_or((url, None), |(path, anchor)| (path, Some(anchor)));
    let path = match path.strip_suffix(".md") {
        Some("index") => ROOT.to_owned(),
        Some(page) => format!("{ROOT}/{page}"),
        None => format!("{ROOT}/{path}"),
    };
    anchor.map_or_else(|| path.clone(), |anchor| format!("{path}#{anchor}"))
}

/// The words of a heading.
fn words<'a>(node: &'a AstNode<'a>) -> String {
    node.descendants().fold(String::new(), |mut text, node| {
        match &node.data.borrow().value {
            NodeValue::Text(words) => text.push_str(words),
            NodeValue::Code(code) => text.push_str(&code.literal),
            _ => {}
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> Rendered {
        render(text, |name| Ok(format!("the text of {name}\n"))).expect("rendered")
    }

    #[test]
    fn pages() {
        let page = rendered("# `A` title\n\n## One & two\n\n[x](other.md#part) [y](a/b.py) [z](https://x.example)\n");
        assert_eq!(page.title.as_deref(), Some("A title"));
        assert_eq!(page.headings, [Heading { id: "one--two".to_owned(), text: "One & two".to_owned() }]);
        for part in ["id=\"one--two\"", "/docs/other#part", "/docs/a/b.py", "https://x.example"] {
            assert!(page.html.contains(part), "{part}: {}", page.html);
        }
    }

    #[test]
    fn files_are_included_and_escaped() {
        let page = rendered("# T\n\n```include a/<b>.py\n```\n");
        assert!(page.html.contains("aria-label=\"Code\"><code>the text of a/&lt;b&gt;.py"), "{}", page.html);
    }

    #[test]
    fn raw_html_stays_out() {
        let page = rendered("# T\n\n<script>alert(1)</script>\n\nx <b onclick=\"y\">z</b> [l](javascript:alert(1))\n");
        assert!(!page.html.contains("<script") && !page.html.contains("onclick") && !page.html.contains("javascript:"));
    }
}
