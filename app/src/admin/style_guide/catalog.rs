//! The catalog: a form with mistakes, and what a change would do.

use leptos::prelude::*;

use super::{HERE, Sample};
use crate::{
    admin::{
        components::catalog::{EntryFormCard, FileCard, PlanCard},
        model::{
            catalog::{EntryForm, FieldChange, FieldGroup, FileTexts, PlanObstacle, PlanStep, PlanView},
            lists::LinkTo,
            object_view::Notice,
            objects::{Input, InputKind},
        },
    },
    shared::model::Tone,
};

#[component]
pub(super) fn CatalogSamples() -> impl IntoView {
    view! {
        <Sample title="Form of an entry">
            <EntryFormCard form=form()/>
        </Sample>
        <Sample title="Plan">
            <PlanCard plan=plan()/>
        </Sample>
        <Sample title="Catalog file">
            <FileCard file=FileTexts { entry: None, whole: TEXT.to_owned(), commands: commands() }/>
        </Sample>
    }
}

const TEXT: &str = "[[policies]]\ncode = \"lifetime\"\nproduct = \"draw\"\nname = \"Lifetime\"\nmax_machines = 3";

fn commands() -> Vec<String> {
    vec!["latchkey catalog apply catalog.toml --dry-run".to_owned()]
}

fn change(label: &str, before: &str, after: &str) -> FieldChange {
    FieldChange { label: label.to_owned(), before: before.to_owned(), after: after.to_owned() }
}

fn form() -> EntryForm {
    let text = |value: &str| InputKind::Text { value: value.to_owned() };
    let wrong = Input {
        error: Some("Enter a whole number, or leave it empty.".to_owned()),
        ..Input::new("max_machines", "Machines", InputKind::Number { value: "many".to_owned() })
            .hint("Empty means any number.")
    };
    let group = |title: &str, hint: Option<&str>, inputs| FieldGroup {
        title: title.to_owned(),
        hint: hint.map(str::to_owned),
        inputs,
    };
    let options = [("draw", "Acme Draw (draw)"), ("paint", "Acme Paint (paint)")];
    let options = options.map(|(value, word)| (value.to_owned(), word.to_owned())).to_vec();
    let product = InputKind::Select { value: "draw".to_owned(), options };
    EntryForm {
        action: HERE.to_owned(),
        fields: Vec::new(),
        groups: vec![
            group(
                "Policy",
                None,
                vec![
                    Input::new("name", "Name", text("Lifetime")).hint("What customers read."),
                    Input::new("product", "Product", product),
                ],
            ),
            group(
                "What customers may do in the portal",
                Some("Support can still free machines, and admins can still replace keys."),
                vec![
                    Input::new("frees", "Customers free machines", InputKind::Check { is_checked: true }),
                    Input::new("renames", "Customers rename machines", InputKind::Check { is_checked: false }),
                    wrong,
                ],
            ),
        ],
        errors: vec!["The price “monthly” is paid again and again. Enter how long a license lasts.".to_owned()],
        merged: vec![change("Uses", "Any number", "100")],
        back: HERE.to_owned(),
    }
}

fn plan() -> PlanView {
    let notice = Notice {
        tone: Tone::Bad,
        text: "2 licenses would become invalid, because they are active on more machines. The reason is “Machines”."
            .to_owned(),
        link: Some(LinkTo::new("Show the licenses", HERE)),
    };
    PlanView {
        steps: vec![
            PlanStep {
                title: "Policy “Lifetime” changes".to_owned(),
                licenses: Some(LinkTo::new("1,204 licenses are under it", HERE)),
                has_before: true,
                fields: vec![
                    change("Machines", "3", "1"),
                    change("Customers download files for offline use", "Yes", "No"),
                ],
            },
            PlanStep {
                title: "Price “yearly” is removed".to_owned(),
                licenses: None,
                has_before: false,
                fields: Vec::new(),
            },
        ],
        warnings: vec!["At the price “free”, licenses cost nothing, so anyone can have them.".to_owned()],
        obstacles: vec![PlanObstacle {
            notice,
            examples: vec![LinkTo::new("DRAW-••••-••••-F7K3, ada@example.com", HERE)],
            remedy: "Change these licenses first, or create a new policy and move licenses to it.".to_owned(),
        }],
        merged: Vec::new(),
        confirmation: None,
        edit: Some((HERE.to_owned(), Vec::new())),
        back: HERE.to_owned(),
        file: FileTexts { entry: Some(TEXT.to_owned()), whole: TEXT.to_owned(), commands: commands() },
    }
}
