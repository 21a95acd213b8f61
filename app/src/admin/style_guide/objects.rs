//! Pages of objects.

use leptos::prelude::*;

use super::{HERE, Sample, ago, status};
use crate::{
    admin::{
        components::object::{Facts, Inspect, ObjectFrame, RelatedColumn, Timeline},
        model::{
            lists::{Cell, LinkTo, Pages},
            objects::{ActLink, Fact, ObjectHead, Related, TimelineEntry},
        },
    },
    shared::model::Tone,
};

#[component]
pub(super) fn ObjectSamples() -> impl IntoView {
    let older = Pages { shown: "The newest 4".to_owned(), next: Some(HERE.to_owned()), ..Pages::default() };
    view! {
        <Sample title="Object">
            <ObjectFrame head=head() side=|| view! { <RelatedColumn groups=related()/> }>
                <Facts facts=facts()/>
                <Timeline entries=entries() pages=older/>
            </ObjectFrame>
        </Sample>
        <Sample title="Inspect">
            <Inspect json="{\n  \"id\": \"0190f3c2-0000-7000-8000-000000000000\",\n  \"status\": \"suspended\",\n  \"policy\": \"lifetime\"\n}"/>
        </Sample>
    }
}

fn head() -> ObjectHead {
    let act = |label: &str, is_dangerous| ActLink {
        label: label.to_owned(),
        href: Some(HERE.to_owned()),
        reason: None,
        is_dangerous,
    };
    ObjectHead {
        kind: "License".to_owned(),
        list: LinkTo::new("Licenses", HERE),
        title: "CGPT-••••-F7K3".to_owned(),
        id: "0190f3c2-0000-7000-8000-000000000001".to_owned(),
        status: Some(status("Suspended", Tone::Warn)),
        acts: vec![
            act("Reinstate", false),
            act("Renew", false),
            ActLink {
                label: "Replace key".to_owned(),
                href: None,
                reason: Some("Not while it is suspended".to_owned()),
                is_dangerous: false,
            },
            act("Revoke", true),
        ],
        tabs: vec![
            (LinkTo::new("Summary", HERE), true),
            (LinkTo::new("Inspect", format!("{HERE}?tab=inspect")), false),
        ],
    }
}

fn facts() -> Vec<Fact> {
    let fact = |label: &str, value| Fact { label: label.to_owned(), value };
    vec![
        fact("Customer", Cell::Link(LinkTo::new("ada@example.com", HERE))),
        fact("Policy", Cell::Text("Lifetime".to_owned())),
        fact("Machines", Cell::Number("1 of 2".to_owned())),
        fact("Issued", Cell::Time(ago("3 November 2026"))),
        fact("Expires", Cell::Empty),
        fact("Order", Cell::Code("LK-10423".to_owned())),
    ]
}

fn related() -> Vec<Related> {
    let group = |title: &str, links, all| Related { title: title.to_owned(), links, all };
    vec![
        group("Machines", vec![LinkTo::new("Office PC", HERE)], None),
        group("Order", vec![LinkTo::new("LK-10423, $149.00", HERE)], None),
        group(
            "E-mails",
            vec![LinkTo::new("Your license, 3 November", HERE)],
            Some(LinkTo::new("All 12 e-mails", HERE)),
        ),
        group("Notes", Vec::new(), None),
    ]
}

fn entries() -> Vec<TimelineEntry> {
    let entry = |words: &str, tone, text: &str, by: &str| TimelineEntry {
        when: ago(words),
        tone,
        text: text.to_owned(),
        by: by.to_owned(),
        note: None,
        link: None,
    };
    vec![
        TimelineEntry {
            note: Some("Customer request: the laptop was stolen.".to_owned()),
            ..entry("2 hours ago", Some(Tone::Warn), "License suspended", "grace@example.com")
        },
        TimelineEntry {
            link: Some(LinkTo::new("Office PC", HERE)),
            ..entry("3 days ago", None, "Activated on", "The app")
        },
        entry("3 November 2026", Some(Tone::Good), "Order paid, license issued", "Stripe"),
        entry("3 November 2026", Some(Tone::Bad), "E-mail could not be delivered", "Server"),
    ]
}
