//! Acts on the instance.

use crate::{
    admin::{
        acts::{Ask, Call, Completed, Draft, Gate, Trouble},
        model::{
            lists::LinkTo,
            object_view::{ActContent, ActView},
            objects::{ConfirmLevel, Toast},
        },
        present::objects::Needs,
    },
    routes::{AdminPage, DiagnosticsActName as Act},
    shared::model::Tone,
};

pub(super) async fn view(call: &Call<'_>, act: Act, draft: Option<&Draft>) -> Result<ActView, Trouble> {
    let page = AdminPage::DiagnosticsAct(act);
    let gate = Gate { needs: Needs::Admin, is_sensitive: false, obstacle: None };
    let content = if let Some(content) = gate.closed(call, &page, draft) {
        content
    } else {
        let recipient = call.admin()?.own_address().await?.ok_or(Trouble::NotFound)?;
        let ask = Ask::new("Send a test mail?", "Send test mail")
            .effect(format!("{recipient} gets a mail, by the same way as customers."))
            .effects(["It arrives within a minute, or the list of mails says why not."])
            .level(ConfirmLevel::Reversible)
            .without_reason();
        ActContent::Form(ask.form(&page, &AdminPage::Diagnostics, draft))
    };
    Ok(ActView {
        title: "Test mail".to_owned(),
        record: LinkTo::new("Diagnostics", AdminPage::Diagnostics.path()),
        content,
    })
}

pub(super) async fn perform(call: &Call<'_>, act: Act) -> Result<Completed, Trouble> {
    let admin = call.admin()?;
    match act {
        Act::TestMail => {
            let recipient = admin.send_test_mail().await?.ok_or(Trouble::NotFound)?;
            let text =
                format!("A test mail to {recipient} is on its way. The list of mails shows whether it was sent.");
            Ok(Completed { toast: Toast { text, tone: Tone::Good, undo: None }, page: AdminPage::Diagnostics })
        }
    }
}
