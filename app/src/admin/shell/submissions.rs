//! Forms are sent only while the person is signed in: for everyone else the admin portal does not exist, and what was typed
//! would be lost.

use leptos::prelude::*;

use crate::admin::model::objects::Toast;

/// Asks before each form of the admin portal whether the session is still there. If it is not, the form stays as it is.
#[cfg(feature = "hydrate")]
pub(super) fn hold_back_without_session(toasts: RwSignal<Vec<Toast>>) {
    use leptos::{task::spawn_local, web_sys};
    use wasm_bindgen::JsCast;

    use crate::{admin::server_fns::admin_session, routes::is_admin_document, shared::model::Tone};

    /// What happens to the next form that is submitted.
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Step {
        Ask,
        Wait,
        Send,
    }

    let step = StoredValue::new(Step::Ask);
    let submit = move |event: web_sys::Event| {
        let form = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok());
        let Some(form) = form.filter(|form| {
            let action = form.get_attribute("action").unwrap_or_default();
            form.method().eq_ignore_ascii_case("post") && is_admin_document(&action)
        }) else {
            return;
        };
        if event.default_prevented() || step.get_value() == Step::Send {
            step.set_value(Step::Ask);
            return;
        }
        event.prevent_default();
        if step.get_value() == Step::Wait {
            return;
        }
        step.set_value(Step::Wait);
        let button = event.dyn_ref::<web_sys::SubmitEvent>().and_then(web_sys::SubmitEvent::submitter);
        spawn_local(async move {
            if admin_session().await.is_ok() {
                step.set_value(Step::Send);
                if form.request_submit_with_submitter(button.as_ref()).is_ok() {
                    return;
                }
            }
            step.set_value(Step::Ask);
            let text = "You are signed out, or the server does not respond, so nothing was sent. What you typed stays here. Sign in in another tab, then try again.";
            toasts.update(|shown| {
                shown.retain(|toast| toast.text != text);
                shown.push(Toast { text: text.to_owned(), tone: Tone::Bad, undo: None });
            });
        });
    };
    Effect::new(move |_| {
        let handle = window_event_listener_untyped("submit", submit);
        on_cleanup(move || handle.remove());
    });
}

#[cfg(not(feature = "hydrate"))]
pub(super) fn hold_back_without_session(_toasts: RwSignal<Vec<Toast>>) {}
