//! Components of active machines.

use latchkey_licensing::{
    component::{Component, HeldComponent},
    ids::{AccountId, ComponentId, LicenseId, MachineId},
};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::super::{
    batch,
    dialect::{Connection, Db},
};
use crate::{
    error::Result,
    tables::machines::components::{ComponentRow, HeldComponentRow},
};

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT id, license_id, machine_id, fingerprint, name, metadata, created_at FROM components ",
            $condition
        )
    };
}

pub(crate) async fn insert_components(conn: &mut Connection, components: &[(Component, [u8; 32])]) -> Result<()> {
    for batch in components.chunks(batch::ROWS) {
        let mut query = QueryBuilder::<Db>::new(
            "INSERT INTO components (id, license_id, machine_id, fingerprint, fingerprint_hash, name, metadata, created_at) ",
        );
        query.push_values(batch, |mut row, (component, hash)| {
            row.push_bind(component.id.uuid())
                .push_bind(component.license.uuid())
                .push_bind(component.machine.uuid())
                .push_bind(component.fingerprint.as_str())
                .push_bind(hash.as_slice())
                .push_bind(component.name.as_str())
                .push_bind(component.metadata.as_str())
                .push_bind(component.created_at.unix_micros());
        });
        query.build().persistent(false).execute(&mut *conn).await?;
    }
    Ok(())
}

pub(crate) async fn find_component(
    conn: &mut Connection,
    license: LicenseId,
    id: ComponentId,
) -> Result<Option<Component>> {
    let sql = select!("WHERE license_id = $1 AND id = $2");
    let row: Option<ComponentRow> =
        sqlx::query_as(sql).bind(license.uuid()).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Component::try_from).transpose()
}

pub(crate) async fn list_components(
    conn: &mut Connection,
    machine: MachineId,
    before: Option<ComponentId>,
    skipped: i64,
    limit: i64,
) -> Result<Vec<Component>> {
    let sql = select!("WHERE machine_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3 OFFSET $4");
    let rows: Vec<ComponentRow> = sqlx::query_as(sql)
        .bind(machine.uuid())
        .bind(before.map_or(Uuid::max(), ComponentId::uuid))
        .bind(limit)
        .bind(skipped)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Component::try_from).collect()
}

pub(crate) async fn list_components_of(conn: &mut Connection, machines: &[MachineId]) -> Result<Vec<Component>> {
    let mut components = Vec::new();
    for ids in machines.chunks(batch::IDS) {
        let mut query = QueryBuilder::<Db>::new(select!("WHERE machine_id IN "));
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        query.push(" ORDER BY id");
        let rows: Vec<ComponentRow> = query.build_query_as().persistent(false).fetch_all(&mut *conn).await?;
        for row in rows {
            components.push(Component::try_from(row)?);
        }
    }
    Ok(components)
}

pub(crate) async fn list_held_components(
    conn: &mut Connection,
    license: LicenseId,
    fingerprint_hashes: &[[u8; 32]],
) -> Result<Vec<HeldComponent>> {
    let mut held = Vec::new();
    for hashes in fingerprint_hashes.chunks(batch::IDS) {
        let mut query =
            QueryBuilder::<Db>::new("SELECT id, machine_id, fingerprint FROM components WHERE license_id = ");
        query.push_bind(license.uuid()).push(" AND fingerprint_hash IN (");
        let mut list = query.separated(", ");
        for hash in hashes {
            list.push_bind(hash.as_slice());
        }
        query.push(")");
        let rows: Vec<HeldComponentRow> = query.build_query_as().persistent(false).fetch_all(&mut *conn).await?;
        for row in rows {
            held.push(HeldComponent::try_from(row)?);
        }
    }
    Ok(held)
}

pub(crate) async fn delete_components_on(conn: &mut Connection, machine: MachineId) -> Result<u64> {
    let done = sqlx::query("DELETE FROM components WHERE machine_id = $1").bind(machine.uuid()).execute(conn).await?;
    Ok(done.rows_affected())
}

pub(crate) async fn erase_component_names_of(conn: &mut Connection, account: AccountId) -> Result<u64> {
    let sql = "UPDATE components SET name = '', metadata = '{}'
               WHERE license_id IN (SELECT id FROM licenses WHERE account_id = $1)";
    Ok(sqlx::query(sql).bind(account.uuid()).execute(conn).await?.rows_affected())
}
