//! The tables of the desk, with the buttons for each row.

use serde_json::Value;

use super::html::{amount, button, escape, form};
use crate::stripe::{
    state::State,
    wire::fields::{flag, int, text},
};

/// The number of rows of each table.
const ROWS: usize = 50;

fn table(title: &str, heads: &[&str], rows: Vec<String>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let heads = heads.join("</th><th scope=\"col\">");
    let rows = rows.concat();
    format!(
        "<h2>{title}</h2><div class=\"scroll\"><table><thead><tr><th scope=\"col\">{heads}</th></tr></thead>\
         <tbody>{rows}</tbody></table></div>"
    )
}

fn row(cells: &[String]) -> String {
    format!("<tr><td>{}</td></tr>", cells.join("</td><td>"))
}

fn code(object: &Value, name: &str) -> String {
    format!("<code>{}</code>", escape(text(object, name)))
}

fn badge(word: &str) -> String {
    format!("<span class=\"badge\">{}</span>", escape(word))
}

fn money(object: &Value, name: &str) -> String {
    amount(int(object, name), text(object, "currency"))
}

pub(super) fn sessions(state: &State) -> String {
    let rows = state.objects.newest("checkout.session").take(ROWS).map(|one| {
        let id = text(one, "id");
        let status = format!("{} {}", badge(text(one, "status")), badge(text(one, "payment_status")));
        let actions = if text(one, "status") == "open" {
            let url = escape(text(one, "url"));
            format!("<a href=\"{url}\">Checkout page</a> {}", button("expire", &[("session", id)], "Expire"))
        } else {
            String::new()
        };
        row(&[
            code(one, "id"),
            escape(text(&one["customer_details"], "email")),
            money(one, "amount_total"),
            status,
            actions,
        ])
    });
    table("Sessions", &["Session", "Buyer", "Total", "Status", ""], rows.collect())
}

pub(super) fn payments(state: &State) -> String {
    let rows = state.objects.newest("payment_intent").take(ROWS).map(|one| {
        let id = text(one, "id");
        let charge = state.objects.any(text(one, "latest_charge")).cloned().unwrap_or_default();
        let of = [("payment", id)];
        let actions = match text(one, "status") {
            "processing" => button("settle", &of, "Settle") + &button("fail_payment", &of, "Fail"),
            "succeeded" => {
                let left = int(&charge, "amount") - int(&charge, "amount_refunded");
                let input = format!(
                    "<input name=\"amount\" type=\"number\" min=\"1\" max=\"{left}\" value=\"{left}\" \
                     aria-label=\"Amount in minor units\">"
                );
                let refund = if left > 0 { form("refund", &of, &input, "Refund") } else { String::new() };
                let inquiry = [("payment", id), ("status", "warning_needs_response")];
                [
                    refund,
                    button("dispute", &of, "Dispute"),
                    button("dispute", &inquiry, "Inquiry"),
                    button("fraud_warning", &of, "Fraud warning"),
                ]
                .concat()
            }
            _ => String::new(),
        };
        let refunded = if int(&charge, "amount_refunded") > 0 {
            format!("{} refunded", money(&charge, "amount_refunded"))
        } else {
            String::new()
        };
        let buyer = escape(text(&charge["billing_details"], "email"));
        row(&[code(one, "id"), buyer, money(one, "amount"), badge(text(one, "status")), refunded, actions])
    });
    table("Payments", &["Payment", "Buyer", "Amount", "Status", "Refunded", ""], rows.collect())
}

pub(super) fn refunds(state: &State) -> String {
    let rows = state.objects.newest("refund").take(ROWS).map(|one| {
        let of = [("refund", text(one, "id"))];
        let actions = match text(one, "status") {
            "pending" => button("succeed_refund", &of, "Succeed") + &button("fail_refund", &of, "Fail"),
            "succeeded" => button("fail_refund", &of, "Fail after all"),
            _ => String::new(),
        };
        row(&[code(one, "id"), code(one, "payment_intent"), money(one, "amount"), badge(text(one, "status")), actions])
    });
    table("Refunds", &["Refund", "Payment", "Amount", "Status", ""], rows.collect())
}

pub(super) fn disputes(state: &State) -> String {
    let rows = state.objects.newest("dispute").take(ROWS).map(|one| {
        let id = text(one, "id");
        let status = text(one, "status");
        let close = |outcome, label| button("close_dispute", &[("dispute", id), ("outcome", outcome)], label);
        let actions = match status {
            "won" | "lost" | "warning_closed" => String::new(),
            _ if status.starts_with("warning_") => {
                close("warning_closed", "Close") + &button("escalate_dispute", &[("dispute", id)], "Escalate")
            }
            _ => [
                button("review_dispute", &[("dispute", id)], "Send evidence"),
                close("won", "Win"),
                close("lost", "Lose"),
            ]
            .concat(),
        };
        row(&[code(one, "id"), code(one, "payment_intent"), money(one, "amount"), badge(status), actions])
    });
    table("Disputes", &["Dispute", "Payment", "Amount", "Status", ""], rows.collect())
}

pub(super) fn subscriptions(state: &State) -> String {
    let rows = state.objects.newest("subscription").take(ROWS).map(|one| {
        let id = text(one, "id");
        let of = [("subscription", id)];
        let renewal = |word, label| button("set_renewal", &[("subscription", id), ("renewal", word)], label);
        let actions = match text(one, "status") {
            "canceled" => String::new(),
            "paused" => button("resume", &of, "Resume") + &button("cancel_subscription", &of, "Cancel"),
            _ => [
                button("pause", &of, "Pause"),
                if flag(one, "cancel_at_period_end") {
                    button("cancel_at_period_end", &[("subscription", id), ("is_wanted", "false")], "Keep")
                } else {
                    button("cancel_at_period_end", &of, "Cancel at period end")
                },
                button("cancel_subscription", &of, "Cancel now"),
                renewal("succeed", "Next renewals succeed"),
                renewal("fail", "Next renewals fail"),
            ]
            .concat(),
        };
        let micros = state.period_end(id).saturating_mul(1_000_000);
        let end = latchkey_licensing::time::Timestamp::from_unix_micros(micros).human_date();
        row(&[code(one, "id"), code(one, "customer"), badge(text(one, "status")), escape(&end), actions])
    });
    table("Subscriptions", &["Subscription", "Customer", "Status", "Period ends", ""], rows.collect())
}

pub(super) fn events(state: &State) -> String {
    let rows = state.objects.newest("event").take(ROWS).map(|one| {
        let id = text(one, "id");
        let open = state.queue.open_of(id);
        let answer = state.queue.log.iter().rev().find(|attempt| attempt.event == id);
        let answer = answer.map_or(String::new(), |attempt| match attempt.status {
            Some(status) => format!("answered {status}"),
            None => "no answer".to_owned(),
        });
        let delivered = if open > 0 { format!("{} {answer}", badge("not delivered")) } else { answer };
        let of = [("event", id)];
        let lose = if open > 0 { button("lose", &of, "Lose") } else { String::new() };
        row(&[escape(text(one, "type")), code(one, "id"), delivered, button("deliver", &of, "Deliver now") + &lose])
    });
    table("Events", &["Type", "Event", "Delivery", ""], rows.collect())
}
