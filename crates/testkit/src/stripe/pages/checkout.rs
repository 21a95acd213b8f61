//! The hosted checkout page of a session.

use std::fmt::Write;

use axum::{
    extract::{Path, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde_json::Value;

use super::html::{amount, escape, page, problem};
use crate::stripe::{
    Method, Paid, Payment,
    life::{Cart, Line},
    shared::Shared,
    state::State,
    wire::{
        fields::{flag, text},
        money::Amounts,
        params::Params,
    },
};

pub(crate) async fn show(Extract(shared): Extract<Shared>, Path(id): Path<String>) -> Response {
    let mut state = shared.lock();
    state.catch_up();
    render(&state, &id, &Params::default(), "")
}

pub(crate) async fn submit(Extract(shared): Extract<Shared>, Path(id): Path<String>, body: String) -> Response {
    let params = Params::parse(body.as_bytes());
    let mut state = shared.lock();
    state.catch_up();
    let method = match params.text("action") {
        Some("cancel") => return cancel(&state, &id),
        Some("code") => {
            let code = params.text("promotion_code").unwrap_or_default();
            let message =
                state.apply_promotion_code(&id, code).map_or_else(|refusal| refusal.message, |()| String::new());
            return render(&state, &id, &params, &message);
        }
        Some("quantity") => {
            let changed = (params.int("line"), params.int("quantity"));
            let (Ok(Some(line)), Ok(Some(quantity))) = changed else {
                return render(&state, &id, &params, "Enter a number.");
            };
            let set = state.set_quantity(&id, usize::try_from(line).unwrap_or(usize::MAX), quantity);
            let message = set.map_or_else(|refusal| refusal.message, |()| String::new());
            return render(&state, &id, &params, &message);
        }
        Some("decline") => Method::DeclinedCard,
        Some("bank_debit") => Method::BankDebit,
        _ => Method::Card,
    };
    let email = params.text("email").unwrap_or_default();
    if !email.contains('@') {
        return render(&state, &id, &params, "Enter your e-mail address.");
    }
    let mut payment = Payment::new(email, params.text("name").unwrap_or_default(), method);
    params.text("country").unwrap_or("DE").clone_into(&mut payment.country);
    params.text("tax_id").unwrap_or_default().clone_into(&mut payment.tax_id);
    match state.pay(&id, &payment) {
        Ok(Paid::Declined) => render(&state, &id, &params, "Your card was declined. Try a different card."),
        Ok(_) => Redirect::to(&state.success_url(&id)).into_response(),
        Err(refusal) => render(&state, &id, &params, &refusal.message),
    }
}

fn cancel(state: &State, id: &str) -> Response {
    match state.payable(id) {
        Ok(session) if !text(&session, "cancel_url").is_empty() => {
            Redirect::to(text(&session, "cancel_url")).into_response()
        }
        _ => render(state, id, &Params::default(), "There is no page to return to."),
    }
}

fn render(state: &State, id: &str, typed: &Params, message: &str) -> Response {
    let session = match state.payable(id) {
        Ok(session) => session,
        Err(refusal) => {
            let body = format!("{}<p>Return to the shop and start again.</p>", problem(&refusal.message));
            return (StatusCode::NOT_FOUND, page("You're all done here", "narrow", &body)).into_response();
        }
    };
    let (cart, amounts) = state.preview(id);
    let mut body = problem(message);
    body.push_str(&items(&cart, amounts));
    body.push_str(&form(state, &session, typed, amounts, &cart));
    page("Checkout", "narrow", &body).into_response()
}

fn items(cart: &Cart, amounts: Amounts) -> String {
    let shown = |minor| amount(minor, &cart.currency);
    let mut rows = String::new();
    for (number, line) in cart.lines.iter().enumerate() {
        let (name, subtotal) = (escape(&line.description), shown(line.amounts.subtotal));
        let quantity = quantity(number, line);
        write!(rows, "<tr><td>{quantity} × {name}</td><td class=\"amount\">{subtotal}</td></tr>").expect("a string");
    }
    let mut sums = String::new();
    let parts = [("Subtotal", amounts.subtotal), ("Discount", -amounts.discount), ("Tax", amounts.tax)];
    for (label, minor) in parts.into_iter().filter(|(_, minor)| *minor != 0) {
        write!(sums, "<tr><td>{label}</td><td class=\"amount\">{}</td></tr>", shown(minor)).expect("a string");
    }
    let total = shown(amounts.total);
    format!(
        "<table><tbody>{rows}</tbody><tfoot>{sums}<tr class=\"total\"><td>Total due</td>\
         <td class=\"amount\">{total}</td></tr></tfoot></table>"
    )
}

/// The quantity of a line, with a form if a person may change it.
fn quantity(number: usize, line: &Line) -> String {
    if !flag(&line.adjustable, "enabled") {
        return line.quantity.to_string();
    }
    format!(
        "<form class=\"inline\" method=\"post\"><input type=\"hidden\" name=\"line\" value=\"{number}\">\
         <input name=\"quantity\" type=\"number\" min=\"{}\" max=\"{}\" value=\"{}\" aria-label=\"Quantity\">\
         <button name=\"action\" value=\"quantity\">Change</button></form>",
        line.adjustable["minimum"], line.adjustable["maximum"], line.quantity,
    )
}

fn form(state: &State, session: &Value, typed: &Params, amounts: Amounts, cart: &Cart) -> String {
    let known = known_email(state, session);
    let email = if known.is_empty() { typed.text("email").unwrap_or_default() } else { &known };
    let readonly = if known.is_empty() { "" } else { " readonly" };
    let name = typed.text("name").unwrap_or_default();
    let mut fields = format!(
        "<label for=\"email\">E-mail</label><input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"email\" \
         required value=\"{}\"{readonly}>\
         <label for=\"name\">Name</label><input id=\"name\" name=\"name\" autocomplete=\"name\" value=\"{}\">",
        escape(email),
        escape(name),
    );
    if cart.has_tax || text(session, "billing_address_collection") == "required" {
        fields.push_str(
            "<label for=\"country\">Country</label><select id=\"country\" name=\"country\"><option>DE</option>\
             <option>AT</option><option>CH</option><option>FR</option><option>GB</option><option>US</option></select>",
        );
    }
    if flag(&session["tax_id_collection"], "enabled") {
        fields.push_str("<label for=\"tax_id\">VAT id (optional)</label><input id=\"tax_id\" name=\"tax_id\">");
    }
    let code = if session["allow_promotion_codes"] == true {
        "<form method=\"post\"><label for=\"promotion_code\">Promotion code</label>\
         <input id=\"promotion_code\" name=\"promotion_code\" autocomplete=\"off\">\
         <div class=\"ways\"><button name=\"action\" value=\"code\">Apply</button></div></form>"
    } else {
        ""
    };
    format!("{code}<form method=\"post\">{fields}<div class=\"ways\">{}</div></form>", ways(session, amounts, cart))
}

fn known_email(state: &State, session: &Value) -> String {
    let customer = state.objects.any(text(session, "customer"));
    let of_customer = customer.map(|customer| text(customer, "email")).unwrap_or_default();
    if of_customer.is_empty() { text(session, "customer_email").to_owned() } else { of_customer.to_owned() }
}

fn ways(session: &Value, amounts: Amounts, cart: &Cart) -> String {
    let back = "<button name=\"action\" value=\"cancel\" formnovalidate>Cancel and return</button>";
    if amounts.total == 0 {
        return format!("<button class=\"main\" name=\"action\" value=\"card\">Complete order</button>{back}");
    }
    let verb = if text(session, "mode") == "subscription" { "Subscribe for" } else { "Pay" };
    let total = amount(amounts.total, &cart.currency);
    format!(
        "<button class=\"main\" name=\"action\" value=\"card\">{verb} {total} by card</button>\
         <button name=\"action\" value=\"bank_debit\">{verb} {total} by bank debit (paid later)</button>\
         <button name=\"action\" value=\"decline\">Pay with a card that is declined</button>{back}"
    )
}
