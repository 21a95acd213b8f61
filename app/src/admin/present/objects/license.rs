//! A license's page.

use latchkey_licensing::entitlement::EntitlementCode;
use latchkey_licensing::time::Timestamp;
use latchkey_licensing::{
    license::{Expiry, License, Standing},
    license_key,
    order::OrderStatus,
    policy::{ExpiryStrategy, OverageStrategy, Policy},
};
use latchkey_service::{LicenseDetails, LicenseView, ListedMachine};
use serde_json::{Value, json};

use super::{Around, Inspected, Needs, ROWS_OF_A_LIST, count, dangerous, fact, filtered, is_cut, link, table, text};
use crate::{
    admin::{
        model::{
            lists::{Cell, LinkTo, Row},
            object_view::{Notice, ObjectView, Section, SectionBody},
            objects::{ActLink, Fact, ObjectHead, Related},
        },
        present::{lists::grouped, words},
    },
    portal::present::when,
    routes::{AdminPage, LicenseActName},
    shared::model::{Status, Tone},
};

pub(crate) fn page(details: &LicenseDetails, around: &Around<'_>) -> ObjectView {
    let license = &details.view.license;
    let page = AdminPage::License(license.id);
    ObjectView {
        head: ObjectHead {
            kind: "License".to_owned(),
            list: LinkTo::new("Licenses", AdminPage::Licenses.path()),
            title: license_key::masked(&license.key_prefix, &license.key_tail),
            id: license.id.to_string(),
            status: Some(status(&details.view)),
            acts: acts(details, around),
            tabs: around.tabs(&page),
        },
        toast: None,
        notices: notices(details, around),
        content: around.content(&page, facts(details, around), sections(details, around), inspected(details)),
        related: related(details),
    }
}

/// What people call a license: its masked key and its owner.
pub(crate) fn name(details: &LicenseDetails) -> String {
    let license = &details.view.license;
    format!("{}, {}", license_key::masked(&license.key_prefix, &license.key_tail), details.owner.email)
}

fn status(view: &LicenseView) -> Status {
    match view.license.standing {
        Standing::Revoked(_) => words::license_status("REVOKED"),
        Standing::Good | Standing::Suspended(_) => words::license_status(view.status.as_str()),
    }
}

/// What an act on a license is called in menus and titles.
pub(crate) fn act_label(act: LicenseActName) -> &'static str {
    match act {
        LicenseActName::Suspend => "Suspend",
        LicenseActName::Reinstate => "Reinstate",
        LicenseActName::Renew => "Renew",
        LicenseActName::Change => "Change terms",
        LicenseActName::Owner => "Change owner",
        LicenseActName::NewKey => "Replace key",
        LicenseActName::ShowKey => "Show key",
        LicenseActName::MailKey => "Mail the key again",
        LicenseActName::Note => "Add a note",
        LicenseActName::Revoke => "Revoke",
        LicenseActName::Explain => "Why does it fail?",
    }
}

/// Who may do it.
pub(crate) fn act_needs(act: LicenseActName) -> Needs {
    match act {
        LicenseActName::MailKey | LicenseActName::Note | LicenseActName::Explain => Needs::Support,
        _ => Needs::Admin,
    }
}

/// Why an act is not possible.
pub(crate) fn obstacle(act: LicenseActName, details: &LicenseDetails, around: &Around<'_>) -> Option<String> {
    let view = &details.view;
    let decision = details.order.as_ref().map_or(view.license.standing, |(_, ordered)| ordered.decision);
    match (act, decision) {
        (LicenseActName::Suspend | LicenseActName::Reinstate | LicenseActName::Revoke, Standing::Revoked(_)) => {
            Some("It is revoked, which is permanent. Issue a new license instead.".to_owned())
        }
        (LicenseActName::Suspend, Standing::Suspended(_)) => Some("It is suspended already.".to_owned()),
        (LicenseActName::Reinstate, Standing::Good) if view.license.standing == Standing::Good => {
            Some("It is not suspended.".to_owned())
        }
        (LicenseActName::Reinstate, Standing::Good) => {
            Some("Its payment is the reason, not an admin. It is reinstated when the payment is settled.".to_owned())
        }
        (LicenseActName::Renew, _) => {
            let refusal = view.license.expiry_after_renewal(&view.policy, around.now).err();
            refusal.map(|why| format!("{}.", sentence(&why.to_string())))
        }
        (LicenseActName::MailKey, _) if details.owner.disabled_at.is_some() => {
            Some("The account is disabled, so it gets no mail.".to_owned())
        }
        _ => None,
    }
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn acts(details: &LicenseDetails, around: &Around<'_>) -> Vec<ActLink> {
    use LicenseActName as Act;
    let id = details.view.license.id;
    let shown = [
        Act::Explain,
        Act::Suspend,
        Act::Reinstate,
        Act::Renew,
        Act::Change,
        Act::Owner,
        Act::MailKey,
        Act::ShowKey,
        Act::NewKey,
        Act::Note,
        Act::Revoke,
    ];
    let standing = details.view.license.standing;
    // Of the two, one makes sense.
    let is_shown = |act: &Act| match act {
        Act::Suspend => !matches!(standing, Standing::Suspended(_)),
        Act::Reinstate => matches!(standing, Standing::Suspended(_)),
        _ => true,
    };
    let acts = shown.into_iter().filter(is_shown).map(|act| {
        let page = AdminPage::LicenseAct(id, act);
        let link = around.act(act_label(act), &page, act_needs(act), obstacle(act, details, around));
        if act == Act::Revoke { dangerous(link) } else { link }
    });
    acts.collect()
}

fn notices(details: &LicenseDetails, around: &Around<'_>) -> Vec<Notice> {
    let view = &details.view;
    let mut notices = Vec::new();
    let by_payment = details
        .order
        .as_ref()
        .filter(|(_, ordered)| ordered.decision == Standing::Good && view.license.standing != Standing::Good);
    match view.license.standing {
        Standing::Good => {}
        Standing::Suspended(at) | Standing::Revoked(at) => {
            let is_revoked = matches!(view.license.standing, Standing::Revoked(_));
            let what = if is_revoked { "revoked" } else { "suspended" };
            let (why, link) = match by_payment {
                Some((order, _)) => (
                    format!("because of its payment: order {} is {}", order.number(), order_word(order.status)),
                    Some(LinkTo::new("Show the order", AdminPage::Order(order.id).path())),
                ),
                None => ("by an admin".to_owned(), None),
            };
            let tone = if is_revoked { Tone::Bad } else { Tone::Warn };
            notices.push(Notice { tone, text: format!("It was {what} on {}, {why}.", at.human_date()), link });
        }
    }
    if let Some(at) = details.owner.disabled_at {
        notices.push(Notice {
            tone: Tone::Bad,
            text: format!("The owner's account was disabled on {}, so apps get BANNED.", at.human_date()),
            link: Some(LinkTo::new("Show the customer", AdminPage::Customer(details.owner.id).path())),
        });
    }
    if view.license.is_expired(around.now) {
        notices.push(Notice { tone: Tone::Warn, text: expired(view), link: None });
    }
    notices
}

fn order_word(status: OrderStatus) -> String {
    words::order_status(status).word.to_lowercase()
}

fn expired(view: &LicenseView) -> String {
    let when = view.license.expiry.at().map_or_else(String::new, |at| format!(" on {}", at.human_date()));
    let then = match view.policy.expiry_strategy {
        ExpiryStrategy::RestrictAccess => "it does not validate",
        ExpiryStrategy::RevokeAccess => "its key is rejected",
        ExpiryStrategy::MaintainAccess => {
            "it does not validate, but activations of the version that the customer has go on"
        }
        ExpiryStrategy::AllowAccess => "it still validates",
    };
    format!("It expired{when}. Under its policy, {then}.")
}

fn facts(details: &LicenseDetails, around: &Around<'_>) -> Vec<Fact> {
    let view = &details.view;
    let (license, policy) = (&view.license, &view.policy);
    let expires = match license.expiry {
        Expiry::Never => text("Never"),
        Expiry::At(at) => around.time(at),
        Expiry::AfterFirstUse => text("Some time after its first use"),
    };
    let mut facts = vec![
        fact("Customer", link(details.owner.email.as_str(), &AdminPage::Customer(details.owner.id))),
        fact("Product", text(&view.product.name)),
        fact("Policy", text(&policy.name)),
        fact("Machines", machines(view)),
        fact("Expires", expires),
        fact("Issued", around.time(license.created_at)),
        fact("Last validated", around.time_or(license.last_validated_at, "Never")),
    ];
    if policy.check_in_interval.is_some() || license.last_check_in_at.is_some() {
        let next = license.next_check_in_at(policy).map_or_else(String::new, |at| format!(", due {}", at.human_date()));
        let last = license.last_check_in_at.map_or_else(|| "never".to_owned(), |at| when(at, around.now).words);
        facts.push(fact("Last check-in", text(format!("{last}{next}"))));
    }
    if license.last_check_out_at.is_some() {
        facts.push(fact("Last file", around.time_or(license.last_check_out_at, "Never")));
    }
    if license.core_limit(policy).is_some() {
        facts.push(fact("Cores", number(license.core_limit(policy), license.max_cores, policy.overage_strategy)));
    }
    if license.uses > 0 || license.use_limit(policy).is_some() {
        let limit = license.use_limit(policy).map_or_else(String::new, |limit| format!(" of {limit}"));
        let own = own(license.max_uses);
        facts.push(fact("Uses", text(format!("{}{limit}{own}", license.uses))));
    }
    if let Some(swaps) = view.swaps {
        let next = swaps.next_at.filter(|_| swaps.left == 0);
        let next = next.map_or_else(String::new, |at| format!(", next on {}", at.human_date()));
        let left = format!("{} of {} left{next}", swaps.left, swaps.allowance.count);
        facts.push(fact("Freed by the customer", text(left)));
    }
    if let Some((order, _)) = &details.order {
        facts.push(fact("Order", link(order.number(), &AdminPage::Order(order.id))));
    }
    let entitlements: Vec<&str> = view.individual_entitlements.iter().map(EntitlementCode::as_str).collect();
    if !entitlements.is_empty() {
        facts.push(fact("Own entitlements", text(entitlements.join(", "))));
    }
    facts
}

fn machines(view: &LicenseView) -> Cell {
    let limit = view.license.machine_limit(&view.policy);
    let allowed = match (limit, view.machine_limit_with_overage) {
        (None, _) => " of any number".to_owned(),
        (Some(limit), None) => format!(" of {}, and any number beyond", grouped(limit)),
        (Some(limit), Some(most)) if most > limit => {
            format!(" of {}, up to {} with overage", grouped(limit), grouped(most))
        }
        (Some(limit), Some(_)) => format!(" of {}", grouped(limit)),
    };
    text(format!("{}{allowed}{}", grouped(view.machine_count), own(view.license.max_machines)))
}

fn own(limit: Option<u32>) -> &'static str {
    if limit.is_some() { " (own limit)" } else { "" }
}

fn number(limit: Option<u32>, own_limit: Option<u32>, overage: OverageStrategy) -> Cell {
    let overage = match overage {
        OverageStrategy::NoOverage => "",
        OverageStrategy::Allow1_25x => ", and a quarter more with overage",
        OverageStrategy::Allow1_5x => ", and half as many more with overage",
        OverageStrategy::Allow2x => ", and as many again with overage",
        OverageStrategy::AlwaysAllow => ", and any number beyond",
    };
    let limit = limit.map_or_else(|| "Any number".to_owned(), |limit| format!("At most {limit}"));
    text(format!("{limit}{overage}{}", own(own_limit)))
}

fn sections(details: &LicenseDetails, around: &Around<'_>) -> Vec<Section> {
    let license = &details.view.license;
    let all = is_cut(&details.machines)
        .then(|| LinkTo::new("All machines of the license", filtered(&AdminPage::Machines, "license", license.id)));
    let mut sections = vec![Section { all, ..machine_table(&details.machines.items, around) }];
    if license.metadata.trim() != "{}" {
        let metadata: Value = serde_json::from_str(&license.metadata).unwrap_or_default();
        let metadata = super::pretty(&metadata);
        sections.push(Section { title: "Metadata".to_owned(), body: SectionBody::Code(metadata), all: None });
    }
    sections
}

pub(super) fn machine_table(machines: &[ListedMachine], around: &Around<'_>) -> Section {
    let row = |listed: &ListedMachine| {
        let machine = &listed.machine;
        let page = AdminPage::Machine(machine.id);
        Row {
            id: machine.id.to_string(),
            href: page.path(),
            cells: vec![
                Cell::Text(machine.label()),
                Cell::Status(words::machine_status(listed.deactivated.as_ref())),
                super::text_or_none(machine.facts.platform.as_deref()),
                super::text_or_none(machine.facts.app_version.as_deref()),
                around.time(machine.created_at),
                around.time(machine.last_seen_at),
            ],
        }
    };
    let columns = ["Machine", "Status", "Platform", "App", "Activated", "Last seen"];
    let rows = machines.iter().take(ROWS_OF_A_LIST).map(row).collect();
    table("Machines", &columns, rows, "It has not been activated on any machine.")
}

fn related(details: &LicenseDetails) -> Vec<Related> {
    let owner = &details.owner;
    let orders = details.order.iter().map(|(order, _)| {
        LinkTo::new(format!("Order {}, {}", order.number(), order.total()), AdminPage::Order(order.id).path())
    });
    let mails = details
        .mails
        .items
        .iter()
        .take(5)
        .map(|mail| LinkTo::new(words::mail_kind(&mail.kind), AdminPage::Mail(mail.id).path()));
    let active = details.machines.items.iter().filter(|machine| machine.deactivated.is_none()).take(5);
    vec![
        Related {
            title: "Customer".to_owned(),
            links: vec![LinkTo::new(owner.email.as_str(), AdminPage::Customer(owner.id).path())],
            all: Some(LinkTo::new("All licenses of the customer", filtered(&AdminPage::Licenses, "account", owner.id))),
        },
        Related { title: "Order".to_owned(), links: orders.collect(), all: None },
        Related {
            title: count(details.view.machine_count, "active machine", "active machines"),
            links: active
                .map(|listed| LinkTo::new(listed.machine.label(), AdminPage::Machine(listed.machine.id).path()))
                .collect(),
            all: Some(LinkTo::new(
                "Activations",
                filtered(&AdminPage::Activations, "license", details.view.license.id),
            )),
        },
        Related { title: "Mails to the customer".to_owned(), links: mails.collect(), all: None },
    ]
}

fn inspected(details: &LicenseDetails) -> Inspected {
    let view = &details.view;
    let (license, policy) = (&view.license, &view.policy);
    let id = license.id;
    let order = details.order.as_ref().map(|(order, ordered)| {
        json!({ "id": order.id.to_string(), "number": order.number(), "line": ordered.line, "unit": ordered.unit })
    });
    let json = json!({
        "id": id.to_string(),
        "key": license_key::masked(&license.key_prefix, &license.key_tail),
        "status": view.status.as_str(),
        "standing": standing(license),
        "owner": { "id": details.owner.id.to_string(), "email": details.owner.email.as_str() },
        "product": { "id": view.product.id.to_string(), "code": view.product.code },
        "policy": { "id": policy.id.to_string(), "code": policy.code },
        "expiry": expiry(license),
        "limits": limits(license, policy),
        "uses": license.uses,
        "machines": view.machine_count,
        "individual_entitlements": view.individual_entitlements.iter().map(EntitlementCode::as_str).collect::<Vec<_>>(),
        "metadata": serde_json::from_str::<Value>(&license.metadata).unwrap_or_default(),
        "last_validated_at": license.last_validated_at.map(Timestamp::rfc3339),
        "last_check_in_at": license.last_check_in_at.map(Timestamp::rfc3339),
        "last_check_out_at": license.last_check_out_at.map(Timestamp::rfc3339),
        "created_at": license.created_at.rfc3339(),
        "updated_at": license.updated_at.rfc3339(),
        "order": order,
    });
    Inspected {
        json,
        calls: vec![
            ("On the host".to_owned(), format!("latchkey license show {id} --json")),
            (
                "Over the API, with the license key".to_owned(),
                format!("curl -H \"Authorization: License $LICENSE_KEY\" \"$LATCHKEY_API_URL/v1/licenses/{id}\""),
            ),
        ],
    }
}

fn standing(license: &License) -> Value {
    match license.standing {
        Standing::Good => json!("good"),
        Standing::Suspended(at) => json!({ "suspended_at": at.rfc3339() }),
        Standing::Revoked(at) => json!({ "revoked_at": at.rfc3339() }),
    }
}

fn expiry(license: &License) -> Value {
    match license.expiry {
        Expiry::Never => Value::Null,
        Expiry::At(at) => json!(at.rfc3339()),
        Expiry::AfterFirstUse => json!("after_first_use"),
    }
}

/// Each limit: that of its own, that of the policy, and what applies.
fn limits(license: &License, policy: &Policy) -> Value {
    let limit = |own: Option<u32>, policy: Option<u32>, most: Option<u32>| json!({ "own": own, "policy": policy, "at_most": most });
    json!({
        "machines": limit(license.max_machines, policy.max_machines, license.machine_limit_with_overage(policy)),
        "cores": limit(license.max_cores, policy.max_cores, license.core_limit_with_overage(policy)),
        "uses": limit(license.max_uses, policy.max_uses, license.use_limit(policy)),
        "overage": policy.overage_strategy.as_str(),
    })
}
