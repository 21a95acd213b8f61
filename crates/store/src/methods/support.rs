//! What people who help customers work with, besides lists: notes, saved views, search, timelines and numbers.

use latchkey_licensing::{
    email::EmailAddress,
    ids::{AccountId, MachineId, SavedViewId},
    time::Timestamp,
};
use uuid::Uuid;

use super::dispatch::methods;
use crate::tables::{
    lists::outbox::ListedMail,
    operations::audit_log::AuditRow,
    support::{
        notes::NoteRow,
        overview::{Attention, AttentionTimes, DailyCount, DailyMoney, Gauges, OpenDispute},
        saved_views::SavedViewRow,
        search::{SearchHit, SearchTerms},
    },
};

methods! {
    notes {
        read {}
        write {
            insert_note(note: &NoteRow) -> ();
            /// Deletes the notes about records of a kind.
            delete_notes_about(subject_kind: &str, subject_ids: &[String]) -> u64;
        }
    }

    saved_views {
        read {
            /// Lists the views that an account saved, by list and name.
            list_saved_views_of(account: AccountId) -> Vec<SavedViewRow>;
        }
        write {
            /// `false` if the account has a view of this list with this name.
            insert_saved_view(view: &SavedViewRow) -> bool;
            /// Deletes one of an account's views, and returns it. `None` if there is none.
            delete_saved_view(account: AccountId, id: SavedViewId) -> Option<SavedViewRow>;
            delete_saved_views_of(account: AccountId) -> u64;
        }
    }

    search {
        read {
            /// Finds records, at most `limit` in each of the ways in which they are found. One may be found in several.
            search(terms: &SearchTerms, limit: u32) -> Vec<SearchHit>;
        }
        write {}
    }

    timelines {
        read {
            /// Lists the newest entries of the audit log about these subjects, each a kind and ids, whose ids are less
            /// than `before`. With a machine, only entries that name it.
            list_audits_about(
                subjects: &[(&str, Vec<String>)], machine: Option<MachineId>, before: Option<Uuid>, limit: i64
            ) -> Vec<AuditRow>;
            /// Lists the newest notes about these subjects.
            list_notes_about(subjects: &[(&str, Vec<String>)], before: Option<Uuid>, limit: i64) -> Vec<NoteRow>;
            /// Lists the newest mails to an address.
            list_mails_to(recipient: &EmailAddress, before: Option<Uuid>, limit: i64) -> Vec<ListedMail>;
            /// Lists the mails for an account, whichever address it had, and those to its address that are for no account. The
            /// newest are first.
            list_mails_of(account: AccountId, address: &EmailAddress, before: Option<Uuid>, limit: i64) -> Vec<ListedMail>;
        }
        write {}
    }

    overview {
        read {
            find_attention(times: AttentionTimes) -> Attention;
            /// Lists the disputes that are not decided. Those that must be answered first come first.
            list_open_disputes(limit: i64) -> Vec<OpenDispute>;
            find_gauges(now: Timestamp) -> Gauges;
            /// Counts by day, as days since the Unix epoch. Days without any are left out.
            list_daily_counts(what: DailyCount, from: Timestamp, until: Timestamp) -> Vec<(i64, i64)>;
            /// Sums up payments and refunds by day, currency and whether they are real.
            list_daily_money(from: Timestamp, until: Timestamp) -> Vec<DailyMoney>;
        }
        write {}
    }
}
