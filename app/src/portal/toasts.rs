//! Short messages about what was just done or failed, each on the page it belongs to.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};

use crate::shared::{
    components::{Failure, Submit},
    error::UiError,
    flash::{Flash, FormRedirect},
    form_action::Outcome,
};

/// The latest message and the path of the page that shows it. Pages set it in the browser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Toasts(pub(crate) RwSignal<Option<(String, Flash)>>);

impl Toasts {
    /// Shows a message on the page at `path`.
    pub(crate) fn show(self, path: &str, flash: Option<Flash>) {
        let path = path.split('?').next().unwrap_or(path).to_owned();
        self.0.set(flash.map(|flash| (path, flash)));
    }

    /// Clears an error message after a success.
    pub(crate) fn clear_error(self) {
        self.0.update(|toasts| {
            toasts.take_if(|(_, flash)| flash.is_failure());
        });
    }

    /// Shows an error on the page at `path`.
    pub(crate) fn error(self, path: &str, error: UiError) {
        self.show(path, Some(Flash::Failed(error)));
    }
}

/// Counts the results that succeeded, so that a page is read again after them. After a failure, a page that was read again would
/// take away the form with what was typed.
pub(crate) fn successes(result: Outcome) -> Memo<u32> {
    Memo::new(move |count| count.copied().unwrap_or(0) + u32::from(matches!(result.get(), Some(Ok(_)))))
}

/// Counts the results that came from the server.
pub(crate) fn responses(result: Outcome) -> Memo<u32> {
    let has_come =
        |result: &Result<FormRedirect, UiError>| !matches!(result, Err(UiError::Offline | UiError::NoResponse));
    Memo::new(move |count| {
        count.copied().unwrap_or(0) + u32::from(result.with(|result| result.as_ref().is_some_and(has_come)))
    })
}

/// Whether the request could not be sent because the browser is offline.
pub(crate) fn is_not_sent(result: Outcome) -> bool {
    result.with(|result| matches!(result, Some(Err(UiError::Offline))))
}

/// Within a form: says that it was not sent because the browser is offline, and sends it again.
#[component]
pub(crate) fn NotSent(result: Outcome) -> impl IntoView {
    move || is_not_sent(result).then(|| view! { <TryAgain/> })
}

#[component]
fn TryAgain() -> impl IntoView {
    view! {
        <div class="stack-small">
            <Failure error=UiError::Offline/>
            <p><Submit class="button button-small">"Try again"</Submit></p>
        </div>
    }
}

/// For a form that asks for confirmation: navigates to the page that shows the result. Returns what to show
/// in the form after a failure.
pub(crate) fn go_to_result(result: Outcome) -> impl Fn() -> Option<AnyView> + Copy + Send {
    let toasts = use_context::<Toasts>();
    let navigate = use_navigate();
    Effect::new(move |_| {
        if let Some(Ok(done)) = result.get() {
            if let Some(toasts) = toasts {
                toasts.show(&done.redirect_to, done.flash);
            }
            navigate(&done.redirect_to, leptos_router::NavigateOptions::default());
        }
    });
    move || {
        Some(match result.get()?.err()? {
            UiError::Offline => view! { <TryAgain/> }.into_any(),
            error => view! { <Failure error/> }.into_any(),
        })
    }
}

/// For a form that stays on its page: shows the result. The form itself shows that it was not sent, with [`NotSent`].
pub(crate) fn show_result(result: Outcome) {
    let toasts = use_context::<Toasts>();
    let here = use_location().pathname;
    Effect::new(move |_| {
        if let (Some(toasts), Some(result)) = (toasts, result.get()) {
            let flash = match result {
                Ok(done) => done.flash,
                Err(UiError::Offline) => None,
                Err(error) => Some(Flash::Failed(error)),
            };
            toasts.show(&here.get_untracked(), flash);
        }
    });
}
