//! Whose page this is.
//!
//! A page can stay open while somebody else signs in in the same browser, or after a member of staff ended the view of a
//! customer's portal. Each form that changes something of an account therefore says for which account its page was made,
//! and the server refuses it for any other.

use latchkey_licensing::ids::AccountId;
use leptos::prelude::*;

use crate::shared::components::HiddenField;

/// The name of the form's field with the account's id.
pub const OWNER_FIELD: &str = "account";

/// The account for which the server made the document. `None` if nobody was signed in.
#[derive(Clone, Copy, Debug)]
struct PageOwner(Option<AccountId>);

/// Provides the owner of the document to all descendants. The browser reads it from the document, so it stays the same
/// when somebody else signs in.
pub(crate) fn provide_page_owner(owner_of_request: fn() -> Option<AccountId>) {
    provide_context(PageOwner(SharedValue::new(owner_of_request).into_inner()));
}

/// The account for which the document was made.
pub(crate) fn page_owner() -> Option<AccountId> {
    use_context::<PageOwner>().and_then(|owner| owner.0)
}

/// The field of a form that says whose page it is on.
#[component]
pub(crate) fn OwnerField() -> impl IntoView {
    page_owner().map(|owner| view! { <HiddenField name=OWNER_FIELD value=owner.to_string()/> })
}
