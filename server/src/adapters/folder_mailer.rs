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

    /// Writes a mail to a temporary file, so that nobody reads half a mail. Returns its path.
    async fn write_part(&self, mail: &Mail, bytes: &[u8]) -> std::io::Result<PathBuf> {
        tokio::fs::create_dir_all(&self.folder).await?;
        let part = self.path(mail).with_extension("part");
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        options.mode(0o600);
        let mut file = options.open(&part).await?;
        tokio::io::AsyncWriteExt::write_all(&mut file, bytes).await?;
        file.sync_all().await?;
        Ok(part)
    }

    fn path(&self, mail: &Mail) -> PathBuf {
        self.folder.join(format!("{}.eml", mail.message_id))
    }

    fn failed(&self, error: &std::io::Error) -> MailError {
        MailError::Temporary(format!("cannot write to {}: {error}", self.folder.display()))
    }
}

#[async_trait]
impl Mailer for FolderMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let bytes = message::build(mail, &self.from)?.formatted();
        let part = self.write_part(mail, &bytes).await.map_err(|error| self.failed(&error))?;
        tokio::fs::rename(part, self.path(mail)).await.map_err(|error| self.failed(&error))?;
        if self.echoes_links {
            for link in mail.text.lines().filter(|line| line.starts_with("http")) {
                console::line(&format!("  mail to {}: {link}", mail.to));
            }
        }
        Ok(())
    }

    async fn rehearse(&self, mail: &Mail) -> Result<(), MailError> {
        let bytes = message::build(mail, &self.from)?.formatted();
        let part = self.write_part(mail, &bytes).await.map_err(|error| self.failed(&error))?;
        tokio::fs::remove_file(part).await.map_err(|error| self.failed(&error))
    }
}
