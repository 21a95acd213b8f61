//! Arguments that several commands take, and what is said where they name nothing.

use latchkey_licensing::{email::EmailAddress, ids::LicenseId};

use crate::startup::Failure;

/// Reads an address from the command line.
pub(super) fn address(text: &str) -> Result<EmailAddress, Failure> {
    EmailAddress::parse(text).map_err(|error| Failure::Usage(format!("{text:?} is {error}")))
}

/// Reads a license's id from the command line.
pub(super) fn license_id(text: &str) -> Result<LicenseId, Failure> {
    text.parse().map_err(|_| {
        Failure::Usage(format!(
            "{text:?} is no license id: `latchkey customer show EMAIL` lists a customer's licenses with their ids"
        ))
    })
}

/// There is no account with this address.
pub(super) fn no_account(email: &EmailAddress) -> Failure {
    Failure::Refused(format!("there is no account with the address {email}: `latchkey customer add {email}` makes one"))
}
