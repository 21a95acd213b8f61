//! Products.

use latchkey_licensing::{ids::ProductId, product::Product, time::Timestamp};

use super::super::{
    dialect::Connection,
    expect::{expect_one, expect_row},
};
use crate::{error::Result, tables::catalog::products::ProductRow};

pub(crate) async fn insert_product(conn: &mut Connection, product: &Product) -> Result<()> {
    let sql =
        "INSERT INTO products (id, code, name, key_prefix, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)";
    sqlx::query(sql)
        .bind(product.id.uuid())
        .bind(&product.code)
        .bind(&product.name)
        .bind(product.key_prefix.as_str())
        .bind(product.created_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn update_product(conn: &mut Connection, product: &Product, now: Timestamp) -> Result<()> {
    let done = sqlx::query("UPDATE products SET name = $2, key_prefix = $3, updated_at = $4 WHERE id = $1")
        .bind(product.id.uuid())
        .bind(&product.name)
        .bind(product.key_prefix.as_str())
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "products", product.id)
}

pub(crate) async fn delete_product(conn: &mut Connection, id: ProductId) -> Result<()> {
    let done = sqlx::query("DELETE FROM products WHERE id = $1").bind(id.uuid()).execute(conn).await?;
    expect_one(done.rows_affected(), "products", id)
}

pub(crate) async fn list_products(conn: &mut Connection) -> Result<Vec<Product>> {
    let sql = "SELECT id, code, name, key_prefix, created_at FROM products ORDER BY code";
    let rows: Vec<ProductRow> = sqlx::query_as(sql).fetch_all(conn).await?;
    rows.into_iter().map(Product::try_from).collect()
}

pub(crate) async fn count_products(conn: &mut Connection) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM products").fetch_one(conn).await?)
}

pub(crate) async fn find_product(conn: &mut Connection, id: ProductId) -> Result<Option<Product>> {
    let sql = "SELECT id, code, name, key_prefix, created_at FROM products WHERE id = $1";
    let row: Option<ProductRow> = sqlx::query_as(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Product::try_from).transpose()
}

pub(crate) async fn get_product(conn: &mut Connection, id: ProductId) -> Result<Product> {
    expect_row(find_product(conn, id).await?, "products", id)
}
