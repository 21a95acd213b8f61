//! `mail …`

use latchkey_service::{MailKind, Options, PreviewError};
use serde_json::{Value, json};

use crate::{
    cli::{Mail, MailPreview},
    console,
    startup::Failure,
};

impl From<PreviewError> for Failure {
    fn from(error: PreviewError) -> Self {
        match error {
            PreviewError::UnknownReason { .. } => Self::Usage(error.to_string()),
            PreviewError::Internal(error) => Self::Internal(error),
        }
    }
}

pub(crate) fn mail(command: &Mail, options: &Options, as_json: bool) -> Result<(), Failure> {
    let Mail::Preview(preview) = command;
    if let Some(kind) = &preview.kind {
        return show(kind, preview, options, as_json);
    }
    list(as_json);
    Ok(())
}

fn show(kind: &str, preview: &MailPreview, options: &Options, as_json: bool) -> Result<(), Failure> {
    let kind = MailKind::parse(&kind.replace('-', "_")).ok_or_else(|| {
        let known: Vec<&str> = MailKind::ALL.iter().map(|kind| kind.as_str()).collect();
        Failure::Usage(format!("there is no mail `{kind}`: there are {}", known.join(", ")))
    })?;
    let reason = preview.reason.as_deref().map(|reason| reason.replace('-', "_"));
    let mail = options.preview_mail(kind, reason.as_deref())?;
    if as_json {
        console::json(&json!({
            "kind": kind.as_str(),
            "title": kind.title(),
            "subject": mail.subject,
            "text": mail.text,
            "html": mail.html,
        }));
    } else if preview.html {
        console::line(mail.html.trim_end());
    } else if preview.text {
        console::line(mail.text.trim_end());
    } else {
        console::line(&format!("Subject: {}\n", mail.subject));
        console::line(mail.text.trim_end());
    }
    Ok(())
}

fn list(as_json: bool) {
    if as_json {
        let kinds: Vec<Value> = MailKind::ALL
            .iter()
            .map(|kind| json!({ "kind": kind.as_str(), "title": kind.title(), "reasons": kind.reasons() }))
            .collect();
        console::json(&kinds);
        return;
    }
    for kind in MailKind::ALL {
        let reasons = kind.reasons();
        let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
        console::line(&format!("{:<16} {}{reasons}", kind.as_str(), kind.title()));
    }
}
