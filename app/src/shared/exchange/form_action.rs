//! Forms that change something: plain forms, which the browser sends in the background if it has the script.

use leptos::{prelude::*, server_fn::ServerFn};

use crate::shared::{error::UiError, flash::FormRedirect};

/// The result of a form's server function, once it is known.
pub(crate) type Outcome = Signal<Option<Result<FormRedirect, UiError>>>;

/// The server function of a form.
///
/// It does what a [`ServerAction`] does. But each type in one is some 10 kB of code, so all forms share one.
#[derive(Clone, Copy)]
pub(crate) struct FormAction {
    url: &'static str,
    outcome: RwSignal<Option<Result<FormRedirect, UiError>>>,
    pending: RwSignal<bool>,
    /// The fields that were sent last, URL-encoded.
    sent: RwSignal<String>,
}

impl FormAction {
    pub(crate) fn new<F: ServerFn<Output = FormRedirect, Error = UiError>>() -> Self {
        Self { url: F::url(), outcome: RwSignal::new(None), pending: RwSignal::new(false), sent: RwSignal::default() }
    }

    /// The last result.
    pub(crate) fn outcome(self) -> Outcome {
        self.outcome.into()
    }

    /// Whether the form was sent and the server has not answered.
    pub(crate) fn pending(self) -> Signal<bool> {
        self.pending.into()
    }

    /// The last result, if the form that was sent last has this id in its field `id`: rows of a list share an action.
    pub(crate) fn outcome_of(self, id: &str) -> Outcome {
        let field = format!("id={id}");
        Signal::derive(move || {
            let is_of = self.sent.with(|sent| sent.split('&').any(|sent| sent == field));
            self.outcome.get().filter(|_| is_of)
        })
    }
}

/// A form of a server function.
#[component]
pub(crate) fn ServerForm(action: FormAction, children: Children) -> impl IntoView {
    view! {
        <form method="post" action=action.url on:submit=move |event| submit(action, &event)>
            {children()}
        </form>
    }
}

#[cfg(feature = "hydrate")]
fn submit(action: FormAction, event: &leptos::ev::SubmitEvent) {
    use leptos::{task::spawn_local, web_sys};
    use wasm_bindgen::JsCast;

    if event.default_prevented() {
        return;
    }
    let form = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok());
    let fields = form.and_then(|form| web_sys::FormData::new_with_form(&form).ok());
    let fields = fields.and_then(|fields| web_sys::UrlSearchParams::new_with_str_sequence_sequence(&fields).ok());
    // Without them, the browser sends the form itself.
    let Some(fields) = fields else { return };
    event.prevent_default();
    let fields = String::from(fields.to_string());
    action.pending.set(true);
    action.sent.set(fields.clone());
    spawn_local(async move {
        let result = send(action.url, fields).await;
        // The page may be gone.
        action.pending.try_set(false);
        action.outcome.try_set(Some(result));
    });
}

#[cfg(not(feature = "hydrate"))]
fn submit(_action: FormAction, _event: &leptos::ev::SubmitEvent) {}

#[cfg(feature = "hydrate")]
async fn send(url: &'static str, fields: String) -> Result<FormRedirect, UiError> {
    use leptos::server_fn::{
        ContentType, Decodes,
        client::{Client, browser::BrowserClient},
        codec::PostUrl,
        error::{FromServerFnError, ServerFnErrorErr},
        request::{ClientReq, browser::BrowserRequest},
        response::ClientRes,
    };

    use crate::shared::page_json::TextJson;

    let request: BrowserRequest =
        ClientReq::<UiError>::try_new_post(url, PostUrl::CONTENT_TYPE, TextJson::CONTENT_TYPE, fields)?;
    let response = <BrowserClient as Client<UiError>>::send(request).await?;
    let is_failure = ClientRes::<UiError>::status(&response) >= 400;
    let body = ClientRes::<UiError>::try_into_bytes(response).await?;
    if is_failure {
        return Err(UiError::de(body));
    }
    TextJson::decode(body)
        .map_err(|error| UiError::from_server_fn_error(ServerFnErrorErr::Deserialization(error.to_string())))
}
