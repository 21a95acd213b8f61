//! The pages of all lists.

use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    admin::{
        components::{
            acts::ToastRegion,
            list::{DataTable, EmptyList, ListHeader, Paging, TableSkeleton},
        },
        keyboard::rows,
        model::list_view::{ListContent, ListName, ListView},
        server_fns::lists::admin_list,
    },
    shared::components::{PageTitle, Problem},
};

/// A list, whose whole state is in the page's address.
#[component]
fn ListPage(list: ListName, title: &'static str) -> impl IntoView {
    let search = use_location().search;
    let view = PageData::new(move || search.get(), move |query| admin_list(list, query));
    // What was selected was selected among the rows that were shown.
    Effect::new(move |before: Option<String>| {
        let now = search.get();
        if before.is_some_and(|before| before != now) {
            rows::clear_selection();
        }
        now
    });
    view! {
        <PageTitle text=format!("{title} · Admin")/>
        <Transition fallback=|| view! { <TableSkeleton/> }>
            {move || Suspend::new(async move {
                match view.await {
                    Ok(view) => view! { <Shown view/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Shown(view: ListView) -> impl IntoView {
    let ListView { toast, frame, content } = view;
    let toasts: Vec<_> = toast.into_iter().collect();
    let content = match content {
        ListContent::Rows { table, pages, selection: None } => view! { <DataTable table/> <Paging pages/> }.into_any(),
        ListContent::Rows { table, pages, selection: Some(selection) } => {
            view! { <DataTable table selection/> <Paging pages/> }.into_any()
        }
        ListContent::Empty(why) => view! { <EmptyList why/> }.into_any(),
        ListContent::Refused { filter, remedy } => view! {
            <section class="message message-bad" role="alert">
                <p>
                    <strong>{filter} ": "</strong>
                    {remedy}
                </p>
            </section>
        }
        .into_any(),
    };
    view! {
        <ToastRegion toasts=Signal::stored(toasts)/>
        <ListHeader frame/>
        {content}
    }
}

macro_rules! list_pages {
    ($($page:ident = $list:ident, $title:literal;)+) => {$(
        #[component]
        pub(crate) fn $page() -> impl IntoView {
            view! { <ListPage list=ListName::$list title=$title/> }
        }
    )+};
}

list_pages! {
    CustomersPage = Customers, "Customers";
    LicensesPage = Licenses, "Licenses";
    MachinesPage = Machines, "Machines";
    ActivationsPage = Activations, "Activations";
    OrdersPage = Orders, "Orders";
    EventsPage = Events, "Events";
    MailsPage = Mails, "E-mails";
    AuditPage = Audit, "Audit log";
}
