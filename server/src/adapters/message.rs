//! Converts a mail to a MIME message.

use std::time::{Duration, UNIX_EPOCH};

use latchkey_licensing::email::EmailAddress;
use latchkey_service::{Mail, MailError};
use lettre::{
    Message,
    message::{Mailbox, MultiPart},
};

/// Builds a message with text and HTML as alternatives. Its Message-ID is the same for all attempts to send
/// the mail.
pub(crate) fn build(mail: &Mail, from: &Mailbox) -> Result<Message, MailError> {
    let unfit = |error: &dyn std::fmt::Display| MailError::Permanent(error.to_string());
    let mailbox = |address: &EmailAddress| {
        let address = address.as_str().parse().map_err(|error: lettre::address::AddressError| unfit(&error))?;
        Ok::<_, MailError>(Mailbox::new(None, address))
    };
    let mut builder = Message::builder().from(from.clone()).to(mailbox(&mail.to)?);
    if let Some(address) = &mail.reply_to {
        builder = builder.reply_to(mailbox(address)?);
    }
    builder
        .subject(&mail.subject)
        .date(UNIX_EPOCH + Duration::from_millis(mail.date.unix_millis()))
        .message_id(Some(format!("<{}@{}>", mail.message_id, from.email.domain())))
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
        .map_err(|error| unfit(&error))
}
