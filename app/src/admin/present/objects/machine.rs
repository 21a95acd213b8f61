//! A machine's page.

use latchkey_licensing::{component::Component, license_key, process::Process, time::Timestamp};
use latchkey_service::{ListedMachine, MachineParts, SHOWN_PROCESSES};
use serde_json::{Value, json};

use super::{Around, Inspected, Needs, copied, fact, filtered, link, table, text, text_or_none};
use crate::{
    admin::{
        model::{
            lists::{LinkTo, Row},
            object_view::{ObjectView, Section, SectionBody},
            objects::{Fact, ObjectHead, Related},
        },
        present::words,
    },
    routes::{AdminPage, LicenseActName, MachineActName},
    shared::releases::size_in_words,
};

pub(crate) fn page(listed: &ListedMachine, parts: &MachineParts, around: &Around<'_>) -> ObjectView {
    let machine = &listed.machine;
    let page = AdminPage::Machine(machine.id);
    let explain = AdminPage::LicenseAct(machine.license, LicenseActName::Explain);
    let acts = vec![
        around.act("Free", &AdminPage::MachineAct(machine.id, MachineActName::Free), Needs::Support, obstacle(listed)),
        around.act("Why does it fail?", &explain, Needs::Support, None),
    ];
    ObjectView {
        head: ObjectHead {
            kind: "Machine".to_owned(),
            list: LinkTo::new("Machines", AdminPage::Machines.path()),
            title: machine.label(),
            id: machine.id.to_string(),
            status: Some(words::machine_status(listed.deactivated.as_ref())),
            acts,
            tabs: around.tabs(&page),
        },
        toast: None,
        notices: Vec::new(),
        content: around.content(
            &page,
            facts(listed, around),
            sections(listed, parts, around),
            inspected(listed, parts),
        ),
        related: related(listed),
    }
}

/// Why it cannot be freed.
pub(crate) fn obstacle(listed: &ListedMachine) -> Option<String> {
    listed.deactivated.map(|(at, _)| format!("It was freed on {}.", at.human_date()))
}

fn facts(listed: &ListedMachine, around: &Around<'_>) -> Vec<Fact> {
    let machine = &listed.machine;
    let reported = &machine.facts;
    let key = license_key::masked(&listed.key_prefix, &listed.key_tail);
    let mut facts = vec![
        fact("License", link(key, &AdminPage::License(machine.license))),
        fact("Customer", link(listed.owner_email.as_str(), &AdminPage::Customer(listed.owner))),
        fact("Product and policy", text(format!("{}, {}", listed.product_code, listed.policy_code))),
        fact("Host name", text_or_none(reported.hostname.as_deref())),
        fact("Platform", text_or_none(reported.platform.as_deref())),
        fact("App version", text_or_none(reported.app_version.as_deref())),
        fact("Cores", reported.cores.map_or_else(|| text_or_none(None), text)),
        fact("Slot", text(machine.slot)),
        fact("Activated", around.time(machine.created_at)),
        fact("Last seen", around.time(machine.last_seen_at)),
        fact("Last heartbeat", around.time_or(machine.last_heartbeat_at, "None")),
        fact("Last file", around.time_or(machine.last_check_out_at, "None")),
    ];
    // Few apps report these.
    for (name, size) in [("Memory", reported.memory), ("Disk", reported.disk)] {
        facts.extend(size.map(|size| fact(name, text(size_in_words(size)))));
    }
    facts.extend(reported.ip.map(|ip| fact("IP address", text(ip))));
    if let Some((at, _)) = listed.deactivated {
        facts.push(fact("Freed", around.time(at)));
    }
    facts.push(fact("Fingerprint", copied(Some(machine.fingerprint.as_str()), "fingerprint")));
    facts
}

fn sections(listed: &ListedMachine, parts: &MachineParts, around: &Around<'_>) -> Vec<Section> {
    let mut sections = Vec::new();
    if !parts.components.is_empty() {
        sections.push(component_table(parts));
    }
    if !parts.processes.is_empty() {
        sections.push(process_table(parts, around));
    }
    let metadata = &listed.machine.metadata;
    if metadata.trim() != "{}" {
        let metadata = super::pretty(&serde_json::from_str::<Value>(metadata).unwrap_or_default());
        sections.push(Section { title: "Metadata".to_owned(), body: SectionBody::Code(metadata), all: None });
    }
    sections
}

fn component_table(parts: &MachineParts) -> Section {
    let row = |component: &Component| Row {
        id: component.id.to_string(),
        href: String::new(),
        cells: vec![
            text(if component.name.is_empty() { "Unnamed" } else { component.name.as_str() }),
            copied(Some(component.fingerprint.as_str()), "fingerprint"),
        ],
    };
    table("Components", &["Component", "Fingerprint"], parts.components.iter().map(row).collect(), "")
}

fn process_table(parts: &MachineParts, around: &Around<'_>) -> Section {
    let row = |process: &Process| Row {
        id: process.id.to_string(),
        href: String::new(),
        cells: vec![text(&process.pid), around.time(process.created_at), around.time(process.last_heartbeat_at)],
    };
    let title = if parts.has_more_processes {
        format!("The newest {SHOWN_PROCESSES} processes")
    } else {
        "Processes".to_owned()
    };
    table(&title, &["Pid", "Running since", "Last seen"], parts.processes.iter().map(row).collect(), "")
}

fn related(listed: &ListedMachine) -> Vec<Related> {
    let license = listed.machine.license;
    let key = license_key::masked(&listed.key_prefix, &listed.key_tail);
    vec![
        Related {
            title: "License".to_owned(),
            links: vec![LinkTo::new(key, AdminPage::License(license).path())],
            all: Some(LinkTo::new("All machines of the license", filtered(&AdminPage::Machines, "license", license))),
        },
        Related {
            title: "Customer".to_owned(),
            links: vec![LinkTo::new(listed.owner_email.as_str(), AdminPage::Customer(listed.owner).path())],
            all: Some(LinkTo::new(
                "All machines of the customer",
                filtered(&AdminPage::Machines, "account", listed.owner),
            )),
        },
    ]
}

fn inspected(listed: &ListedMachine, parts: &MachineParts) -> Inspected {
    let components = parts.components.iter().map(|component| {
        json!({
            "id": component.id.to_string(),
            "fingerprint": component.fingerprint.as_str(),
            "name": component.name,
            "metadata": serde_json::from_str::<Value>(&component.metadata).unwrap_or_default(),
        })
    });
    let processes = parts.processes.iter().map(|process| {
        json!({
            "id": process.id.to_string(),
            "pid": process.pid,
            "metadata": serde_json::from_str::<Value>(&process.metadata).unwrap_or_default(),
            "created_at": process.created_at.rfc3339(),
            "last_heartbeat_at": process.last_heartbeat_at.rfc3339(),
        })
    });
    let machine = &listed.machine;
    let facts = &machine.facts;
    let deactivated = listed.deactivated.map(|(at, by)| json!({ "at": at.rfc3339(), "by": by.as_str() }));
    let json = json!({
        "id": machine.id.to_string(),
        "license": machine.license.to_string(),
        "owner": { "id": listed.owner.to_string(), "email": listed.owner_email.as_str() },
        "fingerprint": machine.fingerprint.as_str(),
        "slot": machine.slot,
        "name": facts.name,
        "hostname": facts.hostname,
        "platform": facts.platform,
        "cores": facts.cores,
        "memory": facts.memory,
        "disk": facts.disk,
        "ip": facts.ip,
        "app_version": facts.app_version,
        "metadata": serde_json::from_str::<Value>(&machine.metadata).unwrap_or_default(),
        "created_at": machine.created_at.rfc3339(),
        "last_seen_at": machine.last_seen_at.rfc3339(),
        "last_heartbeat_at": machine.last_heartbeat_at.map(Timestamp::rfc3339),
        "last_check_out_at": machine.last_check_out_at.map(Timestamp::rfc3339),
        "deactivated": deactivated,
        "components": components.collect::<Vec<_>>(),
        "processes": processes.collect::<Vec<_>>(),
    });
    let id = machine.id;
    Inspected {
        json,
        calls: vec![
            ("On the host".to_owned(), format!("latchkey machine list --license {} --json", machine.license)),
            (
                "Over the API, with the license key".to_owned(),
                format!("curl -H \"Authorization: License $LICENSE_KEY\" \"$LATCHKEY_API_URL/v1/machines/{id}\""),
            ),
        ],
    }
}
