//! Mail as files, where no SMTP server is set.

use std::path::PathBuf;

use async_trait::async_trait;
use latchkey_service::{Mail, MailError, Mailer};
use lettre::message::Mailbox;

use crate::{adapters::message, console};

/// Writes each mail to a file of its own.
#[derive(Debug)]
pub struct FolderMailer {
    folder: PathBuf,
    from: Mailbox,
    echoes_links: bool,
}

impl FolderMailer {
    /// Writes to `folder`; with `echoes_links`, links also go to the console, for the demo.
    pub fn new(folder: PathBuf, from: Mailbox, echoes_links: bool) -> Self {
        Self { folder, from, echoes_links }
    }

    async fn write(&self, mail: &Mail, bytes: &[u8]) -> std::io::Result<()> {
        tokio::fs::create_dir_all(&self.folder).await?;
        // Written aside and renamed, so that nobody ever reads half a mail.
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
            .map_err(|error| MailError::Temporary(format!("{} cannot be written: {error}", self.folder.display())))?;
        if self.echoes_links {
            for link in mail.text.lines().filter(|line| line.starts_with("http")) {
                console::line(&format!("  mail to {}: {link}", mail.to));
            }
        }
        Ok(())
    }
}
