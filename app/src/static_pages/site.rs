//! Pages that are HTML alone: no router, no hydration, no script. Rendered once at start.

use leptos::prelude::*;

/// What stands before the body of every page.
#[component]
pub(crate) fn Head(#[prop(into)] title: String, stylesheet: String) -> impl IntoView {
    view! {
        <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <title>{format!("{title} · ChartGPT")}</title>
            <link rel="stylesheet" href=stylesheet/>
            <link rel="icon" href="/favicon.svg" r#type="image/svg+xml"/>
        </head>
    }
}

#[component]
fn Page(title: &'static str, stylesheet: String, children: Children) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <Head title stylesheet/>
            <body>
                <main id="main" class="narrow">
                    <div class="card stack">{children()}</div>
                </main>
            </body>
        </html>
    }
}

pub(crate) fn render<V: IntoView>(page: impl FnOnce() -> V) -> String {
    Owner::new().with(|| page().to_html())
}

/// `/`. `docs` is where the documentation is, if this instance has it.
pub fn home(stylesheet: String, sign_in: String, docs: Option<&'static str>) -> String {
    render(|| {
        view! {
            <Page title="Licenses" stylesheet>
                <h1 class="title-1">"ChartGPT licenses"</h1>
                <p class="text-2">"See your license key, and the computers that use it. Free one to make room for another."</p>
                <p class="cluster">
                    <a class="button button-accent" href=sign_in>"Sign in"</a>
                    {docs.map(|href| view! { <a class="button" href=href>"Documentation"</a> })}
                </p>
            </Page>
        }
    })
}

/// For what does not exist.
pub fn not_found(stylesheet: String) -> String {
    render(|| {
        view! {
            <Page title="Not found" stylesheet>
                <div class="crosshair" aria-hidden="true"></div>
                <h1 class="title-1">"Not found"</h1>
                <p class="text-2">"There is no page at this address."</p>
                <p><a class="button" href="/">"Start page"</a></p>
            </Page>
        }
    })
}

/// For a failure of the server.
pub fn failed(stylesheet: String) -> String {
    render(|| {
        view! {
            <Page title="Error" stylesheet>
                <h1 class="title-1">"That did not work"</h1>
                <p class="text-2">"The server failed. Try again in a moment."</p>
                <p><a class="button" href="/">"Start page"</a></p>
            </Page>
        }
    })
}
