//! Short messages about what was just done or did not work, on the page that they belong to.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};

use crate::shared::{
    components::Failure,
    error::UiError,
    flash::{Done, Flash},
};

/// What was just done, and the page that it is toasts on; pages set it in the browser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Toasts(pub(crate) RwSignal<Option<(String, Flash)>>);

impl Toasts {
    /// Says something on the page at `path`.
    pub(crate) fn show(self, path: &str, flash: Option<Flash>) {
        let path = path.split('?').next().unwrap_or(path).to_owned();
        self.0.set(flash.map(|flash| (path, flash)));
    }

    /// Takes back that something did not work, once it did.
    pub(crate) fn clear_error(self) {
        self.0.update(|toasts| {
            toasts.take_if(|(_, flash)| flash.is_failure());
        });
    }

    /// Tells on this page that something did not work.
    pub(crate) fn error(self, path: &str, error: UiError) {
        self.show(path, Some(Flash::Failed(error)));
    }
}

/// The result of a form's server function, once there is one.
pub(crate) type Outcome = Signal<Option<Result<Done, UiError>>>;

/// After a form that asks before something is done: goes to the page that shows the result, which says
/// what was done. Gives back what to show in the form when it was not.
pub(crate) fn follow(result: Outcome) -> impl Fn() -> Option<AnyView> + Copy + Send {
    let toasts = use_context::<Toasts>();
    let navigate = use_navigate();
    Effect::new(move |_| {
        if let Some(Ok(done)) = result.get() {
            if let Some(toasts) = toasts {
                toasts.show(&done.go_to, done.flash);
            }
            navigate(&done.go_to, leptos_router::NavigateOptions::default());
        }
    });
    move || {
        let error = result.get()?.err()?;
        Some(view! { <Failure error/> }.into_any())
    }
}

/// After a form that stays on its page: says what came of it.
pub(crate) fn say(result: Outcome) {
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
