//! `/docs/api`: the API reference, rendered once at startup. It needs no script.

use std::collections::BTreeMap;

use leptos::prelude::*;
use serde_json::{Map, Value};

use crate::static_pages::{
    docs::{Book, DocsDocument, DocsLink, DocsSection, Rendered, copy},
    document::{Look, render},
};

/// How deeply nested members are shown. Below that, only their names are.
const DEPTH: usize = 4;

/// What the reference is made of.
#[derive(Clone, Debug)]
pub struct Reference {
    pub path: &'static str,
    pub title: String,
    /// What search results say about the page.
    pub summary: String,
    /// What holds for all operations, as our own HTML, and its headings.
    pub introduction: String,
    pub parts: Vec<DocsLink>,
    /// The OpenAPI document.
    pub description: Value,
    /// What was sent and answered, by the operation's id, as our own HTML.
    pub examples: BTreeMap<String, String>,
}

/// The page. `sections` lists all pages.
pub fn page(look: Look, reference: Reference, sections: Vec<DocsSection>) -> String {
    let html = render(move || {
        let Reference { path, title, summary, introduction, parts, description, mut examples } = reference;
        let groups = groups(&description);
        let parts = parts.into_iter().map(|part| view! { <li><a href=part.href>{part.title}</a></li> }).collect_view();
        let contents = groups.iter().map(Group::links).collect_view();
        let bodies = groups.into_iter().map(|group| group.section(&description, &mut examples)).collect_view();
        let error = description.pointer("/components/schemas/ErrorDocument");
        let error = error.map(|schema| members(&description, schema, 0));
        view! {
            <DocsDocument title look path book=Book::Latchkey description=summary sections>
                <main id="main" class="docs-main stack-large reference" tabindex="-1">
                    <Rendered html=introduction class="prose"/>
                    <section class="stack" id="error-document" aria-labelledby="error-document-title">
                        <h2 class="title-2" id="error-document-title">"The error document"</h2>
                        {error}
                    </section>
                    {bodies}
                </main>
                <nav aria-label="On this page" class="docs-parts operations">
                    <span class="docs-section">"On this page"</span>
                    <ul>{parts} <li><a href="#error-document">"The error document"</a></li></ul>
                    {contents}
                </nav>
            </DocsDocument>
        }
    });
    copy::with_script(html)
}

/// The operations on one kind of object.
struct Group {
    name: String,
    about: String,
    operations: Vec<Operation>,
}

/// An operation of the API.
struct Operation {
    method: String,
    path: String,
    id: String,
    value: Value,
}

fn groups(description: &Value) -> Vec<Group> {
    let tags = list(description, "/tags").iter();
    let groups = tags.map(|tag| {
        let name = text(tag, "/name");
        Group { about: text(tag, "/description"), operations: operations(description, &name), name }
    });
    groups.collect()
}

fn operations(description: &Value, tag: &str) -> Vec<Operation> {
    let none = Map::new();
    let paths = description.get("paths").and_then(Value::as_object).unwrap_or(&none);
    let all = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().into_iter().flatten().map(move |(method, value)| Operation {
            method: method.to_uppercase(),
            path: path.clone(),
            id: text(value, "/operationId"),
            value: value.clone(),
        })
    });
    let mut found: Vec<Operation> = all.filter(|operation| text(&operation.value, "/tags/0") == tag).collect();
    found.sort_by_key(|operation| (operation.path.clone(), operation.method.clone()));
    found
}

impl Group {
    fn anchor(&self) -> String {
        self.name.to_lowercase()
    }

    fn links(&self) -> impl IntoView + use<> {
        let href = format!("#{}", self.anchor());
        let links = self.operations.iter().map(Operation::link).collect_view();
        view! { <a class="docs-section" href=href>{self.name.clone()}</a> <ul>{links}</ul> }
    }

    fn section(self, description: &Value, examples: &mut BTreeMap<String, String>) -> impl IntoView + use<> {
        let id = self.anchor();
        let title_id = format!("{id}-title");
        let labelled_by = title_id.clone();
        let operations = self.operations.into_iter().map(|operation| {
            let example = examples.remove(&operation.id);
            operation.section(description, example)
        });
        let operations = operations.collect_view();
        view! {
            <section class="stack-large" id=id aria-labelledby=labelled_by>
                <div class="stack">
                    <h2 class="title-1" id=title_id>{self.name}</h2>
                    <p class="text-2">{prose(&self.about)}</p>
                </div>
                {operations}
            </section>
        }
    }
}

impl Operation {
    fn link(&self) -> impl IntoView + use<> {
        let href = format!("#{}", self.id);
        // The path may be broken between its segments.
        let path = short(&self.path);
        let segments: Vec<_> = path.split_inclusive('/').map(|segment| view! { {segment.to_owned()} <wbr/> }).collect();
        view! {
            <li><a href=href><span class="method">{self.method.clone()}</span> <span>{segments}</span></a></li>
        }
    }

    fn section(self, description: &Value, example: Option<String>) -> impl IntoView + use<> {
        let Self { method, path, id, value } = self;
        let summary = text(&value, "/summary");
        let needs_key = !list(&value, "/security").is_empty();
        let may_go_without = list(&value, "/security").iter().any(|one| one == &Value::Object(Map::new()));
        let credential = match (needs_key, may_go_without) {
            (false, _) => "No authentication.",
            (true, true) => "A license key is optional.",
            (true, false) => "Requires a license key.",
        };
        let parameters = list(&value, "/parameters").iter().map(parameter).collect_view();
        let body = value.pointer("/requestBody").map(|body| {
            let about = text(body, "/description");
            let schema = schema_of(body).map(|schema| members(description, schema, 0));
            view! { <h4>"Body"</h4> <p class="small text-2">{prose(&about)}</p> {schema} }
        });
        let none = Map::new();
        let responses = value.pointer("/responses").and_then(Value::as_object).unwrap_or(&none);
        let responses = responses.iter().map(|(status, response)| answer(description, status, response)).collect_view();
        let has_parameters = !list(&value, "/parameters").is_empty();
        let example = example.map(|html| view! { <Rendered html class="example"/> });
        view! {
            <section class="card stack" id=id>
                <h3 class="title-2"><span class="method">{method}</span> " " <code class="break-anywhere">{path}</code></h3>
                <p>{prose(&summary)} " " <span class="text-2">{credential}</span></p>
                {example}
                {has_parameters.then(|| view! { <h4>"Parameters"</h4> <dl class="members">{parameters}</dl> })}
                {body}
                <h4>"Responses"</h4>
                <dl class="members">{responses}</dl>
            </section>
        }
    }
}
fn parameter(value: &Value) -> impl IntoView + use<> {
    let place = text(value, "/in");
    view! {
        <div>
            <dt><code>{text(value, "/name")}</code> " " <span class="small text-2">{place}</span></dt>
            <dd>{prose(&text(value, "/description"))}</dd>
        </div>
    }
}

fn answer(description: &Value, status: &str, response: &Value) -> impl IntoView + use<> {
    // All errors have the same form, which is shown once.
    let is_error = !status.starts_with('2');
    let schema = schema_of(response).filter(|_| !is_error).map(|schema| members(description, schema, 0));
    view! {
        <div>
            <dt><code>{status.to_owned()}</code></dt>
            <dd>
                {prose(&text(response, "/description"))}
                {schema.map(|schema| view! { <details><summary>"Document"</summary>{schema}</details> })}
            </dd>
        </div>
    }
}

fn schema_of(part: &Value) -> Option<&Value> {
    part.get("content")?.as_object()?.values().next()?.get("schema")
}

/// The members of an object, and of nested objects.
fn members(description: &Value, schema: &Value, depth: usize) -> AnyView {
    let schema = resolve(description, schema);
    let item = schema.get("items").map(|items| resolve(description, items));
    let object = item.unwrap_or(schema);
    let Some(properties) = object.get("properties").and_then(Value::as_object).filter(|_| depth < DEPTH) else {
        return ().into_any();
    };
    let required: Vec<&str> = list(object, "/required").iter().filter_map(Value::as_str).collect();
    let rows = properties
        .iter()
        .map(|(name, member)| {
            let about = text(member, "/description");
            let kind = kind(description, member);
            let is_required = required.contains(&name.as_str());
            let inner = members(description, member, depth + 1);
            view! {
                <div>
                    <dt>
                        <code>{name.clone()}</code> " "
                        <span class="small text-2">{kind}{(!is_required).then_some(", optional")}</span>
                    </dt>
                    <dd>{prose(&about)} {inner}</dd>
                </div>
            }
        })
        .collect_view();
    view! { <dl class="members">{rows}</dl> }.into_any()
}

/// Resolves a reference or an optional schema.
fn resolve<'a>(description: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return reference.strip_prefix('#').and_then(|pointer| description.pointer(pointer)).unwrap_or(schema);
    }
    let alternatives = ["oneOf", "allOf", "anyOf"].iter().find_map(|name| schema.get(name)?.as_array());
    let real = alternatives.and_then(|all| all.iter().find(|one| one.get("type") != Some(&Value::from("null"))));
    real.map_or(schema, |real| resolve(description, real))
}

fn kind(description: &Value, schema: &Value) -> String {
    let resolved = resolve(description, schema);
    match resolved.get("type").or_else(|| schema.get("type")) {
        Some(Value::String(one)) => one.clone(),
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    }
}

/// A path without the prefix that all paths share.
fn short(path: &str) -> String {
    path.trim_start_matches("/v1").replace("/actions", "").replace("/{license}", "/…").replace("/{machine}", "/…")
}

/// Text in which words between backquotes are code.
fn prose(text: &str) -> Vec<AnyView> {
    text.split('`')
        .enumerate()
        .map(|(at, part)| {
            let part = part.to_owned();
            if at % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
        })
        .collect()
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
