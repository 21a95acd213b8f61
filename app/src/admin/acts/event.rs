//! Acts on events of the payment provider.

use latchkey_service::NoteSubject;

use crate::{
    admin::{
        acts::{Ask, Call, Completed, Draft, Gate, Submission, Trouble, note},
        model::{
            lists::LinkTo,
            object_view::{ActContent, ActView},
            objects::Toast,
        },
        present::objects::{Needs, event::obstacle},
    },
    routes::{AdminPage, EventActName as Act, ProviderId},
    shared::model::Tone,
};

pub(super) async fn view(
    call: &Call<'_>,
    id: &ProviderId,
    act: Act,
    draft: Option<&Draft>,
) -> Result<ActView, Trouble> {
    let record = call.support().event_record(id.as_str()).await?.ok_or(Trouble::NotFound)?;
    let (page, back) = (AdminPage::EventAct(id.clone(), act), AdminPage::Event(id.clone()));
    let link = LinkTo::new(format!("{}, {id}", record.details.event.kind), back.path());
    let (title, gate) = match act {
        Act::Note => ("Add a note", Gate { needs: Needs::Support, is_sensitive: false, obstacle: None }),
        Act::Replay => ("Replay event", Gate { needs: Needs::Admin, is_sensitive: true, obstacle: obstacle(&record) }),
    };
    let content = gate.closed(call, &page, draft).unwrap_or_else(|| match act {
        Act::Note => note::ask(&page, &back, draft),
        Act::Replay => {
            let ask = Ask::new("Replay this event?", "Replay event").effects([
                "The server asks Stripe about the order again, and brings the order and its licenses up to date.",
                "What was done before is not done twice.",
                "If the order changes, its buyer gets the mails about it.",
            ]);
            ActContent::Form(ask.form(&page, &back, draft))
        }
    });
    Ok(ActView { title: title.to_owned(), record: link, content })
}

pub(super) async fn perform(
    call: &Call<'_>,
    id: &ProviderId,
    act: Act,
    form: &Submission,
) -> Result<Completed, Trouble> {
    let page = AdminPage::Event(id.clone());
    if act == Act::Note {
        return note::add(call, &NoteSubject::StripeEvent(id.to_string()), form, page).await;
    }
    let admin = call.admin()?;
    let reason = form.reason()?;
    if !admin.because(&reason).replay_stripe_event(id.as_str(), &call.fresh()?).await? {
        let found = call.support().event_record(id.as_str()).await?;
        let obstacle = found.as_ref().and_then(obstacle).ok_or(Trouble::NotFound)?;
        return Err(Trouble::Obstacle(obstacle));
    }
    let toast = Toast {
        text: "The event waits for the worker again. Reload the page to see the result.".to_owned(),
        tone: Tone::Good,
        undo: None,
    };
    Ok(Completed { toast, page })
}
