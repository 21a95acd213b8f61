//! Colors code. A small tokenizer finds what readers look for: comments, strings, numbers, keywords and names of values. It
//! knows nothing of grammar, so it is a fraction of a parser's size, and coloring all pages takes a few milliseconds.

use std::fmt::Write;

/// What a language looks like.
struct Language {
    names: &'static [&'static str],
    /// What comments begin with that end with the line.
    line_comments: &'static [&'static str],
    block_comment: Option<(&'static str, &'static str)>,
    strings: &'static [Quote],
    keywords: &'static [&'static str],
    style: Style,
}

/// How a string begins and ends.
struct Quote {
    mark: &'static str,
    has_escapes: bool,
    has_lines: bool,
}

/// The form of lines, where it has a meaning.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Program,
    /// Names before `:` in quotation marks.
    Json,
    /// `[section]` and `name = value`.
    Sections,
    /// The first word of a line is a directive.
    Directives,
    /// `$NAME` and `--option`.
    Shell,
    /// A line of status or request, and headers before a body in JSON.
    Http,
}

/// What a part of code is, as the style sheet names it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Comment,
    Text,
    Number,
    Keyword,
    Name,
}

impl Kind {
    const fn class(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Comment => Some("hl-comment"),
            Self::Text => Some("hl-text"),
            Self::Number => Some("hl-number"),
            Self::Keyword => Some("hl-keyword"),
            Self::Name => Some("hl-name"),
        }
    }
}

const fn quote(mark: &'static str) -> Quote {
    Quote { mark, has_escapes: true, has_lines: false }
}

const fn long(mark: &'static str) -> Quote {
    Quote { mark, has_escapes: true, has_lines: true }
}

const fn raw(mark: &'static str) -> Quote {
    Quote { mark, has_escapes: false, has_lines: true }
}

const LANGUAGES: [Language; 11] = [
    Language {
        names: &["sh", "bash"],
        line_comments: &["#"],
        block_comment: None,
        strings: &[long("\""), raw("'")],
        keywords: &["if", "then", "else", "fi", "for", "in", "do", "done", "while", "until", "export", "set"],
        style: Style::Shell,
    },
    Language {
        names: &["json"],
        line_comments: &[],
        block_comment: None,
        strings: &[quote("\"")],
        keywords: &["true", "false", "null"],
        style: Style::Json,
    },
    Language {
        names: &["http"],
        line_comments: &[],
        block_comment: None,
        strings: &[quote("\"")],
        keywords: &["true", "false", "null", "GET", "POST", "DELETE", "HTTP"],
        style: Style::Http,
    },
    Language {
        names: &["toml", "ini"],
        line_comments: &["#"],
        block_comment: None,
        strings: &[long("\"\"\""), quote("\""), raw("'")],
        keywords: &["true", "false"],
        style: Style::Sections,
    },
    Language {
        names: &["nginx", "caddy", "yaml"],
        line_comments: &["#"],
        block_comment: None,
        strings: &[quote("\""), quote("'")],
        keywords: &[],
        style: Style::Directives,
    },
    Language {
        names: &["sql"],
        line_comments: &["--"],
        block_comment: Some(("/*", "*/")),
        strings: &[raw("'")],
        keywords: &[
            "ALTER",
            "AND",
            "BY",
            "CREATE",
            "DATABASE",
            "DEFAULT",
            "DELETE",
            "EXISTS",
            "FROM",
            "GRANT",
            "IN",
            "INSERT",
            "INTO",
            "LOGIN",
            "NOT",
            "NULL",
            "ON",
            "OR",
            "OWNED",
            "OWNER",
            "PASSWORD",
            "PRIVILEGES",
            "REASSIGN",
            "REVOKE",
            "ROLE",
            "SCHEMA",
            "SELECT",
            "SET",
            "TABLE",
            "TABLES",
            "TO",
            "UPDATE",
            "USAGE",
            "USER",
            "VACUUM",
            "VALUES",
            "WHERE",
        ],
        style: Style::Program,
    },
    Language {
        names: &["rust", "rs"],
        line_comments: &["//"],
        block_comment: Some(("/*", "*/")),
        strings: &[long("\"")],
        keywords: &[
            "as", "async", "await", "break", "const", "continue", "crate", "else", "enum", "false", "fn", "for", "if",
            "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "static",
            "struct", "trait", "true", "type", "use", "where", "while",
        ],
        style: Style::Program,
    },
    Language {
        names: &["python", "py"],
        line_comments: &["#"],
        block_comment: None,
        strings: &[long("\"\"\""), long("'''"), quote("\""), quote("'")],
        keywords: &[
            "and", "as", "assert", "break", "class", "continue", "def", "del", "elif", "else", "except", "False",
            "finally", "for", "from", "if", "import", "in", "is", "lambda", "None", "not", "or", "pass", "raise",
            "return", "True", "try", "while", "with", "yield",
        ],
        style: Style::Program,
    },
    Language {
        names: &["js", "mjs", "javascript"],
        line_comments: &["//"],
        block_comment: Some(("/*", "*/")),
        strings: &[quote("\""), quote("'"), long("`")],
        keywords: &[
            "async",
            "await",
            "break",
            "case",
            "catch",
            "class",
            "const",
            "continue",
            "default",
            "else",
            "export",
            "extends",
            "false",
            "finally",
            "for",
            "from",
            "function",
            "if",
            "import",
            "in",
            "instanceof",
            "let",
            "new",
            "null",
            "of",
            "return",
            "static",
            "switch",
            "this",
            "throw",
            "true",
            "try",
            "typeof",
            "undefined",
            "var",
            "while",
            "yield",
        ],
        style: Style::Program,
    },
    Language {
        names: &["cs", "csharp"],
        line_comments: &["//"],
        block_comment: Some(("/*", "*/")),
        strings: &[quote("\""), quote("'")],
        keywords: &[
            "abstract",
            "as",
            "async",
            "await",
            "base",
            "bool",
            "break",
            "byte",
            "case",
            "catch",
            "class",
            "const",
            "continue",
            "default",
            "delegate",
            "do",
            "double",
            "else",
            "enum",
            "event",
            "false",
            "finally",
            "fixed",
            "for",
            "foreach",
            "get",
            "if",
            "in",
            "int",
            "interface",
            "internal",
            "is",
            "lock",
            "long",
            "namespace",
            "new",
            "null",
            "object",
            "out",
            "override",
            "params",
            "partial",
            "private",
            "protected",
            "public",
            "readonly",
            "ref",
            "return",
            "sealed",
            "set",
            "static",
            "string",
            "struct",
            "switch",
            "this",
            "throw",
            "true",
            "try",
            "typeof",
            "uint",
            "using",
            "var",
            "virtual",
            "void",
            "while",
        ],
        style: Style::Program,
    },
    Language {
        names: &["html", "xml"],
        line_comments: &[],
        block_comment: Some(("<!--", "-->")),
        strings: &[quote("\"")],
        keywords: &[],
        style: Style::Program,
    },
];

/// Code as escaped HTML, in which parts have classes if the language is known.
pub(crate) fn html(language: &str, code: &str) -> String {
    let Some(language) = LANGUAGES.iter().find(|known| known.names.contains(&language)) else {
        return escaped(code);
    };
    let mut out = String::with_capacity(code.len() * 2);
    let mut rest = code;
    let mut before = '\n';
    // Whether the line has only white space so far.
    let mut is_line_start = true;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = language.part(rest, before, is_line_start);
        let (part, after) = rest.split_at_checked(length.max(first.len_utf8())).unwrap_or((rest, ""));
        match kind.class() {
            Some(class) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "<span class=\"{class}\">{}</span>", escaped(part));
            }
            None => out.push_str(&escaped(part)),
        }
        for letter in part.chars() {
            is_line_start = letter == '\n' || (is_line_start && letter.is_whitespace());
            before = letter;
        }
        rest = after;
    }
    out
}

impl Language {
    /// The part at the start of `rest`: what it is, and its length in bytes.
    fn part(&self, rest: &str, before: char, is_line_start: bool) -> (Kind, usize) {
        if let Some(length) = self.comment(rest, before) {
            return (Kind::Comment, length);
        }
        if is_line_start && self.style == Style::Sections && rest.starts_with('[') {
            return (Kind::Keyword, line_length(rest));
        }
        if let Some(length) = self.string(rest) {
            let after = rest.get(length..).unwrap_or_default();
            let names = matches!(self.style, Style::Json | Style::Http) && after.trim_start().starts_with(':');
            return (if names { Kind::Name } else { Kind::Text }, length);
        }
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let first = rest.chars().next().unwrap_or_default();
        if self.style == Style::Shell {
            if first == '$' {
                let name = rest.get(1..).map_or(0, |name| run(name, is_word));
                return (if name > 0 { Kind::Name } else { Kind::Plain }, 1 + name);
            }
            if first == '-' && before.is_whitespace() {
                return (Kind::Name, run(rest, |letter| is_word(letter) || letter == '-'));
            }
        }
        if is_word(before) || !is_word(first) {
            return (Kind::Plain, first.len_utf8());
        }
        if first.is_ascii_digit() && self.style != Style::Shell {
            return (Kind::Number, run(rest, |letter| is_word(letter) || letter == '.'));
        }
        let in_names = matches!(self.style, Style::Sections | Style::Directives | Style::Http);
        let length = run(rest, |letter| is_word(letter) || (in_names && "-._".contains(letter)));
        (self.word(rest, length, is_line_start), length)
    }

    fn word(&self, rest: &str, length: usize, is_line_start: bool) -> Kind {
        let (word, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let after = after.trim_start_matches([' ', '\t']);
        let is_name = match self.style {
            Style::Sections => after.starts_with('='),
            Style::Http => is_line_start && after.starts_with(':'),
            Style::Directives => is_line_start,
            Style::Program | Style::Json | Style::Shell => false,
        };
        match is_name {
            true if self.style == Style::Directives => Kind::Keyword,
            true => Kind::Name,
            false if self.keywords.contains(&word) => Kind::Keyword,
            false => Kind::Plain,
        }
    }

    fn comment(&self, rest: &str, before: char) -> Option<usize> {
        if let Some((begin, end)) = self.block_comment
            && let Some(inner) = rest.strip_prefix(begin)
        {
            return Some(inner.find(end).map_or(rest.len(), |at| begin.len() + at + end.len()));
        }
        // `#` within a word or a URL begins nothing.
        let begins =
            self.line_comments.iter().any(|mark| rest.starts_with(mark) && (*mark != "#" || before.is_whitespace()));
        begins.then(|| line_length(rest))
    }

    fn string(&self, rest: &str) -> Option<usize> {
        let quote = self.strings.iter().find(|quote| rest.starts_with(quote.mark))?;
        let mut inner = rest.get(quote.mark.len()..)?;
        while let Some(letter) = inner.chars().next() {
            if inner.starts_with(quote.mark) {
                return Some(rest.len() - inner.len() + quote.mark.len());
            }
            if letter == '\n' && !quote.has_lines {
                return Some(rest.len() - inner.len());
            }
            let mut letters = inner.chars();
            letters.next();
            if letter == '\\' && quote.has_escapes {
                letters.next();
            }
            inner = letters.as_str();
        }
        Some(rest.len())
    }
}

/// The length of the letters at the start that fit.
fn run(text: &str, fits: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !fits(letter)).unwrap_or(text.len())
}

fn line_length(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts with a class, as `class:text`.
    fn parts(language: &str, code: &str) -> Vec<String> {
        let html = html(language, code);
        let spans = html.split("<span class=\"hl-").skip(1);
        spans.filter_map(|span| span.split("</span>").next()).map(|span| span.replace("\">", ":")).collect()
    }

    #[test]
    fn parts_of_code_have_classes() {
        for (language, code, expected) in [
            (
                "sh",
                "export A='x y' # why\nlatchkey $A --yes a#b",
                &["keyword:export", "text:'x y'", "comment:# why", "name:$A", "name:--yes"][..],
            ),
            (
                "json",
                r#"{"a": [1.5, "b:", null]}"#,
                &["name:&quot;a&quot;", "number:1.5", "text:&quot;b:&quot;", "keyword:null"],
            ),
            (
                "toml",
                "[a]\nb.c = true # x\nd = [1]",
                &["keyword:[a]", "name:b.c", "keyword:true", "comment:# x", "name:d", "number:1"],
            ),
            (
                "rust",
                "let a = \"\\\"\"; // b\n/* c */ 'd",
                &["keyword:let", "text:&quot;\\&quot;&quot;", "comment:// b", "comment:/* c */"],
            ),
            ("python", "x = '''a\nb''' if 2 else ifx", &["text:'''a\nb'''", "keyword:if", "number:2", "keyword:else"]),
            ("nginx", "server {\n  listen 443 ssl;\n}", &["keyword:server", "keyword:listen", "number:443"]),
            (
                "http",
                "GET /v1 HTTP/1.1\nHost: a\n\n{\"a\": 1}",
                &["keyword:GET", "keyword:HTTP", "number:1.1", "name:Host", "name:&quot;a&quot;", "number:1"],
            ),
        ] {
            assert_eq!(parts(language, code), expected, "{language}");
        }
    }

    #[test]
    fn unknown_languages_and_unfinished_parts_are_escaped() {
        assert_eq!(html("text", "<b> & \"c\""), "&lt;b&gt; &amp; &quot;c&quot;");
        assert_eq!(parts("js", "a = \"b\nc"), ["text:&quot;b"]);
        assert_eq!(parts("js", "/* never ends"), ["comment:/* never ends"]);
        assert!(html("cs", "a < b && 'ü'").contains("a &lt; b &amp;&amp; <span"));
    }

    /// Nothing is lost or added, whatever the code is.
    #[test]
    fn the_text_stays_the_same() {
        for code in ["", "\\", "\"\\", "'", "$", "-", "é\"ü\\\n", "#", "/*", "[\n", "a\r\nb"] {
            for language in LANGUAGES.iter().flat_map(|language| language.names) {
                let html = html(language, code);
                let mut plain = String::new();
                let mut rest = html.as_str();
                while let Some((text, tag)) = rest.split_once('<') {
                    plain.push_str(text);
                    rest = tag.split_once('>').map_or("", |(_, rest)| rest);
                }
                plain.push_str(rest);
                assert_eq!(plain, escaped(code), "{language}");
            }
        }
    }
}
