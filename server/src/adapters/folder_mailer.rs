//! Writes mails to files if no SMTP server is set.

use std::path::PathBuf;

use async_trait::async_trait;
use latchkey_service::{Mail, MailError, Mailer};
use lettre::message::Mailbox;

use crate::{adapters::message, console};

/// Writes each mail to a separate file.
#[derive(Debug)]
pub struct FolderMailer {
    folder: PathBuf,
    from: Mailbox,
    echoes_links: bool,
}

impl FolderMailer {
    /// With `echoes_links`, which the demo uses, links are also printed to the console.
    pub fn new(folder: PathBuf, from: Mailbox, echoes_links: bool) -> Self {
        Self { folder, from, echoes_links }
    }

    async fn write(&self, mail: &Mail, bytes: &[u8]) -> std::io::Result<()> {
        tokio::fs::create_dir_all(&self.folder).await?;
        // Written to a temporary file and renamed, so that nobody reads half a mail.
        let path = self.folder.join(format!("{}.eml", mail.message_id));
        let part = path.with_extension("part");
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        options.mode(0o600);
        let mut file = options.open(&part).await?;
        tokio::io::AsyncWriteExt::write_all(&mut file, bytes).await?;
        file.sync_all().await?;
        tokio::fs::rename(&part, &path).await
    }
}

#[async_trait]
impl Mailer for FolderMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let bytes = message::build(mail, &self.from)?.formatted();
        self.write(mail, &bytes)
            .await
            .map_err(|error| MailError::Temporary(format!("cannot write to {}: {error}", self.folder.display())))?;
        if self.echoes_links {
            for link in mail.text.lines().filter(|line| line.starts_with("http")) {
                console::line(&format!("  mail to {}: {link}", mail.to));
            }
        }
        Ok(())
    }
}
