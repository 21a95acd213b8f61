//! The list of accounts.

use latchkey_licensing::{account::Role, ids::AccountId, time::Timestamp};
use latchkey_store::{AccountFilter, AccountSort, Conn, ListedAccount, PageRequest, Slice, StoreError};
use uuid::Uuid;

use crate::desk::{
    csv::Cell,
    lists::{
        FieldContext, List,
        fields::{self, FieldError},
    },
};

/// The list of accounts: customers and staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accounts;

impl List for Accounts {
    const NAME: &'static str = "customers";
    const FIELDS: &'static [&'static str] = &["q", "role", "banned", "licenses", "from", "to"];
    const SORTS: &'static [(&'static str, AccountSort)] = &[
        ("newest", AccountSort::Newest),
        ("oldest", AccountSort::Oldest),
        ("email", AccountSort::Email),
        ("name", AccountSort::Name),
    ];
    const COLUMNS: &'static [&'static str] =
        &["id", "email", "name", "role", "banned", "licenses", "machines", "last_seen_at", "created_at"];
    type Filter = AccountFilter;
    type Sort = AccountSort;
    type Row = ListedAccount;

    fn set(filter: &mut AccountFilter, field: &str, value: &str, _: &FieldContext) -> Result<(), FieldError> {
        match field {
            "q" => filter.text = fields::text(field, value)?,
            "role" => {
                let roles = [Role::Customer, Role::Support, Role::Admin].map(Role::as_str);
                filter.role = fields::word(field, value, Role::parse, roles)?;
            }
            "banned" => filter.is_banned = fields::flag(field, value)?,
            "licenses" => filter.has_licenses = fields::flag(field, value)?,
            "from" => fields::from(field, value, &mut filter.created)?,
            "to" => fields::to(field, value, &mut filter.created)?,
            _ => return Err(FieldError::unknown(field, Self::FIELDS)),
        }
        Ok(())
    }

    fn choose(filter: &mut AccountFilter, ids: &[Uuid]) -> bool {
        filter.ids = Some(ids.iter().copied().map(AccountId::from).collect());
        true
    }

    async fn page(
        conn: &mut Conn,
        filter: &AccountFilter,
        sort: AccountSort,
        page: &PageRequest,
    ) -> Result<Slice<ListedAccount>, StoreError> {
        conn.list_accounts_by(filter, sort, page).await
    }

    async fn count(conn: &mut Conn, filter: &AccountFilter, at_most: u32) -> Result<u32, StoreError> {
        conn.count_accounts_by(filter, at_most).await
    }

    fn cells(row: &ListedAccount, _: Timestamp) -> Vec<Cell> {
        let account = &row.account;
        vec![
            Cell::Text(account.id.to_string()),
            Cell::Text(account.email.as_str().to_owned()),
            Cell::text(account.name.as_deref()),
            Cell::text(Some(account.role.as_str())),
            Cell::Flag(account.disabled_at.is_some()),
            Cell::Number(row.licenses.into()),
            Cell::Number(row.machines.into()),
            Cell::time(row.last_seen_at),
            Cell::Time(account.created_at),
        ]
    }
}
