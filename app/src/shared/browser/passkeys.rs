//! Asking the browser for a passkey (Web Authentication). It needs scripts. The options and the response are the JSON that
//! the standard defines, so this only passes them on.

use crate::shared::error::UiError;

/// What the browser is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Create a passkey.
    Create,
    /// Use a passkey.
    Get,
}

/// Passes options to the browser and returns its authenticator's response.
#[cfg(feature = "hydrate")]
pub(crate) async fn ask_browser(ask: Ask, options: &str) -> Result<String, UiError> {
    use js_sys::{Function, JSON, Object, Promise, Reflect};
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;

    let (parse, call) = match ask {
        Ask::Create => ("parseCreationOptionsFromJSON", "create"),
        Ask::Get => ("parseRequestOptionsFromJSON", "get"),
    };
    let method = |of: &JsValue, name: &str| {
        Reflect::get(of, &name.into()).ok().and_then(|found| found.dyn_into::<Function>().ok())
    };
    let window = leptos::prelude::window();
    let class = Reflect::get(&window, &"PublicKeyCredential".into()).unwrap_or_default();
    let credentials = Reflect::get(&window.navigator(), &"credentials".into()).unwrap_or_default();
    if class.is_undefined() || credentials.is_undefined() {
        return Err(UiError::PasskeysUnsupported);
    }
    let (Some(parse), Some(call)) = (method(&class, parse), method(&credentials, call)) else {
        return Err(UiError::PasskeysUnsupported);
    };
    let response = async {
        let options = parse.call1(&class, &JSON::parse(options)?)?;
        let wrapper = Object::new();
        Reflect::set(&wrapper, &"publicKey".into(), &options)?;
        let promise: Promise = call.call1(&credentials, &wrapper)?.dyn_into()?;
        let credential = JsFuture::from(promise).await?;
        JSON::stringify(&credential)
    };
    // Browsers do not say why: the person may have canceled, or there is no such passkey.
    response.await.map(String::from).map_err(|_: JsValue| UiError::PasskeyNotUsed)
}

#[cfg(not(feature = "hydrate"))]
pub(crate) async fn ask_browser(_ask: Ask, _options: &str) -> Result<String, UiError> {
    Err(UiError::PasskeysUnsupported)
}
