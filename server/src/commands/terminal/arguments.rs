//! Arguments that several commands share, and the errors for arguments that do not exist.

use latchkey_licensing::{email::EmailAddress, ids::LicenseId};

use crate::startup::Failure;

pub(crate) fn address(text: &str) -> Result<EmailAddress, Failure> {
    EmailAddress::parse(text).map_err(|error| Failure::Usage(format!("{text:?} is {error}")))
}

pub(crate) fn license_id(text: &str) -> Result<LicenseId, Failure> {
    text.parse().map_err(|_| {
        Failure::Usage(format!(
            "{text:?} is not a license id: `latchkey customer show EMAIL` lists a customer's licenses with their ids"
        ))
    })
}

pub(crate) fn no_account(email: &EmailAddress) -> Failure {
    Failure::Refused(format!(
        "there is no account with the address {email}: `latchkey customer add {email}` creates one"
    ))
}
