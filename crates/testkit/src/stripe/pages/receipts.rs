//! Receipts of charges and hosted invoices.

use std::fmt::Write;

use axum::{
    extract::{Path, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::html::{amount, escape, page, problem};
use crate::stripe::{
    shared::Shared,
    wire::fields::{int, text},
};

pub(crate) async fn receipt(Extract(shared): Extract<Shared>, Path(id): Path<String>) -> Response {
    let state = shared.lock();
    let Some(charge) = state.objects.find("charge", &id) else { return missing("Receipt") };
    let currency = text(charge, "currency");
    let body = format!(
        "<table><tbody><tr><td>Amount paid</td><td class=\"amount\">{}</td></tr>\
         <tr><td>Refunded</td><td class=\"amount\">{}</td></tr>\
         <tr><td>Status</td><td class=\"amount\">{}</td></tr></tbody></table><p class=\"quiet\"><code>{}</code></p>",
        amount(int(charge, "amount_captured"), currency),
        amount(int(charge, "amount_refunded"), currency),
        escape(text(charge, "status")),
        escape(&id),
    );
    page("Receipt", "narrow", &body).into_response()
}

pub(crate) async fn invoice(Extract(shared): Extract<Shared>, Path(id): Path<String>) -> Response {
    let state = shared.lock();
    let Some(invoice) = state.objects.find("invoice", &id) else { return missing("Invoice") };
    let currency = text(invoice, "currency");
    let mut rows = String::new();
    for line in invoice["lines"]["data"].as_array().into_iter().flatten() {
        let (what, cost) = (escape(text(line, "description")), amount(int(line, "amount"), currency));
        write!(rows, "<tr><td>{what}</td><td class=\"amount\">{cost}</td></tr>").expect("a string");
    }
    let total = amount(int(invoice, "total"), currency);
    let body = format!(
        "<p>Number {}, {}, for {}</p><table><tbody>{rows}</tbody><tfoot><tr class=\"total\"><td>Total</td>\
         <td class=\"amount\">{total}</td></tr></tfoot></table>",
        escape(text(invoice, "number")),
        escape(text(invoice, "status")),
        escape(text(invoice, "customer_email")),
    );
    page("Invoice", "narrow", &body).into_response()
}

fn missing(title: &str) -> Response {
    (StatusCode::NOT_FOUND, page(title, "narrow", &problem("There is no such page."))).into_response()
}
