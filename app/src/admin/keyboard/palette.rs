//! The command palette: goes to pages and objects by their names.

mod matching;

use std::time::Duration;

use leptos::{ev, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    admin::{
        components::{AdminIcon, AdminIconName},
        keyboard::{
            Keyboard,
            objects::{ObjectSource, use_objects},
        },
        model::find::{Hit, HitGroup},
        shell::navigation::Entry,
    },
    routes::AdminPage,
};

pub(crate) use matching::matching_entries;

/// How long typing must pause before objects are looked up.
const PAUSE: Duration = Duration::from_millis(150);

const LIST: &str = "palette-list";

/// Opens the palette. Without script it leads to the search page, which finds the same.
#[component]
pub(crate) fn PaletteButton(keyboard: Keyboard) -> impl IntoView {
    let open = move |event: ev::MouseEvent| {
        event.prevent_default();
        keyboard.is_palette_open.set(true);
    };
    view! {
        <a class="palette-button" href=AdminPage::Search.path() on:click=open aria-haspopup="dialog">
            <AdminIcon name=AdminIconName::Search/>
            <span class="palette-words">"Find"</span>
            <kbd aria-hidden="true">"Ctrl K"</kbd>
        </a>
    }
}

/// What was typed and found.
#[derive(Clone, Copy)]
struct Search {
    text: RwSignal<String>,
    objects: RwSignal<Vec<HitGroup>>,
    has_failed: RwSignal<bool>,
    at: RwSignal<usize>,
}

impl Search {
    fn new() -> Self {
        Self {
            text: RwSignal::new(String::new()),
            objects: RwSignal::new(Vec::new()),
            has_failed: RwSignal::new(false),
            at: RwSignal::new(0),
        }
    }

    /// Looks objects up when typing pauses. An answer to an older text is dropped.
    fn type_in(self, text: String, source: Option<ObjectSource>) {
        self.text.set(text.clone());
        self.at.set(0);
        if text.trim().is_empty() {
            self.objects.set(Vec::new());
            return;
        }
        set_timeout(
            move || {
                if self.text.get_untracked() != text {
                    return;
                }
                leptos::task::spawn_local(async move {
                    let found = ObjectSource::find(source, text.clone()).await;
                    if self.text.get_untracked() == text {
                        self.has_failed.set(found.is_err());
                        self.objects.set(found.unwrap_or_default());
                    }
                });
            },
            PAUSE,
        );
    }

    fn clear(self) {
        self.text.set(String::new());
        self.objects.set(Vec::new());
        self.has_failed.set(false);
        self.at.set(0);
    }
}

#[component]
pub(crate) fn Palette(keyboard: Keyboard, entries: Vec<Entry>) -> impl IntoView {
    let (dialog, field) = (NodeRef::<html::Dialog>::new(), NodeRef::<html::Input>::new());
    let is_open = keyboard.is_palette_open;
    let search = Search::new();
    let entries = StoredValue::new(entries);
    let groups = Memo::new(move |_| {
        let pages = matching_entries(&entries.get_value(), &search.text.get());
        let pages = (!pages.is_empty()).then(|| HitGroup { title: "Go to".to_owned(), hits: pages });
        pages.into_iter().chain(search.objects.get()).collect::<Vec<_>>()
    });
    let hits = Memo::new(move |_| groups.get().into_iter().flat_map(|group| group.hits).collect::<Vec<Hit>>());
    Effect::new(move |_| {
        let (should_open, Some(element)) = (is_open.get(), dialog.get()) else {
            return;
        };
        if should_open && !element.open() {
            if element.show_modal().is_err() {
                is_open.set(false);
            }
        } else if !should_open && element.open() {
            element.close();
        }
    });
    let navigate = use_navigate();
    let on_key = move |event: ev::KeyboardEvent| {
        let count = hits.with_untracked(Vec::len);
        let Some(last) = count.checked_sub(1) else {
            return;
        };
        match event.key().as_str() {
            "ArrowDown" => search.at.update(|at| *at = if *at >= last { 0 } else { *at + 1 }),
            "ArrowUp" => search.at.update(|at| *at = at.checked_sub(1).unwrap_or(last)),
            "Enter" => {
                if let Some(hit) = hits.with_untracked(|hits| hits.get(search.at.get_untracked()).cloned()) {
                    is_open.set(false);
                    navigate(&hit.href, NavigateOptions::default());
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let source = use_objects();
    let on_input = move |event: ev::Event| search.type_in(event_target_value(&event), source.clone());
    let on_close = move |_| {
        is_open.set(false);
        search.clear();
        if let Some(field) = field.get_untracked() {
            field.set_value("");
        }
    };
    let active = move || hits.with(|hits| (!hits.is_empty()).then(|| option_id(search.at.get())));
    view! {
        <dialog class="dialog palette" node_ref=dialog on:close=on_close aria-label="Command palette">
            <label class="palette-field">
                <AdminIcon name=AdminIconName::Search/>
                <span class="visually-hidden">"Find a page or an object"</span>
                <input
                    node_ref=field
                    r#type="text"
                    role="combobox"
                    aria-expanded="true"
                    aria-controls=LIST
                    aria-autocomplete="list"
                    aria-activedescendant=active
                    placeholder="Page, e-mail, key, id, code"
                    autocomplete="off"
                    spellcheck="false"
                    on:input=on_input
                    on:keydown=on_key
                />
            </label>
            <div class="palette-list" id=LIST role="listbox" aria-label="Results">
                {move || results(groups.get(), search.at, is_open)}
            </div>
            <p class="palette-end small text-2" role="status">
                {move || match (search.has_failed.get(), hits.with(Vec::len)) {
                    (true, _) => "Objects could not be looked up. Try again in a moment.".to_owned(),
                    (false, 0) => "Nothing found.".to_owned(),
                    (false, 1) => "1 result".to_owned(),
                    (false, count) => format!("{count} results"),
                }}
            </p>
        </dialog>
    }
}

fn option_id(at: usize) -> String {
    format!("palette-{at}")
}

fn results(groups: Vec<HitGroup>, at: RwSignal<usize>, is_open: RwSignal<bool>) -> impl IntoView {
    let mut next = 0;
    let groups = groups.into_iter().map(|group| {
        let label = group.title.clone();
        let hits = group.hits.into_iter().map(|hit| {
            let here = next;
            next += 1;
            view! { <PaletteHit hit here at is_open/> }
        });
        let hits = hits.collect_view();
        view! {
            <div role="group" aria-label=label>
                <p class="palette-group" aria-hidden="true">{group.title}</p>
                {hits}
            </div>
        }
    });
    groups.collect_view()
}

#[component]
fn PaletteHit(hit: Hit, here: usize, at: RwSignal<usize>, is_open: RwSignal<bool>) -> impl IntoView {
    let Hit { title, detail, href } = hit;
    view! {
        <a
            class="palette-hit"
            role="option"
            id=option_id(here)
            href=href
            tabindex="-1"
            aria-selected=move || (at.get() == here).to_string()
            on:mouseenter=move |_| at.set(here)
            on:click=move |_| is_open.set(false)
        >
            <span>{title}</span>
            <span class="small text-2">{detail}</span>
        </a>
    }
}
