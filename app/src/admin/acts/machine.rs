//! Acts on machines.

use latchkey_licensing::ids::MachineId;

use crate::{
    admin::{
        acts::{Ask, Call, Completed, Draft, Gate, Submission, Trouble},
        model::{
            lists::LinkTo,
            object_view::{ActContent, ActView},
            objects::Toast,
        },
        present::objects::{Needs, machine::obstacle},
    },
    routes::{AdminPage, MachineActName as Act},
    shared::model::Tone,
};

pub(super) async fn view(call: &Call<'_>, id: MachineId, act: Act, draft: Option<&Draft>) -> Result<ActView, Trouble> {
    let found = call.support().machine_details(id).await?.ok_or(Trouble::NotFound)?;
    let (page, back) = (AdminPage::MachineAct(id, act), AdminPage::Machine(id));
    let label = found.machine.label();
    let Act::Free = act;
    let gate = Gate { needs: Needs::Support, is_sensitive: false, obstacle: obstacle(&found) };
    let content = gate.closed(call, &page, draft).unwrap_or_else(|| {
        let ask = Ask::new(format!("Free {label}?"), "Free machine")
            .effect(format!("The app on {label} stops at its next check."))
            .effects(["The slot is available immediately. The customer can activate this or another machine with the same key."]);
        let ask = match found.machine.last_check_out_at {
            Some(at) => ask.effect(format!(
                "It got a file for offline use on {}. Without a network, the app works until the file expires.",
                at.human_date()
            )),
            None => ask,
        };
        let ask = ask.effects(["It does not count against what the customer may free themselves. Nobody gets a mail."]);
        ActContent::Form(ask.form(&page, &back, draft))
    });
    let record = LinkTo::new(format!("{label}, {}", found.owner_email), back.path());
    Ok(ActView { title: "Free machine".to_owned(), record, content })
}

pub(super) async fn perform(call: &Call<'_>, id: MachineId, act: Act, form: &Submission) -> Result<Completed, Trouble> {
    let Act::Free = act;
    let reason = form.reason()?;
    let freed = call.support().because(&reason).free_machine(id).await?;
    let text = match freed {
        Some(freed) => format!("{} is free.", freed.machine.label()),
        None if call.support().machine_details(id).await?.is_none() => return Err(Trouble::NotFound),
        None => "The machine was free already.".to_owned(),
    };
    Ok(Completed { toast: Toast { text, tone: Tone::Good, undo: None }, page: AdminPage::Machine(id) })
}
