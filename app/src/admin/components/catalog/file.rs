//! The catalog as a file, for those who keep it in one.

use leptos::prelude::*;

use crate::admin::{components::Copyable, model::catalog::FileTexts};

/// The text that stands in the file, and the commands that apply the file.
#[component]
pub(crate) fn FileCard(file: FileTexts) -> impl IntoView {
    let FileTexts { entry, whole, commands } = file;
    let whole = match entry {
        None => view! { <Text text=whole label="The catalog file"/> }.into_any(),
        Some(entry) => view! {
            <Text text=entry label="This entry in the catalog file"/>
            <details>
                <summary class="small">"The whole file after the change"</summary>
                <Text text=whole label="The whole catalog file"/>
            </details>
        }
        .into_any(),
    };
    view! {
        <section class="stack-small" aria-label="As a file">
            <h2 class="title-2">"As a file"</h2>
            <p class="small text-2 measure">
                "If you keep the catalog in a file, put this into it. These commands show what the file would change, and apply it:"
            </p>
            <ul class="stack-small plain-list call">
                {commands.into_iter().map(|command| view! { <li><Copyable text=command what="command"/></li> }).collect_view()}
            </ul>
            {whole}
        </section>
    }
}

#[component]
fn Text(text: String, label: &'static str) -> impl IntoView {
    view! {
        <pre class="card inspect" tabindex="0" role="region" aria-label=label><code translate="no">{text.trim_end().to_owned()}</code></pre>
    }
}
