//! The page of a customer, or of any account.

use latchkey_licensing::time::Timestamp;
use latchkey_licensing::{account::Role, license_key, money::Money, order::Order};
use latchkey_service::{AccountDetails, ListedLicense, ListedMail, SessionSummary, listed_status};
use serde_json::json;

use super::{
    Around, Inspected, Needs, ROWS_OF_A_LIST, copied, dangerous, fact, filtered, is_cut, table, text, text_or_none,
};
use crate::{
    admin::{
        model::{
            lists::{Cell, LinkTo, Row},
            object_view::{Notice, ObjectView, Section},
            objects::{ActLink, Fact, ObjectHead, Related},
        },
        present::{objects::license::machine_table, words},
    },
    routes::{AdminPage, CustomerActName},
    shared::model::Tone,
};

pub(crate) fn page(details: &AccountDetails, around: &Around<'_>) -> ObjectView {
    let account = &details.account;
    let page = AdminPage::Customer(account.id);
    let disabled = account.disabled_at.map(|at| Notice {
        tone: Tone::Bad,
        text: format!(
            "The account was disabled on {}: it cannot sign in, and its licenses do not work.",
            at.human_date()
        ),
        link: around
            .is_admin
            .then(|| LinkTo::new("Enable it", AdminPage::CustomerAct(account.id, CustomerActName::Enable).path())),
    });
    let deleted = account.is_deleted().then(|| Notice {
        tone: Tone::Warn,
        text: "The account was deleted. Its licenses and orders are kept without what identified the person."
            .to_owned(),
        link: None,
    });
    ObjectView {
        head: ObjectHead {
            kind: "Customer".to_owned(),
            list: LinkTo::new("Customers", AdminPage::Customers.path()),
            title: account.email.to_string(),
            id: account.id.to_string(),
            status: if account.is_deleted() {
                Some(words::deleted())
            } else {
                account.disabled_at.map(|_| words::disabled())
            },
            acts: acts(details, around),
            tabs: around.tabs(&page),
        },
        toast: None,
        notices: deleted.into_iter().chain(disabled).collect(),
        content: around.content(&page, facts(details, around), sections(details, around), inspected(details)),
        related: related(details),
    }
}

/// Why the portal of staff is not shown.
pub(crate) const STAFF_PORTAL: &str = "This is an account of staff. Only the portals of customers can be seen.";

/// Why the portal cannot be seen from this instance.
pub(crate) const PORTAL_ELSEWHERE: &str =
    "Another instance serves the portal. Sign in there to see it as a customer does.";

/// Why an act is not possible.
pub(crate) fn obstacle(act: CustomerActName, details: &AccountDetails) -> Option<String> {
    let account = &details.account;
    match act {
        CustomerActName::Note => None,
        _ if account.is_deleted() => Some("The account was deleted.".to_owned()),
        CustomerActName::Delete if account.role != Role::Customer => {
            Some("This is an account of staff. Take the role away on the host first: latchkey admin remove.".to_owned())
        }
        CustomerActName::Disable if details.is_last_admin => {
            Some("This is the last admin. Add another one on the host first: latchkey admin add.".to_owned())
        }
        CustomerActName::Disable => account.disabled_at.map(|_| "It is disabled already.".to_owned()),
        CustomerActName::SignOut if details.sessions.is_empty() => {
            Some("The person is not signed in anywhere.".to_owned())
        }
        CustomerActName::Email if account.role != Role::Customer => {
            Some("Support agents and admins change their address on their own account page.".to_owned())
        }
        CustomerActName::Enable if account.disabled_at.is_none() => Some("It is not disabled.".to_owned()),
        CustomerActName::ViewPortal if !details.serves_portal => Some(PORTAL_ELSEWHERE.to_owned()),
        CustomerActName::ViewPortal => (account.role != Role::Customer).then(|| STAFF_PORTAL.to_owned()),
        CustomerActName::Enable
        | CustomerActName::SignOut
        | CustomerActName::Email
        | CustomerActName::Export
        | CustomerActName::Delete => None,
    }
}

fn acts(details: &AccountDetails, around: &Around<'_>) -> Vec<ActLink> {
    let page = |act| AdminPage::CustomerAct(details.account.id, act);
    let link = |label, act, needs| around.act(label, &page(act), needs, obstacle(act, details));
    let note = link("Add a note", CustomerActName::Note, Needs::Support);
    let sign_out = link("Sign out browsers", CustomerActName::SignOut, Needs::Admin);
    let email = link("Change e-mail address", CustomerActName::Email, Needs::Admin);
    let change = if details.account.disabled_at.is_some() {
        link("Enable account", CustomerActName::Enable, Needs::Admin)
    } else {
        dangerous(link("Disable account", CustomerActName::Disable, Needs::Admin))
    };
    let portal = link("See the portal", CustomerActName::ViewPortal, Needs::Support);
    let export = link("Export personal data", CustomerActName::Export, Needs::Admin);
    let delete = dangerous(link("Delete account", CustomerActName::Delete, Needs::Admin));
    vec![note, portal, sign_out, email, export, change, delete]
}

fn facts(details: &AccountDetails, around: &Around<'_>) -> Vec<Fact> {
    let account = &details.account;
    let provider = details.orders.items.iter().find_map(|order| order.customer.as_deref());
    let more = if details.orders.has_more { " and more" } else { "" };
    let bought: Vec<String> = spent(&details.orders.items).into_iter().map(|money| money.to_string()).collect();
    let bought = if bought.is_empty() { "Nothing".to_owned() } else { format!("{}{more}", bought.join(" + ")) };
    vec![
        fact("E-mail", copied(Some(account.email.as_str()), "e-mail address")),
        fact("Name", text_or_none(account.name.as_deref())),
        fact("Role", text(words::role(account.role))),
        fact("Customer since", around.time(account.created_at)),
        fact("Paid, less refunds", text(bought)),
        fact("Stripe customer", copied(provider, "Stripe customer id")),
    ]
}

/// What was received for orders and not returned, by currency.
fn spent(orders: &[Order]) -> Vec<Money> {
    let mut sums: Vec<Money> = Vec::new();
    for order in orders.iter().filter(|order| order.paid_minor > 0) {
        let kept = order.paid_minor.saturating_sub(order.refunded_minor);
        match sums.iter_mut().find(|sum| sum.currency == order.currency()) {
            Some(sum) => sum.minor = sum.minor.saturating_add(kept),
            None => sums.push(Money::new(kept, order.currency())),
        }
    }
    sums
}

fn sections(details: &AccountDetails, around: &Around<'_>) -> Vec<Section> {
    let account = details.account.id;
    let all = |is_cut: bool, label: &str, page: &AdminPage| {
        is_cut.then(|| LinkTo::new(label, filtered(page, "account", account)))
    };
    let with = |section: Section, all: Option<LinkTo>| Section { all, ..section };
    let can_sign_out = around.is_admin && obstacle(CustomerActName::SignOut, details).is_none();
    let sign_out_page = AdminPage::CustomerAct(account, CustomerActName::SignOut).path();
    let sign_out = can_sign_out.then(|| LinkTo::new("Sign out one or all of them", sign_out_page));
    let licenses = details.licenses.items.iter().take(ROWS_OF_A_LIST).map(|license| license_row(license, around));
    let orders = details.orders.items.iter().take(ROWS_OF_A_LIST).map(|order| order_row(order, around));
    let mails = details.mails.items.iter().take(ROWS_OF_A_LIST).map(|mail| mail_row(mail, around));
    vec![
        with(
            table(
                "Licenses",
                &["Key", "Status", "Policy", "Machines", "Expires", "Issued"],
                licenses.collect(),
                "The customer has no licenses.",
            ),
            all(is_cut(&details.licenses), "All licenses of the customer", &AdminPage::Licenses),
        ),
        with(
            machine_table(&details.machines.items, around),
            all(is_cut(&details.machines), "All machines of the customer", &AdminPage::Machines),
        ),
        with(
            table(
                "Orders",
                &["Order", "Status", "Total", "Refunded", "Placed"],
                orders.collect(),
                "The customer has not bought anything.",
            ),
            all(is_cut(&details.orders), "All orders of the customer", &AdminPage::Orders),
        ),
        table("Latest mails", &["Mail", "Status", "Queued"], mails.collect(), "No mail to the customer is kept."),
        with(sessions(&details.sessions, around), sign_out),
    ]
}

fn license_row(listed: &ListedLicense, around: &Around<'_>) -> Row {
    let license = &listed.license;
    Row {
        id: license.id.to_string(),
        href: AdminPage::License(license.id).path(),
        cells: vec![
            Cell::Code(license_key::masked(&license.key_prefix, &license.key_tail)),
            Cell::Status(words::license_status(listed_status(listed, around.now))),
            Cell::Text(format!("{}, {}", listed.product_name, listed.policy_name)),
            Cell::Number(listed.machines.to_string()),
            license.expiry.at().map_or(Cell::Empty, |at| around.time(at)),
            around.time(license.created_at),
        ],
    }
}

fn order_row(order: &Order, around: &Around<'_>) -> Row {
    let refunded = Money::new(order.refunded_minor, order.currency());
    Row {
        id: order.id.to_string(),
        href: AdminPage::Order(order.id).path(),
        cells: vec![
            Cell::Code(order.number()),
            Cell::Status(words::order_status(order.status)),
            Cell::Number(order.total().to_string()),
            if order.refunded_minor == 0 { Cell::Empty } else { Cell::Number(refunded.to_string()) },
            around.time(order.created_at),
        ],
    }
}

fn mail_row(mail: &ListedMail, around: &Around<'_>) -> Row {
    Row {
        id: mail.id.to_string(),
        href: AdminPage::Mail(mail.id).path(),
        cells: vec![
            Cell::Text(words::mail_kind(&mail.kind)),
            Cell::Status(words::mail_state(mail.state)),
            around.time(mail.created_at),
        ],
    }
}

fn sessions(sessions: &[SessionSummary], around: &Around<'_>) -> Section {
    // The id of a session is not shown (ML-20).
    let row = |(number, session): (usize, &SessionSummary)| Row {
        id: format!("session-{number}"),
        href: String::new(),
        cells: vec![
            Cell::Text(session.agent.clone()),
            Cell::Code(session.network.clone()),
            around.time(session.authenticated_at),
            around.time(session.last_seen_at),
        ],
    };
    let columns = ["Browser", "Network", "Signed in", "Last used"];
    let rows = sessions.iter().enumerate().map(row).collect();
    table("Signed-in browsers", &columns, rows, "The person is not signed in anywhere.")
}

fn related(details: &AccountDetails) -> Vec<Related> {
    let account = &details.account;
    let list = |label: &str, page: &AdminPage| LinkTo::new(label, filtered(page, "account", account.id));
    let mails = format!("{}?q={}", AdminPage::Mails.path(), account.email.as_str().replace('+', "%2B"));
    vec![Related {
        title: "In the lists".to_owned(),
        links: vec![
            list("Licenses", &AdminPage::Licenses),
            list("Machines", &AdminPage::Machines),
            list("Orders", &AdminPage::Orders),
            LinkTo::new("E-mails", mails),
            LinkTo::new("What the person did", filtered(&AdminPage::Audit, "actor_id", account.id)),
        ],
        all: None,
    }]
}

fn inspected(details: &AccountDetails) -> Inspected {
    let account = &details.account;
    let json = json!({
        "id": account.id.to_string(),
        "email": account.email.as_str(),
        "name": account.name,
        "role": account.role.as_str(),
        "disabled_at": account.disabled_at.map(Timestamp::rfc3339),
        "created_at": account.created_at.rfc3339(),
        "licenses": details.licenses.items.iter().map(|listed| listed.license.id.to_string()).collect::<Vec<_>>(),
        "orders": details.orders.items.iter().map(|order| order.id.to_string()).collect::<Vec<_>>(),
    });
    Inspected {
        json,
        calls: vec![("On the host".to_owned(), format!("latchkey customer show {} --json", account.email))],
    }
}
