//! What stands above a list: title, count, search, filters, saved views, export.

use leptos::prelude::*;

use crate::admin::{
    components::{AdminIcon, AdminIconName},
    model::lists::{Chip, Filter, ListFrame, SavedView, SearchBox},
};

/// The head of a list's page. Search and filters are one GET form, so the list's state is in its URL.
#[component]
pub(crate) fn ListHeader(frame: ListFrame) -> impl IntoView {
    let ListFrame { title, count, create, export, search, filters, chips, clear, views, save_view } = frame;
    view! {
        <header class="list-head">
            <div class="split">
                <div class="cluster">
                    <h1 class="title-1">{title}</h1>
                    {count.map(|count| view! { <p class="count figure text-2">{count}</p> })}
                </div>
                <div class="cluster">
                    {export.map(|href| {
                        view! {
                            <a class="button button-small" href=href>
                                <AdminIcon name=AdminIconName::Export/>
                                "Export"
                            </a>
                        }
                    })}
                    {create.map(|link| view! { <a class="button button-small button-accent" href=link.href>{link.label}</a> })}
                </div>
            </div>
            {(views.len() > 1 || save_view.is_some()).then(|| view! { <ViewTabs views save_view/> })}
            <SearchForm search filters/>
            {(!chips.is_empty()).then(|| view! { <Chips chips clear/> })}
        </header>
    }
}

#[component]
fn SearchForm(search: SearchBox, filters: Vec<Filter>) -> impl IntoView {
    let SearchBox { action, value, hint, kept } = search;
    view! {
        <form method="get" action=action role="search" class="filters">
            {kept.into_iter().map(|(name, value)| view! { <input r#type="hidden" name=name value=value/> }).collect_view()}
            {hint.map(|hint| {
                view! {
                    <label class="search-box">
                        <span class="visually-hidden">"Search"</span>
                        <AdminIcon name=AdminIconName::Search/>
                        <input r#type="search" name="q" value=value placeholder=hint autocomplete="off" spellcheck="false" data-search=""/>
                    </label>
                }
            })}
            {filters.into_iter().map(|filter| view! { <FilterField filter/> }).collect_view()}
            <button r#type="submit" class="button button-small">"Apply"</button>
        </form>
    }
}

#[component]
fn FilterField(filter: Filter) -> impl IntoView {
    let Filter { name, label, value, options } = filter;
    let any = format!("{label}: any");
    let is_set = !value.is_empty();
    let options = options.into_iter().map(|(option, word)| {
        let is_selected = option == value;
        view! { <option value=option selected=is_selected>{word}</option> }
    });
    view! {
        <label class="filter" class:filter-set=is_set>
            <span class="visually-hidden">{label}</span>
            <select name=name>
                <option value="" selected=!is_set>
                    {any}
                </option>
                {options.collect_view()}
            </select>
        </label>
    }
}

#[component]
fn Chips(chips: Vec<Chip>, clear: String) -> impl IntoView {
    view! {
        <ul class="chips" aria-label="Filters that apply">
            {chips
                .into_iter()
                .map(|Chip { label, value, remove }| {
                    view! {
                        <li>
                            <a class="chip" href=remove>
                                <span class="text-2">{label.clone()} ": "</span>
                                {value}
                                <AdminIcon name=AdminIconName::Remove/>
                                <span class="visually-hidden">{format!("Remove the filter {label}")}</span>
                            </a>
                        </li>
                    }
                })
                .collect_view()}
            <li><a class="small" href=clear>"Clear all"</a></li>
        </ul>
    }
}

/// The saved views, as tabs. The current one can be removed.
#[component]
fn ViewTabs(views: Vec<SavedView>, save_view: Option<String>) -> impl IntoView {
    let views = views.into_iter().map(|SavedView { name, href, is_current, remove }| {
        let current = is_current.then_some("page");
        let remove = remove.filter(|_| is_current).map(|remove| {
            view! {
                <a class="view-remove" href=remove>
                    <AdminIcon name=AdminIconName::Remove/>
                    <span class="visually-hidden">{format!("Remove the view {name}")}</span>
                </a>
            }
        });
        view! { <li><a class="view-tab" href=href aria-current=current>{name}</a> {remove}</li> }
    });
    view! {
        <nav class="view-tabs" aria-label="Saved views">
            <ul>{views.collect_view()}</ul>
            {save_view.map(|href| {
                view! {
                    <a class="view-save" href=href>
                        <AdminIcon name=AdminIconName::Bookmark/>
                        "Save view"
                    </a>
                }
            })}
        </nav>
    }
}
