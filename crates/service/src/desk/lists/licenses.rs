//! The list of licenses.

use latchkey_licensing::{
    ids::LicenseId,
    license::{Expiry, Standing},
    license_key,
    time::Timestamp,
};
use latchkey_store::{Conn, LicenseFilter, LicenseSort, ListedLicense, ListedStanding, PageRequest, Slice, StoreError};
use uuid::Uuid;

use crate::desk::{
    csv::Cell,
    lists::{
        FieldContext, List,
        fields::{self, FieldError},
    },
};

/// The list of licenses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Licenses;

/// The status of a license as one word, revoked apart from suspended.
pub fn listed_status(row: &ListedLicense, now: Timestamp) -> &'static str {
    match row.license.standing {
        Standing::Revoked(_) => "REVOKED",
        Standing::Good | Standing::Suspended(_) => {
            row.license.status_when_seen(row.owner_is_banned, row.last_seen_at, now).as_str()
        }
    }
}

impl List for Licenses {
    const NAME: &'static str = "licenses";
    const FIELDS: &'static [&'static str] =
        &["q", "status", "policy", "product", "account", "machines", "from", "to", "expires_from", "expires_to"];
    const SORTS: &'static [(&'static str, LicenseSort)] =
        &[("newest", LicenseSort::Newest), ("oldest", LicenseSort::Oldest), ("expiry", LicenseSort::Expiry)];
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "key",
        "status",
        "product",
        "policy",
        "email",
        "name",
        "account_id",
        "machines",
        "max_machines",
        "expires_at",
        "begins_with_first_use",
        "last_validated_at",
        "last_seen_at",
        "created_at",
    ];
    type Filter = LicenseFilter;
    type Sort = LicenseSort;
    type Row = ListedLicense;

    fn set(filter: &mut LicenseFilter, field: &str, value: &str, context: &FieldContext) -> Result<(), FieldError> {
        match field {
            "q" => filter.text = fields::text(field, value)?,
            "status" => {
                let choices = [
                    ("active", ListedStanding::Active(context.now)),
                    ("expired", ListedStanding::Expired(context.now)),
                    ("suspended", ListedStanding::Suspended),
                    ("revoked", ListedStanding::Revoked),
                ];
                filter.standing = Some(fields::choice(field, value, &choices)?.1);
            }
            "policy" => filter.policy = fields::code(field, value, &context.policies)?,
            "product" => filter.product = fields::code(field, value, &context.products)?,
            "account" => filter.account = fields::id(field, value)?,
            "machines" => filter.has_machines = fields::flag(field, value)?,
            "from" => fields::from(field, value, &mut filter.created)?,
            "to" => fields::to(field, value, &mut filter.created)?,
            "expires_from" => fields::from(field, value, &mut filter.expires)?,
            "expires_to" => fields::to(field, value, &mut filter.expires)?,
            _ => return Err(FieldError::unknown(field, Self::FIELDS)),
        }
        Ok(())
    }

    fn choose(filter: &mut LicenseFilter, ids: &[Uuid]) -> bool {
        filter.ids = Some(ids.iter().copied().map(LicenseId::from).collect());
        true
    }

    async fn page(
        conn: &mut Conn,
        filter: &LicenseFilter,
        sort: LicenseSort,
        page: &PageRequest,
    ) -> Result<Slice<ListedLicense>, StoreError> {
        conn.list_licenses_by(filter, sort, page).await
    }

    async fn count(conn: &mut Conn, filter: &LicenseFilter, at_most: u32) -> Result<u32, StoreError> {
        conn.count_licenses_by(filter, at_most).await
    }

    fn cells(row: &ListedLicense, now: Timestamp) -> Vec<Cell> {
        let license = &row.license;
        let limit = license.max_machines.or(row.policy_max_machines);
        vec![
            Cell::Text(license.id.to_string()),
            Cell::Text(license_key::masked(&license.key_prefix, &license.key_tail)),
            Cell::text(Some(listed_status(row, now))),
            Cell::text(Some(&row.product_code)),
            Cell::text(Some(&row.policy_code)),
            Cell::text(Some(row.owner_email.as_str())),
            Cell::text(row.owner_name.as_deref()),
            Cell::Text(license.account.to_string()),
            Cell::Number(row.machines.into()),
            limit.map_or(Cell::Empty, |limit| Cell::Number(limit.into())),
            Cell::time(license.expiry.at()),
            Cell::Flag(license.expiry == Expiry::AfterFirstUse),
            Cell::time(license.last_validated_at),
            Cell::time(row.last_seen_at),
            Cell::Time(license.created_at),
        ]
    }
}
