//! Lists in all states.

use leptos::prelude::*;

use super::{HERE, Sample, ago, status};
use crate::{
    admin::{
        components::{
            acts::BulkGroups,
            list::{DataTable, EmptyList, ListHeader, Paging, TableSkeleton},
        },
        model::{
            bulk::{BulkGroup, BulkLine, BulkView},
            lists::{
                BulkAct, Cell, Chip, Column, Emptiness, Filter, LinkTo, ListFrame, Pages, Row, SavedView, SearchBox,
                SelectAll, Selection, Sort, SortOrder, Table,
            },
        },
    },
    shared::model::Tone,
};

#[component]
pub(super) fn ListSamples() -> impl IntoView {
    let here = || HERE.to_owned();
    let bulk = |label: &str, is_dangerous| BulkAct { action: here(), label: label.to_owned(), is_dangerous };
    let selection = Selection {
        acts: vec![bulk("Mail key", false), bulk("Suspend", false), bulk("Revoke", true)],
        filter: String::new(),
        all: SelectAll::Offered("All 1,204 that match the filters".to_owned()),
    };
    let middle =
        Pages { shown: "26–50 of 1,204".to_owned(), first: Some(here()), previous: Some(here()), next: Some(here()) };
    let only = Pages { shown: "3 of 3".to_owned(), ..Pages::default() };
    let action = Some(LinkTo::new("Issue a license", HERE));
    let how = "They appear when somebody buys one, or when you issue one.".to_owned();
    view! {
        <Sample title="List">
            <ListHeader frame=full_frame()/>
            <DataTable table=licenses() selection/>
            <Paging pages=middle/>
        </Sample>
        <Sample title="List without filters, selection and further pages">
            <ListHeader frame=plain_frame()/>
            <DataTable table=Table { caption: "Licenses, oldest first".to_owned(), ..licenses_of(2) }/>
            <Paging pages=only/>
        </Sample>
        <Sample title="Act on many rows">
            <BulkGroups outcome=bulk_outcome()/>
        </Sample>
        <Sample title="Nothing yet">
            <EmptyList why=Emptiness::NothingYet { what: "No licenses yet".to_owned(), how, action }/>
        </Sample>
        <Sample title="No match">
            <EmptyList why=Emptiness::NoMatch { clear: here() }/>
        </Sample>
        <Sample title="No permission">
            <EmptyList why=Emptiness::NoPermission { needs: "Only admins see the signing keys.".to_owned() }/>
        </Sample>
        <Sample title="Loading">
            <TableSkeleton rows=3/>
        </Sample>
    }
}

fn bulk_outcome() -> BulkView {
    let line = |key: &str, owner: &str| BulkLine {
        record: LinkTo::new(format!("CGPT-••••-{key}"), HERE),
        detail: Some(owner.to_owned()),
    };
    let group = |title: &str| BulkGroup {
        tone: None,
        title: title.to_owned(),
        why: None,
        items: vec![line("F7K3", "ada@example.com"), line("9QXM", "grace@example.com")],
        others: None,
        is_open: false,
    };
    let more = Some("And 116 others. The audit log has each change.".to_owned());
    let revoked = Some("It is revoked, and a revoked license stays revoked.".to_owned());
    let failed = Some("The server failed before these. They are as they were: select them again.".to_owned());
    BulkView {
        groups: vec![
            BulkGroup { tone: Some(Tone::Good), others: more, is_open: true, ..group("118 licenses suspended") },
            BulkGroup { tone: Some(Tone::Bad), why: failed, ..group("2 licenses not changed") },
            BulkGroup { tone: Some(Tone::Warn), why: revoked, ..group("2 licenses refused") },
            BulkGroup { items: Vec::new(), ..group("1 license suspended already") },
        ],
    }
}

fn full_frame() -> ListFrame {
    let option = |value: &str, word: &str| (value.to_owned(), word.to_owned());
    let view = |name: &str, is_current| SavedView {
        name: name.to_owned(),
        href: HERE.to_owned(),
        is_current,
        remove: is_current.then(|| HERE.to_owned()),
    };
    ListFrame {
        title: "Licenses".to_owned(),
        count: Some("1,204".to_owned()),
        create: Some(LinkTo::new("Issue license", HERE)),
        export: Some(HERE.to_owned()),
        search: SearchBox {
            action: HERE.to_owned(),
            value: "ada".to_owned(),
            hint: Some("E-mail, name, key or id".to_owned()),
            kept: vec![("sort".to_owned(), "expiry".to_owned())],
        },
        filters: vec![
            Filter {
                name: "status".to_owned(),
                label: "Status".to_owned(),
                value: "suspended".to_owned(),
                options: vec![
                    option("active", "Active"),
                    option("suspended", "Suspended"),
                    option("revoked", "Revoked"),
                ],
            },
            Filter {
                name: "policy".to_owned(),
                label: "Policy".to_owned(),
                value: String::new(),
                options: vec![option("lifetime", "Lifetime"), option("trial", "Trial")],
            },
        ],
        chips: vec![
            Chip { label: "Status".to_owned(), value: "Suspended".to_owned(), remove: HERE.to_owned() },
            Chip { label: "Search".to_owned(), value: "ada".to_owned(), remove: HERE.to_owned() },
        ],
        clear: HERE.to_owned(),
        views: vec![view("All", false), view("Suspended this month", true)],
        save_view: Some(HERE.to_owned()),
    }
}

fn plain_frame() -> ListFrame {
    let search = SearchBox { value: String::new(), kept: Vec::new(), ..full_frame().search };
    ListFrame {
        title: "Events".to_owned(),
        count: None,
        create: None,
        export: None,
        search,
        filters: Vec::new(),
        chips: Vec::new(),
        views: Vec::new(),
        save_view: None,
        clear: HERE.to_owned(),
    }
}

fn licenses() -> Table {
    licenses_of(4)
}

fn licenses_of(count: usize) -> Table {
    let sort = |order| Some(Sort { href: HERE.to_owned(), order });
    let text = |text: &str| Cell::Text(text.to_owned());
    let customer = |name: &str| Cell::Link(LinkTo::new(name, HERE));
    let names = [
        ("F7K3", "ada@example.com", status("Active", Tone::Good), "2 of 2", Cell::Empty),
        (
            "9QXM",
            "grace.brewster.murray.hopper@mathematics.example.com",
            status("Suspended", Tone::Warn),
            "1 of 2",
            Cell::Time(ago("in 3 days")),
        ),
        ("0TWB", "mary@example.com", status("Revoked", Tone::Bad), "0 of 2", Cell::Empty),
        ("H2VD", "emmy@example.com", status("Active", Tone::Good), "12 of 100", Cell::Time(ago("1 January 2027"))),
    ];
    let rows = names.into_iter().enumerate().take(count).map(|(at, (tail, email, standing, machines, expiry))| Row {
        id: format!("{count}-{at}"),
        href: format!("{HERE}?license={tail}"),
        cells: vec![
            Cell::Code(format!("CGPT-••••-{tail}")),
            customer(email),
            Cell::Status(standing),
            text("Lifetime"),
            Cell::Number(machines.to_owned()),
            expiry,
        ],
    });
    Table {
        caption: "Licenses, by expiry".to_owned(),
        columns: vec![
            Column::new("Key"),
            Column { sort: sort(SortOrder::None), ..Column::new("Customer") },
            Column::new("Status"),
            Column::new("Policy"),
            Column { is_number: true, ..Column::new("Machines") },
            Column { sort: sort(SortOrder::Ascending), ..Column::new("Expires") },
        ],
        rows: rows.collect(),
    }
}
