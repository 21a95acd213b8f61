//! What the service says about passkeys and changes of addresses, in the words of pages.

use latchkey_licensing::{account::Role, time::Timestamp};
use latchkey_service::{
    EmailChangeLinkError, EmailChangeProgress, EmailChangeSide, EmailChangeState, PasskeyError, SecondFactorState,
    SignInLink, SignedIn,
};

use crate::{
    routes::Page,
    server_side as server,
    shared::{error::UiError, flash::Flash, model::RelativeTime},
    sign_in::model::{EmailChangeDetail, EmailChangeStep, LinkState, PasskeyLine, SecondFactorView},
};

/// A page of a link that can only go on is not shown, because the server redirects.
pub(crate) fn sign_in_link(link: SignInLink) -> LinkState {
    match link {
        SignInLink::Open(pending) => LinkState::Open(pending.email.to_string()),
        SignInLink::Superseded => LinkState::Superseded,
        SignInLink::Used | SignInLink::SignedIn { .. } => LinkState::Used,
        SignInLink::TooOld => LinkState::TooOld,
        SignInLink::Unknown => LinkState::Unknown,
    }
}

pub(crate) fn passkey_error(error: &PasskeyError) -> UiError {
    match error {
        PasskeyError::NotAvailable => UiError::PasskeysUnavailable,
        PasskeyError::NotFresh => UiError::NotFresh,
        PasskeyError::HostLinkNeeded => UiError::HostLinkNeeded,
        PasskeyError::SignInAgain => UiError::SignInAgain,
        PasskeyError::Refused(_) => UiError::PasskeyRefused,
        PasskeyError::CodeRefused => UiError::RecoveryCodeRefused,
        PasskeyError::Throttled(throttled) => server::too_many(*throttled),
        PasskeyError::TooMany(_) => UiError::TooManyPasskeys,
        PasskeyError::Name(_) => UiError::NameInvalid,
        PasskeyError::NotFound => UiError::NotFound,
        PasskeyError::LastOfStaff => UiError::LastPasskey,
        PasskeyError::SignedOut => UiError::SignedOut,
        PasskeyError::Internal(error) => server::internal_error(error),
    }
}

pub(crate) fn email_change(progress: EmailChangeProgress) -> EmailChangeDetail {
    let state = match (progress.state, progress.is_confirmed) {
        (EmailChangeState::Done, _) => EmailChangeStep::Done,
        (EmailChangeState::Canceled, _) => EmailChangeStep::Canceled,
        (EmailChangeState::Open, false) => EmailChangeStep::Asked,
        (EmailChangeState::Open, true) => EmailChangeStep::Waiting,
    };
    let old_email = (progress.side == EmailChangeSide::Old).then(|| progress.old_email.to_string());
    EmailChangeDetail { old_email, new_email: progress.new_email.to_string(), state }
}

pub(crate) fn email_change_error(error: &EmailChangeLinkError) -> UiError {
    match error {
        EmailChangeLinkError::Refused => UiError::EmailChangeRefused,
        EmailChangeLinkError::Taken => UiError::EmailTaken,
        EmailChangeLinkError::Internal(error) => server::internal_error(error),
    }
}

/// The form with a passkey's name, on the page of the account.
pub(crate) fn passkey_form(id: impl std::fmt::Display) -> String {
    format!("{}#passkey-{id}", Page::Account.path())
}

pub(crate) fn second_factor(
    state: SecondFactorState,
    who: Option<&SignedIn>,
    flash: Option<Flash>,
    now: Timestamp,
) -> SecondFactorView {
    let line = |passkey: &latchkey_service::PasskeySummary| PasskeyLine {
        id: passkey.id.to_string(),
        name: passkey.name.clone(),
        typed: who
            .and_then(|_| server::typed_before(&passkey_form(passkey.id)))
            .unwrap_or_else(|| passkey.name.clone()),
        created: RelativeTime::of(passkey.created_at, now),
        last_used: passkey.last_used_at.map(|at| RelativeTime::of(at, now)),
    };
    SecondFactorView {
        passkeys: state.passkeys.iter().map(line).collect(),
        codes_left: state.codes_left,
        cannot_enroll: state.may_enroll.as_ref().err().map(passkey_error),
        is_fresh: state.is_fresh,
        has_second_factor: who.is_some_and(SignedIn::has_second_factor),
        is_staff: who.is_some_and(SignedIn::is_staff),
        first_page: server::first_page(who.map_or(Role::Customer, |who| who.account.role)),
        flash,
    }
}
