//! Lists for people who help customers, search, timelines, and what is counted over time.

use latchkey_licensing::{
    ids::{LicenseId, MachineId, MailId},
    order::Order,
};

use super::dispatch::methods;
use crate::tables::{
    billing::stripe_events::StripeEventRow,
    lists::{
        accounts::{AccountFilter, AccountSort, ListedAccount},
        audit_log::{AuditFilter, AuditSort},
        keyset::{PageRequest, Slice},
        licenses::{LicenseFilter, LicenseSort, ListedLicense},
        machines::{ListedMachine, MachineFilter, MachineSort},
        orders::{OrderFilter, OrderSort},
        outbox::{ListedMail, MailFilter, MailSort},
        stripe_events::{StripeEventFilter, StripeEventSort},
    },
    operations::audit_log::AuditRow,
};

methods! {
    lists {
        read {
            list_accounts_by(filter: &AccountFilter, sort: AccountSort, page: &PageRequest) -> Slice<ListedAccount>;
            /// Counts accounts, at most `at_most`.
            count_accounts_by(filter: &AccountFilter, at_most: u32) -> u32;
            list_licenses_by(filter: &LicenseFilter, sort: LicenseSort, page: &PageRequest) -> Slice<ListedLicense>;
            count_licenses_by(filter: &LicenseFilter, at_most: u32) -> u32;
            /// Lists the ids of licenses, the newest first.
            list_license_ids_by(filter: &LicenseFilter, at_most: u32) -> Vec<LicenseId>;
            list_machines_by(filter: &MachineFilter, sort: MachineSort, page: &PageRequest) -> Slice<ListedMachine>;
            /// Finds a machine, active or not.
            find_listed_machine(id: MachineId) -> Option<ListedMachine>;
            count_machines_by(filter: &MachineFilter, at_most: u32) -> u32;
            list_orders_by(filter: &OrderFilter, sort: OrderSort, page: &PageRequest) -> Slice<Order>;
            count_orders_by(filter: &OrderFilter, at_most: u32) -> u32;
            list_stripe_events_by(filter: &StripeEventFilter, sort: StripeEventSort, page: &PageRequest) -> Slice<StripeEventRow>;
            count_stripe_events_by(filter: &StripeEventFilter, at_most: u32) -> u32;
            list_mails_by(filter: &MailFilter, sort: MailSort, page: &PageRequest) -> Slice<ListedMail>;
            find_listed_mail(id: MailId) -> Option<ListedMail>;
            count_mails_by(filter: &MailFilter, at_most: u32) -> u32;
            list_audits_by(filter: &AuditFilter, sort: AuditSort, page: &PageRequest) -> Slice<AuditRow>;
            count_audits_by(filter: &AuditFilter, at_most: u32) -> u32;
        }
        write {}
    }
}
