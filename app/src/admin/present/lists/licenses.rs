//! The list of licenses.

use latchkey_licensing::{license_key, time::Timestamp};
use latchkey_service::{Licenses, ListedLicense, listed_status};

use super::{CatalogChoices, ShownColumn, ShownFilter, ShownList, grouped};
use crate::{
    admin::{
        model::{
            list_view::ListName,
            lists::{BulkAct, Cell, LinkTo, Row},
        },
        present::{bulk::act_of, words},
    },
    portal::present::when,
    routes::{AdminPage, BulkActName, ListPath, NewName},
};

impl ShownList for Licenses {
    const LIST: ListName = ListName::Licenses;
    const TITLE: &'static str = "Licenses";
    const HINT: Option<&'static str> = Some("E-mail, name or end of key");
    const NOTHING_YET: (&'static str, &'static str) =
        ("No licenses yet", "A license appears here when someone buys one, or when an admin issues one.");
    const TABLE: &'static [ShownColumn] = &[
        ShownColumn::new("Key"),
        ShownColumn::new("Customer"),
        ShownColumn::new("Status"),
        ShownColumn::new("Policy"),
        ShownColumn::number("Machines"),
        ShownColumn::sorted("Expires", Some("expiry"), None),
        ShownColumn::sorted("Issued", Some("oldest"), Some("newest")),
    ];

    fn filters(choices: &CatalogChoices) -> Vec<ShownFilter> {
        let statuses =
            [("active", "Active"), ("expired", "Expired"), ("suspended", "Suspended"), ("revoked", "Revoked")];
        vec![
            ShownFilter::new("status", "Status", &statuses),
            ShownFilter::of("policy", "Policy", &choices.policies),
            ShownFilter::of("product", "Product", &choices.products),
            ShownFilter::new("machines", "In use", &[("yes", "On machines"), ("no", "On none")]),
        ]
    }

    fn acts(is_admin: bool) -> Vec<BulkAct> {
        let acts = BulkActName::ALL.iter().filter(|act| is_admin || **act == BulkActName::MailKey);
        let export = is_admin.then(|| super::export_act(ListPath::Licenses));
        acts.map(|act| act_of(*act)).chain(export).collect()
    }

    fn create(is_admin: bool) -> Option<LinkTo> {
        is_admin.then(|| LinkTo::new("Issue licenses", AdminPage::New(NewName::Licenses).path()))
    }

    fn row(row: &ListedLicense, now: Timestamp) -> Row {
        let license = &row.license;
        let limit = license.max_machines.or(row.policy_max_machines);
        let machines = match limit {
            Some(limit) => format!("{} of {}", grouped(row.machines), grouped(limit)),
            None => grouped(row.machines),
        };
        let owner = AdminPage::Customer(license.account).path();
        Row {
            id: license.id.to_string(),
            href: AdminPage::License(license.id).path(),
            cells: vec![
                Cell::Code(license_key::masked(&license.key_prefix, &license.key_tail)),
                Cell::Link(LinkTo::new(row.owner_email.as_str(), owner)),
                Cell::Status(words::license_status(listed_status(row, now))),
                Cell::Text(format!("{}, {}", row.product_name, row.policy_name)),
                Cell::Number(machines),
                license.expiry.at().map_or(Cell::Empty, |at| Cell::Time(when(at, now))),
                Cell::Time(when(license.created_at, now)),
            ],
        }
    }
}
