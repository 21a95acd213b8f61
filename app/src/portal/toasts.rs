//! Short messages about what was just done or failed, each on the page it belongs to.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};

use crate::shared::{
    components::Failure,
    error::UiError,
    flash::{Done, Flash},
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

/// The result of a form's server function, once it is known.
pub(crate) type Outcome = Signal<Option<Result<Done, UiError>>>;

/// For a form that asks for confirmation: navigates to the page that shows the result. Returns what to show
/// in the form after a failure.
pub(crate) fn follow(result: Outcome) -> impl Fn() -> Option<AnyView> + Copy + Send {
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
        let error = result.get()?.err()?;
        Some(view! { <Failure error/> }.into_any())
    }
}

/// For a form that stays on its page: shows the result.
pub(crate) fn show_result(result: Outcome) {
    let toasts = use_context::<Toasts>();
    let here = use_location().pathname;
    Effect::new(move |_| {
        if let (Some(toasts), Some(result)) = (toasts, result.get()) {
            let flash = match result {
                Ok(done) => done.flash,
                Err(error) => Some(Flash::Failed(error)),
            };
            toasts.show(&here.get_untracked(), flash);
        }
    });
}
