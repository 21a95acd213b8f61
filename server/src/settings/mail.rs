//! Section `mail`.

use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Secret, SettingsError,
    field::{Field, field, secret},
};

pub(super) const FIELDS: &[Field] = &[
    secret(
        "mail.smtp_url",
        "smtps://USER:PASSWORD@HOST, or smtp://…?tls=required; if unset, mails are written to data_dir/outbox.",
    ),
    field("mail.from", "The sender of mails, such as Acme <licenses@example.com>."),
    field(
        "mail.ehlo_name",
        "The name with which this server introduces itself to the SMTP server; by default the host of server.portal_url.",
    ),
    field(
        "mail.hourly_budget",
        "The largest number of requests for sign-in mails per hour; a fifth is reserved for browsers that have signed in before.",
    ),
    field(
        "mail.new_computer_notice",
        "Whether customers get a mail when an app activates their license on a computer for the first time.",
    ),
];

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    pub smtp_url: Secret,
    pub from: Option<String>,
    pub ehlo_name: Option<String>,
    pub hourly_budget: u32,
    pub new_computer_notice: bool,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            smtp_url: Secret::default(),
            from: None,
            ehlo_name: None,
            hourly_budget: 500,
            new_computer_notice: false,
        }
    }
}

impl Mail {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let example = "such as Acme <licenses@example.com>";
        if let Some(smtp) = self.smtp_url.expose() {
            check_smtp(smtp)?;
            if self.from.is_none() {
                return Err(SettingsError(format!(
                    "mail.smtp_url is set but mail.from is not: set mail.from to the sender, {example}"
                )));
            }
        }
        if self.from.as_ref().is_some_and(|from| from.parse::<Mailbox>().is_err()) {
            return Err(SettingsError(format!("mail.from is not a valid sender: use one {example}")));
        }
        // Anything else could be more than one word of a command.
        if self.ehlo_name.as_deref().is_some_and(|name| url::Host::parse(name).is_err()) {
            return Err(SettingsError::new(
                "mail.ehlo_name is not the name of a host: use one such as mail.example.com",
            ));
        }
        if self.hourly_budget == 0 {
            return Err(SettingsError::new("mail.hourly_budget is 0, so nobody could sign in: use at least 1"));
        }
        Ok(())
    }
}

fn check_smtp(text: &str) -> Result<(), SettingsError> {
    let form = "mail.smtp_url must be smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST?tls=required";
    // The parser's own message could contain the password.
    let url = Url::parse(text).map_err(|_| SettingsError(form.to_owned()))?;
    let requires_tls = url.query_pairs().any(|(key, value)| key == "tls" && value == "required");
    if url.host_str().is_none_or(str::is_empty) {
        return Err(SettingsError(form.to_owned()));
    }
    match url.scheme() {
        "smtps" => Ok(()),
        "smtp" if requires_tls => Ok(()),
        "smtp" if url.host_str().is_some_and(|host| host == "localhost" || host == "127.0.0.1" || host == "[::1]") => {
            Ok(())
        }
        _ => Err(SettingsError(format!("{form}: without TLS, sign-in links could be intercepted"))),
    }
}
