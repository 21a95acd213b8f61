//! Acts: confirmations and messages.

use leptos::prelude::*;

use super::{HERE, Sample};
use crate::{
    admin::{
        components::acts::{ConfirmForm, ToastRegion},
        model::objects::{ConfirmLevel, Confirmation, Entered, FieldErrors, Input, InputKind, Toast},
    },
    shared::model::Tone,
};

#[component]
pub(super) fn ActSamples() -> impl IntoView {
    let wrong = Confirmation {
        entered: Entered { reason: "fraud".to_owned(), note: "Chargeback".to_owned(), phrase: "F7K".to_owned() },
        errors: FieldErrors { phrase: Some("Type F7K3 to confirm.".to_owned()), ..FieldErrors::default() },
        ..revoke()
    };
    view! {
        <Sample title="Confirmation: reversible">
            <ConfirmForm confirmation=suspend(ConfirmLevel::Reversible) id="reversible"/>
        </Sample>
        <Sample title="Confirmation: costly">
            <ConfirmForm confirmation=suspend(ConfirmLevel::Costly) id="costly"/>
        </Sample>
        <Sample title="Confirmation: irreversible">
            <ConfirmForm confirmation=revoke() id="irreversible"/>
        </Sample>
        <Sample title="Confirmation: wrong phrase">
            <ConfirmForm confirmation=wrong id="wrong"/>
        </Sample>
        <Sample title="Confirmation: fields, mistakes and changes in the meantime">
            <ConfirmForm confirmation=form() id="form"/>
        </Sample>
        <Sample title="Messages">
            <div class="toast-samples"><ToastRegion toasts=Signal::derive(toasts)/></div>
        </Sample>
    }
}

fn suspend(level: ConfirmLevel) -> Confirmation {
    let reason = |value: &str, word: &str| (value.to_owned(), word.to_owned());
    Confirmation {
        question: "Suspend the license ending in F7K3?".to_owned(),
        effects: vec![
            "The app of ada@example.com stops at its next check, within 24 hours.".to_owned(),
            "You can reinstate the license at any time.".to_owned(),
        ],
        level,
        verb: "Suspend license".to_owned(),
        action: HERE.to_owned(),
        fields: vec![("license".to_owned(), "0190f3c2-0000-7000-8000-000000000001".to_owned())],
        back: HERE.to_owned(),
        reasons: vec![reason("request", "Customer request"), reason("fraud", "Fraud"), reason("mistake", "Mistake")],
        entered: Entered::default(),
        error: None,
        inputs: Vec::new(),
        errors: FieldErrors::default(),
        outdated: None,
        confirm: None,
    }
}

fn revoke() -> Confirmation {
    Confirmation {
        question: "Revoke the license ending in F7K3?".to_owned(),
        effects: vec![
            "The app of ada@example.com stops at its next check, within 24 hours.".to_owned(),
            "A revoked license cannot be reinstated.".to_owned(),
        ],
        level: ConfirmLevel::Irreversible { phrase: "F7K3".to_owned() },
        verb: "Revoke license".to_owned(),
        ..suspend(ConfirmLevel::Costly)
    }
}

fn form() -> Confirmation {
    let options = vec![("lifetime".to_owned(), "Lifetime".to_owned()), ("team".to_owned(), "Team".to_owned())];
    let number = Input::new("machines", "Machines", InputKind::Number { value: "two".to_owned() });
    let area = InputKind::Area { value: "{ \"seats\": 5 }".to_owned(), rows: 4 };
    Confirmation {
        inputs: vec![
            Input::new("policy", "Policy", InputKind::Select { value: "team".to_owned(), options }),
            Input { error: Some("Enter a whole number, or leave it empty.".to_owned()), ..number },
            Input::new("owner", "New owner", InputKind::Email { value: "ada@example.com".to_owned() }),
            Input::new("entitlements", "Entitlements", InputKind::Text { value: String::new() })
                .hint("Separated by spaces."),
            Input::new("metadata", "Metadata", area),
            Input::new("no_mail", "Send no mail", InputKind::Check { is_checked: true })
                .hint("Otherwise ada@example.com gets a mail."),
        ],
        errors: FieldErrors { reason: Some("Choose a reason.".to_owned()), ..FieldErrors::default() },
        outdated: Some(Vec::new()),
        confirm: Some(HERE.to_owned()),
        ..suspend(ConfirmLevel::Costly)
    }
}

fn toasts() -> Vec<Toast> {
    let undo = Some((HERE.to_owned(), vec![("license".to_owned(), "F7K3".to_owned())]));
    vec![
        Toast { text: "The license is suspended.".to_owned(), tone: Tone::Good, undo },
        Toast { text: "The e-mail waits until the mail server responds.".to_owned(), tone: Tone::Warn, undo: None },
        Toast {
            text: "Something went wrong on the server. Try again in a moment.".to_owned(),
            tone: Tone::Bad,
            undo: None,
        },
    ]
}
