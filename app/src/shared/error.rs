//! All errors that pages show: a fixed set, without free text.

use latchkey_licensing::brand::Brand;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use crate::shared::{field_name::FieldName, page_json::TextJson};

/// An error that a page explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UiError {
    /// The text is not a single e-mail address.
    EmailInvalid,
    /// The account has this address already.
    EmailSame,
    /// The link to a change of an address is expired, used or unknown, or the change was canceled. Users cannot see which.
    EmailChangeRefused,
    /// The new address got an account in the meantime.
    EmailTaken,
    /// The address was not typed to confirm.
    PhraseWrong,
    /// Something has to end before the account can be deleted.
    AccountInUse,
    /// The person signed in, or presented the second factor, too long ago.
    ProofNeeded,
    /// The link or code is expired, used, unknown or wrong. Users cannot see which.
    SignInRefused,
    /// This browser's link or code has expired.
    SignInTooOld,
    /// This browser's link was used already.
    SignInUsed,
    /// This browser asked for a newer link.
    SignInSuperseded,
    /// A rate limit was reached.
    TooManyRequests {
        /// When to try again.
        minutes: u64,
    },
    /// The session has ended.
    SignedOut,
    /// The customer has nothing with this id.
    NotFound,
    NameInvalid,
    /// The customer has freed as many computers as the policy allows.
    NoSwapsLeft {
        /// In how many days the next one can be freed. `None` means never.
        days: Option<u64>,
    },
    /// The policy does not allow customers to replace keys.
    KeyNotReplaceable,
    /// The policy does not allow customers to free computers.
    ComputerNotFreeable,
    /// The policy does not allow customers to rename computers.
    ComputerNotRenamable,
    /// The policy does not allow customers to download files.
    FilesNotOffered,
    /// The license is suspended, revoked or expired.
    LicenseNotValid,
    /// The text is not an air-gap request.
    RequestInvalid,
    /// Part of the request is missing or changed.
    RequestDamaged,
    /// The request was not made with any of the customer's keys.
    RequestForeign,
    /// The request is older than the activation that it would end.
    RequestOld,
    /// All slots of the license are in use.
    NoFreeSlot,
    /// There is no price with this code.
    OfferNotFound,
    /// Nothing is sold yet, or not at this price.
    NotForSale,
    /// The offer cannot be bought in this quantity.
    QuantityNotAllowed {
        min: u32,
        max: u32,
    },
    /// The offer does not upgrade this license.
    UpgradeNotPossible,
    /// The order does not exist, or somebody else made it. Visitors cannot see which.
    OrderNotShown,
    /// The passkey is unknown, or its response was wrong. Users cannot see which.
    PasskeyRefused,
    /// The browser used no passkey: the person canceled, or there is none.
    PasskeyNotUsed,
    /// The browser has no passkeys.
    PasskeysUnsupported,
    /// The portal's address has no name, for which browsers create no passkeys.
    PasskeysUnavailable,
    /// The recovery code is unknown or used.
    RecoveryCodeRefused,
    /// The session of a support agent or admin has no second factor.
    SecondFactorNeeded,
    /// The second factor was presented too long ago.
    NotFresh,
    /// The first passkey of a support agent or admin needs a link from the host.
    HostLinkNeeded,
    /// The first passkey of a customer needs a recent sign-in.
    SignInAgain,
    /// Support agents and admins keep at least one passkey.
    LastPasskey,
    TooManyPasskeys,
    /// The payment provider has no such document or page.
    NoDocument,
    /// The payment provider cannot be reached.
    PaymentsUnavailable,
    /// A member of staff sees the portal as a customer does.
    ReadOnly,
    /// The form is on a page that was made for another account.
    OtherAccount,
    /// A field of the form is missing or cannot be read. Forms of our own pages have all of theirs.
    FormInvalid {
        field: FieldName,
    },
    /// The server failed.
    Unavailable,
    /// The browser received no response, so the outcome is unknown.
    NoResponse,
    /// The browser has no network, so nothing was sent.
    Offline,
}

impl UiError {
    /// What happened and what to do about it.
    #[expect(clippy::too_many_lines, reason = "a table with one text for each error")]
    pub fn text(self, brand: &Brand) -> String {
        let contact = brand.contact();
        match self {
            Self::EmailInvalid => {
                "That is not an e-mail address. Enter one address, such as ada@example.com.".to_owned()
            }
            Self::EmailSame => "That is the address of your account already. Enter another one.".to_owned(),
            Self::EmailChangeRefused => {
                "That link is not valid any more: it was used, it has expired, or the change was canceled. Ask for the change again on your account page.".to_owned()
            }
            Self::EmailTaken => {
                "The new address got an account of its own in the meantime. The change was canceled, and your address is what it was.".to_owned()
            }
            Self::PhraseWrong => "To confirm, type the e-mail address of your account exactly as it is shown.".to_owned(),
            Self::AccountInUse => "Your account cannot be deleted yet. Nothing was changed.".to_owned(),
            Self::ProofNeeded => {
                "This needs a new proof that it is you, because the last one is more than 5 minutes old. What you typed is kept.".to_owned()
            }
            Self::SignInRefused => {
                "That link or code is not valid. Check the code, or request a new e-mail.".to_owned()
            }
            Self::SignInTooOld => {
                "That link or code is too old: it was valid for 10 minutes. Request a new e-mail.".to_owned()
            }
            Self::SignInUsed => "That link is not valid any more: it was used, or another one was. Request a new e-mail.".to_owned(),
            Self::SignInSuperseded => {
                "You asked again since, and a newer e-mail is on its way. Use the link or the code in that one.".to_owned()
            }
            Self::TooManyRequests { minutes: 1 } => "Too many requests. Try again in a minute.".to_owned(),
            Self::TooManyRequests { minutes } => format!("Too many requests. Try again in {minutes} minutes."),
            Self::SignedOut => "You are signed out. Sign in to continue.".to_owned(),
            Self::NotFound => "There is no such page in your account.".to_owned(),
            Self::NameInvalid => "That name cannot be used. Use at most 100 characters, and none that are invisible.".to_owned(),
            Self::NoSwapsLeft { days: None } | Self::ComputerNotFreeable => {
                format!("Computers of this license cannot be freed here. To have one freed, {contact}.")
            }
            Self::NoSwapsLeft { days: Some(1) } => format!(
                "You have freed as many computers as this license allows for now. You can free the next one tomorrow; if you need it today, {contact}."
            ),
            Self::NoSwapsLeft { days: Some(days) } => format!(
                "You have freed as many computers as this license allows for now. You can free the next one in {days} days; if you need it sooner, {contact}."
            ),
            Self::KeyNotReplaceable => format!("The key of this license cannot be replaced here. For a new one, {contact}."),
            Self::ComputerNotRenamable => {
                "Computers of this license cannot be renamed here. The app decides what they are called.".to_owned()
            }
            Self::FilesNotOffered => {
                format!("License files are not offered for this license. To use the app without internet, {contact}.")
            }
            Self::LicenseNotValid => {
                "This license is suspended, revoked or expired, so this cannot be done.".to_owned()
            }
            Self::RequestInvalid => {
                "That is not a request from the app. A request begins with “lk1.”, and the app shows it under “Activate without internet”.".to_owned()
            }
            Self::RequestDamaged => "Part of the request is missing. Copy all of it, from lk1. to the end.".to_owned(),
            Self::RequestForeign => {
                "That request was made with a license key that is not in your account. Enter your key in the app, then make a new request.".to_owned()
            }
            Self::RequestOld => {
                "That request is older than the computer's activation or its last file. Make a new one in the app.".to_owned()
            }
            Self::NoFreeSlot => "All computers of this license are in use. Free one first, then try again.".to_owned(),
            Self::OfferNotFound => "There is no such offer.".to_owned(),
            Self::NotForSale => format!("Sales open soon. If you have questions, {contact}."),
            Self::QuantityNotAllowed { min, max } if min == max => format!("This offer is for {min} at a time."),
            Self::QuantityNotAllowed { min, max } => {
                format!("Enter a number from {min} to {max}. If you need more, {contact}.")
            }
            Self::UpgradeNotPossible => {
                "This license cannot be upgraded with this offer. It may have changed in the meantime.".to_owned()
            }
            Self::OrderNotShown => {
                "This order is shown in the browser in which it was made. In another browser, sign in with the e-mail address of the order. If you have no account yet, you get one with the license, as soon as the payment arrives: look into your mail.".to_owned()
            }
            Self::PasskeyRefused => {
                "That passkey was not accepted. Try again, or use another one.".to_owned()
            }
            Self::PasskeyNotUsed => {
                "No passkey was used. Try again, and confirm it on your device.".to_owned()
            }
            Self::PasskeysUnsupported => {
                "This browser cannot use passkeys. Use a current version of Chrome, Edge, Firefox or Safari.".to_owned()
            }
            Self::PasskeysUnavailable => {
                "Passkeys need a portal whose address is a name. Set server.portal_url on the server.".to_owned()
            }
            Self::RecoveryCodeRefused => {
                "That recovery code is not valid. Check it, or use another one: each works once.".to_owned()
            }
            Self::SecondFactorNeeded => "This needs your passkey. Confirm that it is you.".to_owned(),
            Self::NotFresh => {
                "This needs your passkey again, because you last used it more than 5 minutes ago.".to_owned()
            }
            Self::HostLinkNeeded => {
                "Your first passkey needs a link from the server. Ask the person who runs it for `latchkey admin reset` with your address.".to_owned()
            }
            Self::SignInAgain => {
                "Your first passkey needs a new sign-in, because you signed in more than 5 minutes ago. Sign out, sign in, and come back here.".to_owned()
            }
            Self::LastPasskey => "You need at least one passkey. Add another one before you remove this one.".to_owned(),
            Self::TooManyPasskeys => "You have 20 passkeys. Remove one before you add another one.".to_owned(),
            Self::NoDocument => "Stripe has no such document or page for this order.".to_owned(),
            Self::PaymentsUnavailable => {
                "Stripe cannot be reached at the moment. Nothing was charged. Try again in a few minutes.".to_owned()
            }
            Self::ReadOnly => {
                "You see the portal as the customer does, so this cannot be done. Nothing was changed.".to_owned()
            }
            Self::OtherAccount => {
                "That page was made for another account than the one that is signed in here. Nothing was changed. Check whose page this is, and try again.".to_owned()
            }
            Self::FormInvalid { field } => {
                let field = field.as_str();
                format!("The form is not complete, or a field has a value that cannot be read: “{field}”. Nothing was changed. Reload the page, and try again.")
            }
            Self::Unavailable => "The server could not do this. Nothing was changed. Try again in a moment.".to_owned(),
            Self::Offline => "You are offline. Nothing was saved.".to_owned(),
            Self::NoResponse => "The server did not respond. Reload the page to see whether it was done.".to_owned(),
        }
    }

    #[cfg(feature = "ssr")]
    pub(crate) fn status(self) -> http::StatusCode {
        use http::StatusCode;
        match self {
            Self::EmailInvalid
            | Self::EmailSame
            | Self::EmailChangeRefused
            | Self::PhraseWrong
            | Self::SignInRefused
            | Self::SignInTooOld
            | Self::SignInUsed
            | Self::SignInSuperseded
            | Self::NameInvalid
            | Self::NoSwapsLeft { .. }
            | Self::KeyNotReplaceable
            | Self::ComputerNotFreeable
            | Self::ComputerNotRenamable
            | Self::FilesNotOffered
            | Self::LicenseNotValid
            | Self::RequestInvalid
            | Self::RequestDamaged
            | Self::RequestForeign
            | Self::RequestOld
            | Self::NoFreeSlot
            | Self::NotForSale
            | Self::PasskeyRefused
            | Self::PasskeyNotUsed
            | Self::PasskeysUnsupported
            | Self::RecoveryCodeRefused
            | Self::LastPasskey
            | Self::TooManyPasskeys
            | Self::QuantityNotAllowed { .. }
            | Self::UpgradeNotPossible => StatusCode::UNPROCESSABLE_ENTITY,
            Self::FormInvalid { .. } => StatusCode::BAD_REQUEST,
            Self::EmailTaken | Self::AccountInUse | Self::OtherAccount => StatusCode::CONFLICT,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::ReadOnly
            | Self::SecondFactorNeeded
            | Self::ProofNeeded
            | Self::NotFresh
            | Self::HostLinkNeeded
            | Self::SignInAgain => StatusCode::FORBIDDEN,
            Self::NotFound | Self::OfferNotFound | Self::OrderNotShown | Self::NoDocument => StatusCode::NOT_FOUND,
            Self::PasskeysUnavailable
            | Self::PaymentsUnavailable
            | Self::Unavailable
            | Self::NoResponse
            | Self::Offline => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

#[cfg(feature = "ssr")]
impl UiError {
    /// Gives the response that is being made the status of this error, and says when to try again.
    pub(crate) fn set_status(self) {
        let Some(response) = leptos::prelude::use_context::<leptos_axum::ResponseOptions>() else {
            return;
        };
        response.set_status(self.status());
        let retry_after = match self {
            Self::TooManyRequests { minutes } => Some(minutes * 60),
            Self::Unavailable => Some(5),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            response.insert_header(http::header::RETRY_AFTER, http::HeaderValue::from(seconds));
        }
    }
}

impl FromServerFnError for UiError {
    type Encoder = TextJson;

    #[cfg(feature = "ssr")]
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // See `page_form`: the error's text is the name of the field.
            ServerFnErrorErr::Args(field) | ServerFnErrorErr::Deserialization(field) => {
                let field = if field.contains(' ') { FieldName::default() } else { FieldName::new(&field) };
                let error = Self::FormInvalid { field };
                error.set_status();
                error
            }
            _ => Self::Unavailable,
        }
    }

    #[cfg(not(feature = "ssr"))]
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        // The error's text is useless to users. What matters is whether there was a response.
        match error {
            ServerFnErrorErr::Request(_) if is_offline() => Self::Offline,
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) | ServerFnErrorErr::Deserialization(_) => {
                Self::NoResponse
            }
            _ => Self::Unavailable,
        }
    }
}

/// Whether the browser knows that it has no network.
#[cfg(feature = "hydrate")]
pub(crate) fn is_offline() -> bool {
    !leptos::prelude::window().navigator().on_line()
}

#[cfg(not(feature = "hydrate"))]
pub(crate) fn is_offline() -> bool {
    false
}
