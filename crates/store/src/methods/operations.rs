//! What operating the service needs: the audit log, mail, rate limits, signing keys and the instance.

use latchkey_licensing::{
    email::EmailAddress,
    ids::{AccountId, AuditId, MailId, SigningKeyId},
    time::Timestamp,
};

use super::dispatch::methods;
use crate::tables::operations::{
    audit_chain::{AuditHead, AuditLink, ChainedAudit},
    audit_log::AuditRow,
    diagnostics::{DatabaseFacts, QueueStates},
    outbox::{LeasedMail, NewMail},
    rate_limits::BucketDebit,
    signing_keys::SigningKeyRow,
};

methods! {
    audit_log {
        read {
            /// Lists the newest rows about one subject, newest first.
            list_audit_of(subject_kind: &str, subject_id: &str, limit: i64) -> Vec<AuditRow>;
            list_newest_audit_of(subject_kind: &str, subject_ids: &[String], limit: i64) -> Vec<AuditRow>;
            /// Lists those of the subjects to which something happened.
            list_audited(subject_kind: &str, verb: &str, subject_ids: &[String]) -> Vec<String>;
        }
        write {
            insert_audits(rows: &[AuditRow]) -> ();
        }
    }

    audit_chain {
        read {
            /// The end of the chain.
            get_audit_head() -> AuditHead;
            /// Whether rows wait for an entry.
            has_unsealed_audits() -> bool;
            /// Lists entries by their position, with the rows that they cover.
            list_audit_chain(after: i64, limit: i64) -> Vec<ChainedAudit>;
            /// Lists rows that have no entry and are not waiting for one, which only happens if entries were removed.
            list_unchained_audits(limit: i64) -> Vec<AuditId>;
        }
        write {
            /// The end of the chain, locked until the transaction ends.
            lock_audit_head() -> AuditHead;
            /// Lists rows that wait for an entry, the oldest first.
            list_unsealed_audits(limit: i64) -> Vec<AuditRow>;
            /// Appends entries to the chain, whose end must be locked.
            append_audit_links(links: &[AuditLink]) -> ();
        }
    }

    outbox {
        read {
            /// When the next mail is due, if one is waiting.
            next_mail_due_at() -> Option<Timestamp>;
            /// Lists the addresses to which mails with these causes were queued. A cause is a deduplication key, or its
            /// beginning before a colon.
            list_recipients_of(causes: &[String]) -> Vec<EmailAddress>;
        }
        write {
            /// Queues mails, except for those whose deduplication key a mail already has. Returns the number of
            /// queued mails.
            insert_mails(mails: &[NewMail<'_>]) -> u64;
            /// Leases the mail that has been due longest until `leased_until`.
            lease_mail(now: Timestamp, leased_until: Timestamp) -> Option<LeasedMail>;
            /// Records that a mail was sent, and erases its content. `false` if it had been given up.
            set_mail_sent(id: MailId, now: Timestamp) -> bool;
            /// Schedules another attempt. `false` if the mail was sent.
            set_mail_retry(id: MailId, at: Timestamp, error: &str) -> bool;
            /// Gives up on a mail and erases its content. `false` if it was sent.
            set_mail_failed(id: MailId, now: Timestamp, error: &str) -> bool;
            /// Deletes all mails for an account, whichever address it had, and those to its address that are for no account. Also
            /// those that wait.
            delete_mails_of(account: AccountId, address: &EmailAddress) -> u64;
            /// Deletes mails that were sent or given up before `instant`. Those with a deduplication key are deleted
            /// if that was before `with_key`, which is earlier.
            delete_mails_before(instant: Timestamp, with_key: Timestamp) -> u64;
        }
    }

    rate_limits {
        read {
            /// When a bucket's next token is due, minus the bucket's tolerance. `None` if it was never used.
            find_bucket(bucket: &str) -> Option<Timestamp>;
        }
        write {
            /// Takes one token from a bucket. `false` if it is empty.
            take_token(bucket: &str, now: Timestamp, interval_us: i64, tolerance_us: i64) -> bool;
            /// A bucket's stored value, locked until the transaction ends. For a new bucket, it is in the distant
            /// past.
            lock_bucket(bucket: &str) -> Timestamp;
            /// Writes a locked bucket.
            set_bucket(bucket: &str, next_allowed_at: Timestamp) -> ();
            /// Writes tokens that were already taken, even if a bucket did not have them.
            debit_buckets(debits: &[BucketDebit]) -> ();
            /// Deletes buckets that have been full since before `instant`.
            delete_buckets_before(instant: Timestamp) -> u64;
        }
    }

    signing_keys {
        read {
            /// Lists all signing keys, oldest first.
            list_signing_keys() -> Vec<SigningKeyRow>;
        }
        write {
            insert_signing_key(key: &SigningKeyRow) -> ();
            /// Makes a waiting key sign from `now`.
            set_signing_key_activated(id: SigningKeyId, now: Timestamp) -> ();
            /// Makes a key stop signing. It still verifies.
            set_signing_key_replaced(id: SigningKeyId, now: Timestamp) -> ();
            /// Makes a key stop verifying.
            set_signing_key_retired(id: SigningKeyId, now: Timestamp) -> ();
            /// Keeps a key active until the transaction ends. `false` if it is not active.
            lock_signer(id: SigningKeyId) -> bool;
            /// Records that a file signed with the key is valid until `until`.
            extend_signing_key_use(id: SigningKeyId, until: Timestamp) -> ();
        }
    }

    diagnostics {
        read {
            find_database_facts() -> DatabaseFacts;
            find_queue_states() -> QueueStates;
            /// Lists the versions of the provider's API in the newest events, `None` for events without one, and when each was
            /// last seen, the last seen first.
            list_api_versions(among: i64) -> Vec<(Option<String>, Timestamp)>;
        }
        write {}
    }

    instance {
        read {
            /// A value derived from the master secret to which the database belongs.
            find_secret_check() -> Option<[u8; 32]>;
        }
        write {
            /// Binds a new database to a master secret. An existing value is not changed.
            insert_instance(secret_check: &[u8; 32], now: Timestamp) -> ();
            /// Changes the row, to test whether the database accepts writes.
            touch_instance() -> ();
            /// Keeps other starting processes waiting until the transaction ends.
            lock_instance() -> ();
        }
    }
}
