//! Arguments that several commands share, and the errors for arguments that do not exist.

use latchkey_licensing::{email::EmailAddress, ids::LicenseId};
use latchkey_service::{Operator, Service};

use crate::startup::Failure;

pub(crate) fn address(text: &str) -> Result<EmailAddress, Failure> {
    EmailAddress::parse(text).map_err(|error| Failure::Usage(format!("{text:?} is {error}")))
}

/// The license that a person names by its id, its key, or the last four letters of its key.
pub(crate) async fn license_id(service: &Service, text: &str) -> Result<LicenseId, Failure> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let found = service.admin(Operator::Host).licenses_named(text).await?;
    match found.as_slice() {
        [only] => Ok(*only),
        // Not repeated, because it may be a key with a typing error.
        [] => Err(Failure::Usage(
            "there is no license with this id, key or end of a key: `latchkey customer show EMAIL` lists a customer's licenses"
                .to_owned(),
        )),
        several => {
            let ids: Vec<String> = several.iter().map(ToString::to_string).collect();
            Err(Failure::Usage(format!("several licenses have keys that end with {text:?}: use one of the ids {}", ids.join(", "))))
        }
    }
}

pub(crate) fn no_account(email: &EmailAddress) -> Failure {
    Failure::Refused(format!(
        "there is no account with the address {email}: `latchkey customer add {email}` creates one"
    ))
}
