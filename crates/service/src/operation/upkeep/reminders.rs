//! Reminding customers before their licenses end.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
};

use latchkey_licensing::{
    ids::{LicenseId, PolicyId},
    license_key,
    time::Timestamp,
};
use latchkey_store::{EndingLicense, EndingSearch, Tx};

use crate::{
    error::Internal,
    mail::{
        letter::MailContent,
        messages::{
            CustomerMail, MailedLicense,
            term::{EndsSoonMail, Reminder},
        },
        outbox::OutgoingMail,
    },
    service::{Service, catalog_cache::PolicyTerms},
};

/// The most reminders that are queued in one transaction.
const BATCH: i64 = 200;

impl Service {
    /// One round of upkeep: queues the reminders that are due. Returns their number.
    ///
    /// A license gets each reminder once for each expiry, and only the later one if both are due. A reminder is left
    /// out if the license, or its policy's duration, is so short that it would come soon after the issue or renewal.
    pub async fn queue_reminders(&self) -> Result<u64, Internal> {
        let mut queued = 0;
        for reminder in Reminder::ALL {
            loop {
                let (found, mails) = self.queue_reminder_batch(reminder).await?;
                queued += mails;
                if found < BATCH {
                    break;
                }
            }
        }
        if queued > 0 {
            self.wake_mail_worker();
        }
        Ok(queued)
    }

    /// Returns the number of licenses found and of mails queued.
    async fn queue_reminder_batch(&self, reminder: Reminder) -> Result<(i64, u64), Internal> {
        let now = self.now();
        let search = EndingSearch {
            kind: reminder.kind().as_str(),
            after: now.plus(reminder.next_lead()),
            until: now.plus(reminder.lead()),
            lead: reminder.lead(),
            min_duration: reminder.lead() * 2,
        };
        // This check takes no write lock, so nothing is written while no reminder is due.
        if self.store().read_without_snapshot().await?.list_ending_licenses(&search, 1).await?.is_empty() {
            return Ok((0, 0));
        }
        let mut tx = self.store().write().await?;
        let ending = tx.list_ending_licenses(&search, BATCH).await?;
        let keys: Vec<(LicenseId, Timestamp)> = ending.iter().map(|license| (license.id, license.expires_at)).collect();
        let recorded: BTreeSet<LicenseId> =
            tx.insert_license_notices(search.kind, &keys, now).await?.into_iter().collect();
        let due: Vec<&EndingLicense> = ending.iter().filter(|license| recorded.contains(&license.id)).collect();
        let terms = self.terms_of(&mut tx, &due).await?;
        let contents: Vec<MailContent> =
            due.iter().map(|license| self.reminder(reminder, license, &terms)).collect::<Result<_, _>>()?;
        let mails: Vec<OutgoingMail<'_>> = due
            .iter()
            .zip(&contents)
            .map(|(license, content)| OutgoingMail {
                recipient: &license.email,
                account: None,
                content,
                now,
                expires_at: license.expires_at,
                dedupe_key: None,
            })
            .collect();
        let queued = self.queue_mails(&mut tx, &mails).await?;
        tx.commit().await?;
        Ok((i64::try_from(ending.len()).unwrap_or(BATCH), queued))
    }

    async fn terms_of(
        &self,
        tx: &mut Tx,
        licenses: &[&EndingLicense],
    ) -> Result<BTreeMap<PolicyId, Arc<PolicyTerms>>, Internal> {
        let version = tx.catalog_version().await?;
        let mut terms = BTreeMap::new();
        for license in licenses {
            if let Entry::Vacant(entry) = terms.entry(license.policy) {
                entry.insert(self.policy_terms(tx, license.policy, version).await?);
            }
        }
        Ok(terms)
    }

    fn reminder(
        &self,
        reminder: Reminder,
        license: &EndingLicense,
        terms: &BTreeMap<PolicyId, Arc<PolicyTerms>>,
    ) -> Result<MailContent, Internal> {
        let terms = terms.get(&license.policy).ok_or(Internal::Invariant("a license has no policy"))?;
        let mail = EndsSoonMail {
            reminder,
            license: MailedLicense {
                id: license.id,
                product: &terms.product.name,
                policy: &terms.policy.name,
                masked_key: license_key::masked(&license.key_prefix, &license.key_tail),
            },
            ends_at: license.expires_at,
            expiry_strategy: terms.policy.expiry_strategy,
        };
        let letterhead = self.letterhead();
        mail.letter(&letterhead).render(&letterhead)
    }
}
