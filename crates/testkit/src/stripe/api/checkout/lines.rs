//! The line items and discounts of a new session.

use serde_json::{Value, json};

use crate::stripe::{
    api::catalog,
    life::{Cart, Line},
    state::State,
    wire::{
        fields::{flag, text},
        params::Params,
        refusal::Refusal,
    },
};

/// Reads the line items. All must have the same currency and fit the mode.
pub(super) fn read(state: &mut State, params: &Params, mode: &str) -> Result<(String, Vec<Line>), Refusal> {
    let items = params.items("line_items");
    if items.is_empty() {
        return Err(Refusal::missing("line_items"));
    }
    let mut lines = Vec::new();
    let mut currency = String::new();
    for (number, item) in items.iter().enumerate() {
        let param = format!("line_items[{number}]");
        let price = price_of(state, item, &param)?;
        let of_line = text(&price, "currency");
        if !currency.is_empty() && currency != of_line {
            return Err(Refusal::invalid(&param, "All prices on a Checkout session must have the same currency."));
        }
        of_line.clone_into(&mut currency);
        lines.push(line(state, item, &price, &param)?);
    }
    // Stripe takes at most 100 line items. The double takes more, so that pages of lists can be tested.
    let has_recurring = lines.iter().any(|line| line.is_recurring);
    match mode {
        "payment" if has_recurring => Err(Refusal::invalid(
            "mode",
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only \
             one-time prices.",
        )),
        "subscription" if !has_recurring => {
            Err(Refusal::invalid("mode", "You must provide at least one recurring price in `subscription` mode."))
        }
        _ => Ok((currency, lines)),
    }
}

fn price_of(state: &mut State, item: &Params, param: &str) -> Result<Value, Refusal> {
    if item.has("price_data") {
        let data = item.below("price_data");
        let id = catalog::create_inline_price(state, &data)?;
        return state.get("price", &id);
    }
    let Some(id) = item.text("price") else { return Err(Refusal::missing(&format!("{param}[price]"))) };
    let param = format!("{param}[price]");
    let price = state.get("price", id).map_err(|_| Refusal::no_such_in("price", id, &param))?;
    let is_active = flag(&price, "active");
    let product = state.objects.get(text(&price, "product"));
    if is_active && flag(product, "active") {
        return Ok(price);
    }
    let message = format!("The price specified is inactive. This field only accepts active prices: '{id}'");
    Err(Refusal::invalid(&param, message))
}

fn line(state: &mut State, item: &Params, price: &Value, param: &str) -> Result<Line, Refusal> {
    let quantity = item.int("quantity")?.ok_or_else(|| Refusal::missing(&format!("{param}[quantity]")))?;
    if quantity < 1 {
        return Err(Refusal::invalid(&format!("{param}[quantity]"), "This value must be greater than or equal to 1."));
    }
    let description = text(state.objects.get(text(price, "product")), "name").to_owned();
    let metadata = if item.has("metadata") { item.metadata("metadata")? } else { Value::Null };
    let mut line = Line::new(state.new_id("li_"), price, description, quantity, metadata);
    if item.flag("adjustable_quantity.enabled")?.unwrap_or_default() {
        line.adjustable = json!({
            "enabled": true,
            "maximum": item.int("adjustable_quantity.maximum")?.unwrap_or(99),
            "minimum": item.int("adjustable_quantity.minimum")?.unwrap_or(0).max(1),
        });
    }
    Ok(line)
}

/// Reads the coupon or promotion code that applies to the session.
pub(super) fn read_discount(state: &State, params: &Params, cart: &mut Cart) -> Result<(), Refusal> {
    let given = params.items("discounts");
    let Some(first) = given.first() else { return Ok(()) };
    if params.has("allow_promotion_codes") {
        let message = "You may only specify one of these parameters: allow_promotion_codes, discounts.";
        return Err(Refusal::request(None, message));
    }
    if given.len() > 1 {
        return Err(Refusal::invalid("discounts", "A Checkout session can have at most one discount."));
    }
    if let Some(id) = first.text("coupon") {
        state.get("coupon", id).map_err(|_| Refusal::no_such_in("coupon", id, "discounts[0][coupon]"))?;
        cart.coupon = Some(id.to_owned());
    } else if let Some(id) = first.text("promotion_code") {
        let param = "discounts[0][promotion_code]";
        let code = state.get("promotion_code", id).map_err(|_| Refusal::no_such_in("promotion code", id, param))?;
        cart.coupon = Some(text(&code["promotion"], "coupon").to_owned());
        cart.promotion_code = Some(id.to_owned());
    }
    Ok(())
}

/// The settings of a session's invoice that the caller chose.
pub(super) fn read_invoice(params: &Params) -> Result<Value, Refusal> {
    let data = params.below("invoice_creation.invoice_data");
    Ok(json!({
        "description": data.text("description"),
        "footer": data.text("footer"),
        "metadata": data.metadata("metadata")?,
    }))
}
