//! The list of machines, active or not.

use latchkey_licensing::{license_key, time::Timestamp};
use latchkey_store::{Conn, ListedMachine, MachineFilter, MachineSort, PageRequest, Slice, StoreError};

use crate::{
    desk::{
        csv::Cell,
        lists::{
            FieldContext, List,
            fields::{self, FieldError},
        },
    },
    operation::vault::plain_hash,
};

/// The list of machines, active or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machines;

impl List for Machines {
    const NAME: &'static str = "machines";
    const FIELDS: &'static [&'static str] = &[
        "q",
        "active",
        "fingerprint",
        "license",
        "account",
        "policy",
        "product",
        "from",
        "to",
        "seen_from",
        "seen_to",
    ];
    const SORTS: &'static [(&'static str, MachineSort)] = &[
        ("newest", MachineSort::Newest),
        ("oldest", MachineSort::Oldest),
        ("last_seen", MachineSort::LastSeen),
        ("unseen", MachineSort::Unseen),
    ];
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "name",
        "hostname",
        "platform",
        "app_version",
        "cores",
        "fingerprint",
        "license_id",
        "key",
        "email",
        "product",
        "policy",
        "activated_at",
        "last_seen_at",
        "last_heartbeat_at",
        "deactivated_at",
        "deactivated_by",
    ];
    type Filter = MachineFilter;
    type Sort = MachineSort;
    type Row = ListedMachine;

    fn set(filter: &mut MachineFilter, field: &str, value: &str, context: &FieldContext) -> Result<(), FieldError> {
        match field {
            "q" => filter.text = fields::text(field, value)?,
            "active" => filter.is_active = fields::flag(field, value)?,
            "fingerprint" => filter.fingerprint_hash = Some(plain_hash(value.as_bytes())),
            "license" => filter.license = fields::id(field, value)?,
            "account" => filter.account = fields::id(field, value)?,
            "policy" => filter.policy = fields::code(field, value, &context.policies)?,
            "product" => filter.product = fields::code(field, value, &context.products)?,
            "from" => fields::from(field, value, &mut filter.created)?,
            "to" => fields::to(field, value, &mut filter.created)?,
            "seen_from" => fields::from(field, value, &mut filter.seen)?,
            "seen_to" => fields::to(field, value, &mut filter.seen)?,
            _ => return Err(FieldError::unknown(field, Self::FIELDS)),
        }
        Ok(())
    }

    async fn page(
        conn: &mut Conn,
        filter: &MachineFilter,
        sort: MachineSort,
        page: &PageRequest,
    ) -> Result<Slice<ListedMachine>, StoreError> {
        conn.list_machines_by(filter, sort, page).await
    }

    async fn count(conn: &mut Conn, filter: &MachineFilter, at_most: u32) -> Result<u32, StoreError> {
        conn.count_machines_by(filter, at_most).await
    }

    fn cells(row: &ListedMachine, _: Timestamp) -> Vec<Cell> {
        let machine = &row.machine;
        let facts = &machine.facts;
        vec![
            Cell::Text(machine.id.to_string()),
            Cell::text(facts.name.as_deref()),
            Cell::text(facts.hostname.as_deref()),
            Cell::text(facts.platform.as_deref()),
            Cell::text(facts.app_version.as_deref()),
            facts.cores.map_or(Cell::Empty, |cores| Cell::Number(cores.into())),
            Cell::text(Some(machine.fingerprint.as_str())),
            Cell::Text(machine.license.to_string()),
            Cell::Text(license_key::masked(&row.key_prefix, &row.key_tail)),
            Cell::text(Some(row.owner_email.as_str())),
            Cell::text(Some(&row.product_code)),
            Cell::text(Some(&row.policy_code)),
            Cell::Time(machine.created_at),
            Cell::Time(machine.last_seen_at),
            Cell::time(machine.last_heartbeat_at),
            Cell::time(row.deactivated.map(|(at, _)| at)),
            Cell::text(row.deactivated.map(|(_, by)| by.as_str())),
        ]
    }
}
