//! The pictures of the start page: the product's own components with example data.

use leptos::prelude::*;

use super::{
    chart::ChartDrawing,
    model::{Chart, Figure, Image, Picture},
};

/// The picture at the top of the start page.
#[component]
pub(super) fn HeroPicture(picture: Picture) -> AnyView {
    match picture {
        Picture::Chart(chart) => view! { <ChartPicture chart/> }.into_any(),
        Picture::Image(Image { file, alt, width, height }) => view! {
            <img class="hero-image" src=media_path(&file) alt=alt width=width.to_string() height=height.to_string()/>
        }
        .into_any(),
    }
}

/// The address of a file in the content folder.
pub fn media_path(file: &str) -> String {
    format!("/{file}")
}

#[component]
fn ChartPicture(chart: Chart) -> impl IntoView {
    let Chart { symbol, minutes, question, answer, sources, .. } = chart.clone();
    let sources = sources.into_iter().enumerate().map(|(at, source)| {
        view! { <li><span class="cite">{(at + 1).to_string()}</span> {source.text}</li> }
    });
    view! {
        <figure class="shot">
            <div class="shot-bar">
                <span class="shot-symbol">{symbol}</span>
                <span>{format!("{minutes} min")}</span>
                <span class="shot-average">"VWAP"</span>
            </div>
            <div class="shot-chart"><ChartDrawing chart/></div>
            <figcaption class="shot-talk">
                <p class="shot-question"><span class="visually-hidden">"Question: "</span>{question}</p>
                <div class="shot-answer">
                    <p><span class="visually-hidden">"Answer: "</span><Cited text=answer/></p>
                    <ol class="shot-sources">{sources.collect_view()}</ol>
                </div>
            </figcaption>
        </figure>
    }
}

/// Text in which `[1]` cites a source.
#[component]
fn Cited(text: String) -> impl IntoView {
    let parts = cited(&text).into_iter().map(|part| match part {
        Cite::Text(text) => text.into_any(),
        Cite::Source(number) => view! { <span class="cite">{number}</span> }.into_any(),
    });
    parts.collect_view()
}

#[derive(Debug, PartialEq, Eq)]
enum Cite {
    Text(String),
    Source(String),
}

fn cited(text: &str) -> Vec<Cite> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let number = after
            .split_once(']')
            .filter(|(number, _)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
        let Some((number, after)) = number else { break };
        parts.extend([Cite::Text(before.to_owned()), Cite::Source(number.to_owned())]);
        rest = after;
    }
    parts.push(Cite::Text(rest.to_owned()));
    parts
}

/// A small part of the product above a feature's text, which says the same.
#[component]
pub(super) fn FeatureFigure(figure: Figure) -> impl IntoView {
    let inside = match figure {
        Figure::Values(values) => {
            let rows = values.into_iter().map(|(name, value)| view! { <dt>{name}</dt> <dd>{value}</dd> });
            view! { <dl class="figure-values">{rows.collect_view()}</dl> }.into_any()
        }
        Figure::Choices(choices) => {
            let choices = choices.into_iter().enumerate().map(|(at, choice)| {
                let class = if at == 0 { "figure-choice figure-chosen" } else { "figure-choice" };
                view! { <li class=class>{choice}</li> }
            });
            view! { <ul class="figure-choices">{choices.collect_view()}</ul> }.into_any()
        }
        Figure::Citation(text) => view! { <p class="figure-citation"><Cited text/></p> }.into_any(),
        Figure::Computers { names, free } => {
            let used = names.len();
            let all = used + usize::try_from(free).unwrap_or_default();
            let rows = names
                .into_iter()
                .map(|name| view! { <li><span>{name}</span> <span class="figure-act">"Free"</span></li> });
            view! {
                <div class="figure-computers">
                    <p>{format!("{used} of {all} computers")}</p>
                    <ul>{rows.collect_view()}</ul>
                </div>
            }
            .into_any()
        }
        Figure::File { name, text } => view! { <div class="figure-file"><p>{name}</p> <p>{text}</p></div> }.into_any(),
        Figure::Code(code) => view! { <p class="figure-code">{code}</p> }.into_any(),
    };
    view! { <div class="feature-figure" aria-hidden="true">{inside}</div> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citations_are_found() {
        let text = |text: &str| Cite::Text(text.to_owned());
        assert_eq!(cited("It fell [1]."), [text("It fell "), Cite::Source("1".to_owned()), text(".")]);
        for other in ["", "plain", "a [b] c", "a [] c", "a [1"] {
            assert_eq!(cited(other), [text(other)]);
        }
    }
}
