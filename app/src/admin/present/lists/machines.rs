//! The list of machines.

use latchkey_licensing::{license_key, time::Timestamp};
use latchkey_service::{ListedMachine, Machines};

use super::{CatalogChoices, ShownColumn, ShownFilter, ShownList};
use crate::{
    admin::{
        model::{
            list_view::ListName,
            lists::{Cell, LinkTo, Row},
        },
        present::words,
    },
    portal::present::when,
    routes::AdminPage,
};

impl ShownList for Machines {
    const LIST: ListName = ListName::Machines;
    const TITLE: &'static str = "Machines";
    const HINT: Option<&'static str> = Some("Start of the owner's e-mail or name");
    const NOTHING_YET: (&'static str, &'static str) =
        ("No machines yet", "A machine appears here when an app activates a license on it.");
    const TABLE: &'static [ShownColumn] = &[
        ShownColumn::new("Machine"),
        ShownColumn::new("Status"),
        ShownColumn::new("Customer"),
        ShownColumn::new("License"),
        ShownColumn::new("App"),
        ShownColumn::sorted("Last seen", Some("unseen"), Some("last_seen")),
        ShownColumn::sorted("Activated", Some("oldest"), Some("newest")),
    ];

    fn filters(choices: &CatalogChoices) -> Vec<ShownFilter> {
        vec![
            ShownFilter::new("active", "Status", &[("yes", "Active"), ("no", "Deactivated")]),
            ShownFilter::of("policy", "Policy", &choices.policies),
            ShownFilter::of("product", "Product", &choices.products),
        ]
    }

    fn row(row: &ListedMachine, now: Timestamp) -> Row {
        let machine = &row.machine;
        let app = match (&machine.facts.app_version, &machine.facts.platform) {
            (Some(version), Some(platform)) => Cell::Text(format!("{version}, {platform}")),
            (Some(one), None) | (None, Some(one)) => Cell::Text(one.clone()),
            (None, None) => Cell::Empty,
        };
        let license = AdminPage::License(machine.license).path();
        Row {
            id: machine.id.to_string(),
            href: AdminPage::Machine(machine.id).path(),
            cells: vec![
                Cell::Text(machine.label()),
                Cell::Status(words::machine_status(row.deactivated.as_ref())),
                Cell::Link(LinkTo::new(row.owner_email.as_str(), AdminPage::Customer(row.owner).path())),
                Cell::Link(LinkTo::new(license_key::masked(&row.key_prefix, &row.key_tail), license)),
                app,
                Cell::Time(when(machine.last_seen_at, now)),
                Cell::Time(when(machine.created_at, now)),
            ],
        }
    }
}
