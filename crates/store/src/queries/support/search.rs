//! Search: one statement with an arm for each way in which a record may be found. Every arm uses an index and is bounded.

use sqlx::QueryBuilder;

use super::super::{
    dialect::{self, Connection, Db},
    lists::push_prefix,
};
use crate::{
    error::Result,
    tables::support::search::{HitRow, SearchHit, SearchTerms},
};

/// The arms of the statement.
struct Arms {
    query: QueryBuilder<Db>,
    is_first: bool,
    limit: i64,
}

impl Arms {
    /// Begins an arm. The condition follows.
    fn begin(&mut self, select: &str) -> &mut QueryBuilder<Db> {
        self.query.push(if self.is_first { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
        self.is_first = false;
        self.query.push(select)
    }

    fn end(&mut self, order: &str) {
        self.query.push(format_args!("{order} LIMIT ")).push_bind(self.limit).push(") AS arm");
    }
}

const ACCOUNT: &str = "SELECT 'account' AS kind, id, CAST(NULL AS TEXT) AS event_id, email AS title, name AS detail,
                           CAST(NULL AS TEXT) AS owner FROM accounts WHERE ";
const LICENSE: &str = "SELECT 'license' AS kind, licenses.id AS id, CAST(NULL AS TEXT) AS event_id,
                           licenses.key_prefix AS title, licenses.key_tail AS detail, accounts.email AS owner
                       FROM licenses JOIN accounts ON accounts.id = licenses.account_id WHERE ";
const MACHINE: &str = "SELECT 'machine' AS kind, machines.id AS id, CAST(NULL AS TEXT) AS event_id,
                           COALESCE(machines.name, machines.hostname, machines.fingerprint) AS title,
                           accounts.email AS detail, CAST(NULL AS TEXT) AS owner
                       FROM machines JOIN licenses ON licenses.id = machines.license_id
                           JOIN accounts ON accounts.id = licenses.account_id WHERE ";
const ORDER: &str = "SELECT 'order' AS kind, id, CAST(NULL AS TEXT) AS event_id, email AS title, status AS detail,
                         CAST(NULL AS TEXT) AS owner FROM orders WHERE ";
const ORDER_OF_PAYMENT: &str = "SELECT 'order' AS kind, orders.id AS id, CAST(NULL AS TEXT) AS event_id,
                                    orders.email AS title, orders.status AS detail, CAST(NULL AS TEXT) AS owner
                                FROM order_payments JOIN orders ON orders.id = order_payments.order_id ";
const MAIL: &str = "SELECT 'mail' AS kind, id, CAST(NULL AS TEXT) AS event_id, kind AS title, recipient AS detail,
                        CAST(NULL AS TEXT) AS owner FROM outbox WHERE kind <> 'decoy' AND ";

pub(crate) async fn search(conn: &mut Connection, terms: &SearchTerms, limit: u32) -> Result<Vec<SearchHit>> {
    let mut arms = Arms { query: QueryBuilder::new(""), is_first: true, limit: i64::from(limit) };
    push_ids_and_keys(&mut arms, terms);
    if let Some(id) = &terms.stripe_id {
        push_stripe_id(&mut arms, id);
    }
    if let Some(prefix) = &terms.prefix {
        push_prefix(arms.begin(ACCOUNT), dialect::ACCOUNT_EMAIL, prefix);
        arms.end(&format!(" ORDER BY {}", dialect::ACCOUNT_EMAIL));
        push_prefix(arms.begin(ACCOUNT), "name_key", prefix);
        arms.end(" ORDER BY name_key");
        push_prefix(arms.begin(ORDER).push("email IS NOT NULL AND "), dialect::ORDER_EMAIL, prefix);
        arms.end(&format!(" ORDER BY {}", dialect::ORDER_EMAIL));
    }
    if arms.is_first {
        return Ok(Vec::new());
    }
    let rows: Vec<HitRow> = arms.query.build_query_as().persistent(false).fetch_all(conn).await?;
    rows.into_iter().map(SearchHit::try_from).collect()
}

fn push_ids_and_keys(arms: &mut Arms, terms: &SearchTerms) {
    if let Some(id) = terms.id {
        for (select, column) in
            [(ACCOUNT, "id"), (LICENSE, "licenses.id"), (MACHINE, "machines.id"), (ORDER, "id"), (MAIL, "id")]
        {
            arms.begin(select).push(format_args!("{column} = ")).push_bind(id);
            arms.end("");
        }
    }
    if let Some(lookup) = terms.key_lookup {
        arms.begin(LICENSE).push("licenses.key_lookup = ").push_bind(lookup.to_vec());
        arms.end("");
    }
    if let Some(tail) = &terms.key_tail {
        // The tails of signed keys have small letters.
        let query = arms.begin(LICENSE).push("licenses.key_tail IN (");
        query.push_bind(tail.to_uppercase()).push(", ").push_bind(tail.clone()).push(")");
        arms.end("");
    }
    if let Some(number) = terms.order_number {
        arms.begin(ORDER).push(format_args!("{} = ", dialect::ORDER_NUMBER)).push_bind(number.to_vec());
        arms.end("");
    }
    if let Some(hash) = terms.fingerprint_hash {
        arms.begin(MACHINE).push("machines.fingerprint_hash = ").push_bind(hash.to_vec());
        arms.end("");
    }
}

fn push_stripe_id(arms: &mut Arms, id: &str) {
    arms.begin(ACCOUNT)
        .push("id IN (SELECT account_id FROM stripe_customers WHERE stripe_customers.id = ")
        .push_bind(id.to_owned())
        .push(")");
    arms.end("");
    for column in ["stripe_checkout", "stripe_customer", "stripe_subscription"] {
        arms.begin(ORDER).push(format_args!("{column} = ")).push_bind(id.to_owned());
        arms.end("");
    }
    for condition in [
        "WHERE order_payments.id = ",
        "WHERE order_payments.invoice = ",
        "JOIN order_refunds ON order_refunds.payment_id = order_payments.id WHERE order_refunds.id = ",
        "JOIN order_disputes ON order_disputes.payment_id = order_payments.id WHERE order_disputes.id = ",
    ] {
        arms.begin(ORDER_OF_PAYMENT).push(condition).push_bind(id.to_owned());
        arms.end("");
    }
    for (column, order) in [("id", ""), ("object_id", " ORDER BY received_at DESC")] {
        arms.begin(dialect::SEARCH_STRIPE_EVENTS).push(format_args!("{column} = ")).push_bind(id.to_owned());
        arms.end(order);
    }
}
