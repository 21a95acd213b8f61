//! Accounts.

pub(crate) mod email_changes;
pub(crate) mod known_browsers;
pub(crate) mod passkey_ceremonies;
pub(crate) mod passkeys;
pub(crate) mod portal_views;
pub(crate) mod recovery_codes;
pub(crate) mod sessions;
pub(crate) mod sign_in_requests;

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::AccountId,
    time::Timestamp,
};

use sqlx::QueryBuilder;

use super::{
    batch,
    dialect::{self, Connection, Db},
    expect::{expect_one, expect_row},
};
use crate::{
    error::Result,
    tables::{accounts::AccountRow, lists::name_key},
};

pub(crate) async fn insert_account(conn: &mut Connection, account: &Account) -> Result<bool> {
    let sql = "INSERT INTO accounts (id, email, name, role, disabled_at, created_at, updated_at, name_key)
               VALUES ($1, $2, $3, $4, $5, $6, $6, $7) ON CONFLICT (email) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(account.id.uuid())
        .bind(account.email.as_str())
        .bind(account.name.as_deref())
        .bind(account.role.as_str())
        .bind(account.disabled_at.map(Timestamp::unix_micros))
        .bind(account.created_at.unix_micros())
        .bind(name_key(account.name.as_deref()))
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn find_account(conn: &mut Connection, id: AccountId) -> Result<Option<Account>> {
    let sql = "SELECT id, email, name, role, disabled_at, created_at FROM accounts WHERE id = $1";
    let row: Option<AccountRow> = sqlx::query_as(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Account::try_from).transpose()
}

pub(crate) async fn find_account_by_email(conn: &mut Connection, email: &EmailAddress) -> Result<Option<Account>> {
    let sql = "SELECT id, email, name, role, disabled_at, created_at FROM accounts WHERE email = $1";
    let row: Option<AccountRow> = sqlx::query_as(sql).bind(email.as_str()).fetch_optional(conn).await?;
    row.map(Account::try_from).transpose()
}

pub(crate) async fn count_accounts(conn: &mut Connection) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM accounts").fetch_one(conn).await?)
}

pub(crate) async fn set_account_name(
    conn: &mut Connection,
    id: AccountId,
    name: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let done = sqlx::query("UPDATE accounts SET name = $2, updated_at = $3, name_key = $4 WHERE id = $1")
        .bind(id.uuid())
        .bind(name)
        .bind(now.unix_micros())
        .bind(name_key(name))
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "accounts", id)
}

pub(crate) async fn set_account_email(
    conn: &mut Connection,
    id: AccountId,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<()> {
    let done = sqlx::query("UPDATE accounts SET email = $2, updated_at = $3 WHERE id = $1")
        .bind(id.uuid())
        .bind(email.as_str())
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "accounts", id)
}

pub(crate) async fn set_account_erased(
    conn: &mut Connection,
    id: AccountId,
    pseudonym: &EmailAddress,
    now: Timestamp,
) -> Result<()> {
    let done = sqlx::query("UPDATE accounts SET email = $2, name = NULL, name_key = $3, updated_at = $4 WHERE id = $1")
        .bind(id.uuid())
        .bind(pseudonym.as_str())
        .bind(name_key(None))
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "accounts", id)
}

pub(crate) async fn set_account_role(conn: &mut Connection, id: AccountId, role: Role, now: Timestamp) -> Result<()> {
    let done = sqlx::query("UPDATE accounts SET role = $2, updated_at = $3 WHERE id = $1")
        .bind(id.uuid())
        .bind(role.as_str())
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "accounts", id)
}

pub(crate) async fn set_account_disabled(
    conn: &mut Connection,
    id: AccountId,
    disabled_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<()> {
    let done = sqlx::query("UPDATE accounts SET disabled_at = $2, updated_at = $3 WHERE id = $1")
        .bind(id.uuid())
        .bind(disabled_at.map(Timestamp::unix_micros))
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "accounts", id)
}

pub(crate) async fn get_account(conn: &mut Connection, id: AccountId) -> Result<Account> {
    expect_row(find_account(conn, id).await?, "accounts", id)
}

pub(crate) async fn lock_account(conn: &mut Connection, id: AccountId) -> Result<()> {
    if let Some(sql) = dialect::LOCK_ACCOUNT {
        sqlx::query(sql).bind(id.uuid()).fetch_optional(conn).await?;
    }
    Ok(())
}

pub(crate) async fn count_enabled_admins(conn: &mut Connection) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM accounts WHERE role = 'admin' AND disabled_at IS NULL";
    Ok(sqlx::query_scalar(sql).fetch_one(conn).await?)
}

pub(crate) async fn list_staff(conn: &mut Connection) -> Result<Vec<Account>> {
    let sql = "SELECT id, email, name, role, disabled_at, created_at FROM accounts
               WHERE role IN ('support', 'admin') ORDER BY id";
    let rows: Vec<AccountRow> = sqlx::query_as(sql).fetch_all(conn).await?;
    rows.into_iter().map(Account::try_from).collect()
}

pub(crate) async fn list_accounts(conn: &mut Connection, accounts: &[AccountId]) -> Result<Vec<Account>> {
    let mut found = Vec::new();
    for ids in accounts.chunks(batch::IDS) {
        let sql = "SELECT id, email, name, role, disabled_at, created_at FROM accounts WHERE id IN ";
        let mut query = QueryBuilder::<Db>::new(sql);
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        let rows: Vec<AccountRow> = query.build_query_as().persistent(false).fetch_all(&mut *conn).await?;
        for row in rows {
            found.push(Account::try_from(row)?);
        }
    }
    Ok(found)
}

pub(crate) async fn list_accounts_by_email(conn: &mut Connection, emails: &[EmailAddress]) -> Result<Vec<Account>> {
    let mut found = Vec::new();
    for emails in emails.chunks(batch::IDS) {
        let sql = "SELECT id, email, name, role, disabled_at, created_at FROM accounts WHERE email IN (";
        let mut query = QueryBuilder::<Db>::new(sql);
        let mut list = query.separated(", ");
        for email in emails {
            list.push_bind(email.as_str().to_owned());
        }
        query.push(")");
        let rows: Vec<AccountRow> = query.build_query_as().persistent(false).fetch_all(&mut *conn).await?;
        for row in rows {
            found.push(Account::try_from(row)?);
        }
    }
    Ok(found)
}
