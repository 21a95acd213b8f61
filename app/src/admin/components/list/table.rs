//! The table of a list, with selection.

use leptos::{ev, html, prelude::*};

use crate::admin::{
    components::{AdminIcon, AdminIconName, Value},
    keyboard::rows,
    model::lists::{Cell, Column, Row, SelectAll, Selection, SortOrder, Table},
};

/// A table whose rows lead to objects. On narrow screens each row is a card with labeled lines. The form of a selection leads to
/// a page that shows what would change and asks for confirmation.
#[component]
pub(crate) fn DataTable(table: Table, #[prop(optional)] selection: Option<Selection>) -> impl IntoView {
    let Table { caption, columns, rows } = table;
    let is_selectable = selection.is_some();
    let form = NodeRef::<html::Form>::new();
    let selected = RwSignal::new(0_usize);
    let recount = move |_: ev::Event| selected.set(rows::count_selected(form));
    let last = StoredValue::new(None::<usize>);
    let select_range = move |event: ev::MouseEvent| last.set_value(rows::select_range(form, &event, last.get_value()));
    let kinds: Vec<(String, bool)> = columns.iter().map(|column| (column.label.clone(), column.is_number)).collect();
    rows::return_to_row();
    // A browser may restore what was selected.
    Effect::new(move |_| selected.set(rows::count_selected(form)));
    // By their ids: the box of a row must not become that of another, selected as it is.
    let body = view! {
        <For each=move || rows.clone() key=|row| row.id.clone() let:row>
            <TableRow row kinds=kinds.clone() is_selectable/>
        </For>
    };
    let table = view! {
        <div class="card card-flush data-card">
            <table class="table data-table">
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>
                        {is_selectable.then(|| view! { <th scope="col" class="select"><SelectPage form selected/></th> })}
                        {columns.into_iter().map(|column| view! { <Heading column/> }).collect_view()}
                    </tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    };
    match selection {
        Some(selection) => view! {
            <form method="get" class="selection" node_ref=form on:change=recount on:click=select_range>
                {table}
                <BulkBar selection selected/>
            </form>
        }
        .into_any(),
        None => table.into_any(),
    }
}

#[component]
fn Heading(column: Column) -> impl IntoView {
    let Column { label, sort, is_number } = column;
    let class = is_number.then_some("amount");
    let Some(sort) = sort else {
        return view! { <th scope="col" class=class>{label}</th> }.into_any();
    };
    let (sorted, icon) = match sort.order {
        SortOrder::None => (None, None),
        SortOrder::Ascending => (Some("ascending"), Some(AdminIconName::Up)),
        SortOrder::Descending => (Some("descending"), Some(AdminIconName::Down)),
    };
    view! {
        <th scope="col" class=class aria-sort=sorted>
            <a class="sort" href=sort.href>
                {label}
                {icon.map(|name| view! { <AdminIcon name/> })}
            </a>
        </th>
    }
    .into_any()
}

#[component]
fn TableRow(row: Row, kinds: Vec<(String, bool)>, is_selectable: bool) -> impl IntoView {
    let Row { id, href, cells } = row;
    let element_id = rows::element_id(&id);
    let leave = {
        let element_id = element_id.clone();
        move |_: ev::MouseEvent| rows::remember(&element_id)
    };
    let name = match cells.first() {
        Some(Cell::Text(text) | Cell::Code(text)) => format!("Select {text}"),
        _ => format!("Select {id}"),
    };
    let mut cells = cells.into_iter().zip(kinds);
    let head = cells.next().map(|(cell, _)| {
        view! {
            <th scope="row">
                {if href.is_empty() {
                    view! { <Value cell/> }.into_any()
                } else {
                    view! { <a class="row-link" href=href data-row="" on:click=leave><Value cell/></a> }.into_any()
                }}
            </th>
        }
    });
    let cells = cells.map(|(cell, (label, is_number))| {
        let is_empty = cell == Cell::Empty;
        view! { <td data-label=label class:amount=is_number class:no-value=is_empty><Value cell/></td> }
    });
    let cells = cells.collect_view();
    view! {
        <tr id=element_id>
            {is_selectable.then(|| {
                view! { <td class="select"><input r#type="checkbox" name="id" value=id aria-label=name/></td> }
            })}
            {head}
            {cells}
        </tr>
    }
}

/// Selects all rows of the page. It needs script, without which rows are selected one by one.
#[component]
fn SelectPage(form: NodeRef<html::Form>, selected: RwSignal<usize>) -> impl IntoView {
    let has_script = RwSignal::new(false);
    Effect::new(move |_| has_script.set(true));
    let toggle = move |_: ev::MouseEvent| {
        let select = selected.get_untracked() == 0;
        rows::select_all(form, select);
        selected.set(rows::count_selected(form));
    };
    view! {
        <span class="visually-hidden">"Selected"</span>
        <Show when=move || has_script.get()>
            <button r#type="button" class="select-all" on:click=toggle aria-pressed=move || (selected.get() > 0).to_string()>
                <AdminIcon name=AdminIconName::Done/>
                <span class="visually-hidden">{move || if selected.get() == 0 { "Select all on this page" } else { "Select none" }}</span>
            </button>
        </Show>
    }
}

/// The acts on the selected rows. The style sheet shows it once something is selected.
#[component]
fn BulkBar(selection: Selection, selected: RwSignal<usize>) -> impl IntoView {
    let Selection { acts, filter, all } = selection;
    let words = move || match selected.get() {
        0 => "With the selected rows:".to_owned(),
        1 => "1 row selected".to_owned(),
        count => format!("{count} rows selected"),
    };
    let all = match all {
        SelectAll::OnPage => None,
        SelectAll::Offered(label) => Some(
            view! {
                <label class="check-line small">
                    <input r#type="checkbox" name="all" value="on"/>
                    {label}
                </label>
            }
            .into_any(),
        ),
        SelectAll::TooMany(why) => Some(view! { <p class="small text-2">{why}</p> }.into_any()),
    };
    let acts = acts.into_iter().map(|act| {
        let class = if act.is_dangerous { "button button-small button-danger" } else { "button button-small" };
        view! { <button r#type="submit" class=class formaction=act.action>{act.label}</button> }
    });
    view! {
        <div class="bulk-bar" role="group" aria-label="With the selected rows">
            <input r#type="hidden" name="filter" value=filter/>
            <div class="cluster">
                <p class="small figure" role="status">{words}</p>
                {all}
            </div>
            <div class="cluster">{acts.collect_view()}</div>
        </div>
    }
}
