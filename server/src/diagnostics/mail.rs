//! Whether mail can be sent.

use latchkey_service::Check;
use lettre::message::Mailbox;

use crate::{
    adapters::{Relay, SmtpMailer},
    settings::Settings,
};

const NAME: &str = "mail";

pub(crate) async fn check(settings: &Settings) -> Check {
    let unusable =
        || Check::problem(NAME, "The SMTP server's URL cannot be used.", "Correct LATCHKEY__MAIL__SMTP_URL.");
    let Ok(relay) = Relay::in_settings(settings) else { return unusable() };
    let Some(relay) = relay else {
        return Check::note(
            NAME,
            "No mail is sent: it is written to files.",
            "Set LATCHKEY__MAIL__SMTP_URL and LATCHKEY__MAIL__FROM, so that customers receive their sign-in links and keys.",
        );
    };
    let from = settings.mail.from.as_ref().and_then(|from| from.parse::<Mailbox>().ok());
    let Some(from) = from else { return unusable() };
    match SmtpMailer::new(relay, from).check().await {
        Ok(()) => Check::ok(NAME, "The SMTP server accepts connections with these credentials."),
        Err(why) => Check::problem(
            NAME,
            format!("Mail cannot be sent: {why}."),
            "Check the host, port, user and password in LATCHKEY__MAIL__SMTP_URL, and whether a firewall blocks the port.",
        ),
    }
}
