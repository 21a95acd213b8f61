//! The list of customers, support agents and admins.

use latchkey_licensing::time::Timestamp;
use latchkey_service::{Accounts, ListedAccount};

use super::{CatalogChoices, ShownColumn, ShownFilter, ShownList};
use crate::{
    admin::{
        model::{
            list_view::ListName,
            lists::{BulkAct, Cell, Row},
        },
        present::words,
    },
    portal::present::when,
    routes::{AdminPage, ListPath},
};

impl ShownList for Accounts {
    const LIST: ListName = ListName::Customers;
    const TITLE: &'static str = "Customers";
    const HINT: Option<&'static str> = Some("Start of e-mail or name");
    const NOTHING_YET: (&'static str, &'static str) =
        ("No customers yet", "An account appears here when someone buys a license, or when an admin issues one.");
    const TABLE: &'static [ShownColumn] = &[
        ShownColumn::sorted("E-mail", Some("email"), None),
        ShownColumn::sorted("Name", Some("name"), None),
        ShownColumn::new("Role"),
        ShownColumn::number("Licenses"),
        ShownColumn::number("Machines"),
        ShownColumn::new("Last seen"),
        ShownColumn::sorted("Since", Some("oldest"), Some("newest")),
    ];

    fn filters(_: &CatalogChoices) -> Vec<ShownFilter> {
        vec![
            ShownFilter::new("role", "Role", &[("customer", "Customer"), ("support", "Support"), ("admin", "Admin")]),
            ShownFilter::new("banned", "Account", &[("no", "Enabled"), ("yes", "Disabled")]),
            ShownFilter::new("licenses", "Licenses", &[("yes", "With licenses"), ("no", "Without licenses")]),
        ]
    }

    fn acts(is_admin: bool) -> Vec<BulkAct> {
        is_admin.then(|| super::export_act(ListPath::Customers)).into_iter().collect()
    }

    fn row(row: &ListedAccount, now: Timestamp) -> Row {
        let account = &row.account;
        let role = match account.disabled_at {
            Some(_) => Cell::Status(words::disabled()),
            None => Cell::Text(words::role(account.role).to_owned()),
        };
        Row {
            id: account.id.to_string(),
            href: AdminPage::Customer(account.id).path(),
            cells: vec![
                Cell::Text(account.email.to_string()),
                account.name.clone().map_or(Cell::Empty, Cell::Text),
                role,
                Cell::Number(row.licenses.to_string()),
                Cell::Number(row.machines.to_string()),
                row.last_seen_at.map_or(Cell::Empty, |at| Cell::Time(when(at, now))),
                Cell::Time(when(account.created_at, now)),
            ],
        }
    }
}
