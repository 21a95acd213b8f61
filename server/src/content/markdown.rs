//! Converts Markdown to HTML without scripts, styles or raw HTML.

use comrak::{
    Anchorizer, Arena, Options, format_html,
    nodes::{AstNode, NodeValue},
    parse_document,
};

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

/// A page as HTML.
#[derive(Debug)]
pub(crate) struct Rendered {
    /// The first paragraph as plain text.
    pub(crate) summary: String,
    /// The parts of the page, for the search.
    pub(crate) parts: Vec<Part>,
    pub(crate) title: Option<String>,
    pub(crate) headings: Vec<Heading>,
    pub(crate) html: String,
}

/// The word with which a code block includes a file: ```` ```include verify/verify.py ````.
const INCLUDE: &str = "include ";

/// Renders a page of those that are served under `root`. `file` returns the text of an included file.
pub(crate) fn render<E>(text: &str, root: &str, file: impl Fn(&str) -> Result<String, E>) -> Result<Rendered, E> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.header_id_prefix = Some(String::new());
    let arena = Arena::new();
    let document = parse_document(&arena, text, &options);
    let mut anchors = Anchorizer::new();
    let (mut title, mut headings) = (None, Vec::new());
    let mut parts = vec![Part { heading: None, text: String::new() }];
    let first = document.children().find(|node| matches!(node.data.borrow().value, NodeValue::Paragraph));
    let summary = first.map(words).unwrap_or_default();
    for node in document.descendants() {
        let mut data = node.data.borrow_mut();
        match &mut data.value {
            NodeValue::Link(link) => link.url = address(&link.url, root),
            NodeValue::CodeBlock(block) => {
                if let Some(name) = block.info.strip_prefix(INCLUDE) {
                    block.literal = file(name.trim())?;
                    block.info = String::new();
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
    let mut html = String::new();
    // Writing to a string cannot fail.
    let _ = format_html(document, &options, &mut html);
    // The link at a heading is for pointer users; others have the table of contents. Wide blocks scroll, also
    // with the keyboard.
    let html = html
        .replace(" class=\"anchor\"", " class=\"anchor\" aria-hidden=\"true\" tabindex=\"-1\"")
        .replace("<pre>", "<pre tabindex=\"0\" role=\"group\" aria-label=\"Code\">")
        .replace("<table>", "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>")
        .replace("</table>", "</table></div>");
    Ok(Rendered { summary, parts, title, headings, html })
}

/// The target of a link on the served page: pages are named without an extension, and paths start at the
/// root.
fn address(url: &str, root: &str) -> String {
    // A URL with a scheme leads to another site, or to nothing if the scheme is unsafe.
    let has_scheme = url.split('/').next().is_some_and(|start| start.contains(':'));
    if has_scheme || url.starts_with(['#', '/']) {
        return url.to_owned();
    }
    let (path, anchor) = url.split_once('#').map_or((url, None), |(path, anchor)| (path, Some(anchor)));
    let path = match path.strip_suffix(".md") {
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

    fn rendered(text: &str) -> Rendered {
        let file = |name: &str| Ok::<_, std::fmt::Error>(format!("the text of {name}\n"));
        render(text, "/docs", file).expect("rendered")
    }

    #[test]
    fn markdown_is_rendered() {
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
    fn raw_html_is_not_rendered() {
        let page = rendered("# T\n\n<script>alert(1)</script>\n\nx <b onclick=\"y\">z</b> [l](javascript:alert(1))\n");
        assert!(!page.html.contains("<script") && !page.html.contains("onclick") && !page.html.contains("javascript:"));
    }
}
