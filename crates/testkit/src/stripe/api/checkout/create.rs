//! Creates checkout sessions. Unknown parameters are refused, and so are real ones that the double does not play.

use serde_json::{Map, Value, json};

use super::lines;
use crate::stripe::{
    api::Answered,
    life::{Cart, NewSession},
    state::State,
    wire::{fields::overwrite, params::Params, refusal::Refusal},
};

const KNOWN: &[&str] = &[
    "adaptive_pricing.enabled",
    "allow_promotion_codes",
    "automatic_tax.enabled",
    "automatic_tax.liability.type",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "currency",
    "custom_text.*.message",
    "customer",
    "customer_creation",
    "customer_email",
    "customer_update.address",
    "customer_update.name",
    "customer_update.shipping",
    "discounts.#.coupon",
    "discounts.#.promotion_code",
    "expires_at",
    "integration_identifier",
    "invoice_creation.enabled",
    "invoice_creation.invoice_data.description",
    "invoice_creation.invoice_data.footer",
    "invoice_creation.invoice_data.metadata.*",
    "line_items.#.adjustable_quantity.enabled",
    "line_items.#.adjustable_quantity.maximum",
    "line_items.#.adjustable_quantity.minimum",
    "line_items.#.metadata.*",
    "line_items.#.price",
    "line_items.#.price_data.currency",
    "line_items.#.price_data.product",
    "line_items.#.price_data.product_data.description",
    "line_items.#.price_data.product_data.metadata.*",
    "line_items.#.price_data.product_data.name",
    "line_items.#.price_data.product_data.tax_code",
    "line_items.#.price_data.recurring.interval",
    "line_items.#.price_data.recurring.interval_count",
    "line_items.#.price_data.tax_behavior",
    "line_items.#.price_data.unit_amount",
    "line_items.#.price_data.unit_amount_decimal",
    "line_items.#.quantity",
    "locale",
    "metadata.*",
    "mode",
    "payment_intent_data.description",
    "payment_intent_data.metadata.*",
    "payment_intent_data.receipt_email",
    "payment_intent_data.setup_future_usage",
    "payment_intent_data.statement_descriptor",
    "payment_intent_data.statement_descriptor_suffix",
    "payment_method_collection",
    "payment_method_types.#",
    "phone_number_collection.enabled",
    "submit_type",
    "subscription_data.description",
    "subscription_data.metadata.*",
    "success_url",
    "tax_id_collection.enabled",
    "tax_id_collection.required",
    "ui_mode",
];

/// Fields that the session repeats as they were given.
const REPEATED: &[&str] = &[
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "customer_email",
    "integration_identifier",
    "locale",
    "payment_method_collection",
    "submit_type",
    "success_url",
];

pub(super) fn create(state: &mut State, params: &Params) -> Answered {
    params.only(KNOWN)?;
    let mode = params.required("mode")?;
    if !["payment", "subscription"].contains(&mode) {
        return Err(Refusal::invalid("mode", "Invalid mode: must be one of payment or subscription"));
    }
    if !["hosted_page", "hosted"].contains(&params.text("ui_mode").unwrap_or("hosted_page")) {
        return Err(Refusal::invalid("ui_mode", "The double only has hosted pages."));
    }
    for url in ["success_url", "cancel_url"] {
        check_url(params, url)?;
    }
    params.required("success_url")?;
    let (currency, lines) = lines::read(state, params, mode)?;
    let is_payment = mode == "payment";
    let mut cart = Cart {
        currency,
        lines,
        has_tax: params.flag("automatic_tax.enabled")?.unwrap_or_default(),
        has_invoice: is_payment && params.flag("invoice_creation.enabled")?.unwrap_or_default(),
        intent: section(params, "payment_intent_data")?,
        subscription: section(params, "subscription_data")?,
        invoice: lines::read_invoice(params)?,
        customer_update: params.map("customer_update").into(),
        ..Cart::default()
    };
    lines::read_discount(state, params, &mut cart)?;
    check_mode(params, is_payment)?;
    let mut fields = json!({ "mode": mode, "metadata": params.metadata("metadata")? });
    for name in REPEATED {
        fields[*name] = params.text(name).into();
    }
    let customer = customer_fields(state, params, is_payment)?;
    overwrite(&mut fields, customer);
    overwrite(&mut fields, options(params, is_payment)?);
    if let Some(at) = expiry(state, params)? {
        fields["expires_at"] = at.into();
    }
    if let Some(types) = Some(params.texts("payment_method_types")).filter(|types| !types.is_empty()) {
        fields["payment_method_types"] = types.into();
    }
    if params.text("client_reference_id").is_some_and(|id| id.chars().count() > 200) {
        return Err(Refusal::invalid("client_reference_id", "Invalid string: must be at most 200 characters"));
    }
    let id = state.open_session(NewSession { fields, cart });
    state.get("checkout.session", &id)
}

/// Parameters that exist only in one mode.
fn check_mode(params: &Params, is_payment: bool) -> Result<(), Refusal> {
    let (mode, others): (&str, &[&str]) = if is_payment {
        ("subscription", &["subscription_data"])
    } else {
        ("payment", &["customer_creation", "invoice_creation", "payment_intent_data", "submit_type"])
    };
    match others.iter().find(|name| params.has(name)) {
        Some(name) => Err(Refusal::invalid(name, format!("You can only use `{name}` in `{mode}` mode."))),
        None => Ok(()),
    }
}

fn customer_fields(state: &State, params: &Params, is_payment: bool) -> Answered {
    let Some(customer) = params.text("customer") else {
        let default = if is_payment { "if_required" } else { "always" };
        let details = params.text("customer_email").map(details);
        let creation = params.text("customer_creation").unwrap_or(default);
        return Ok(json!({ "customer_creation": creation, "customer_details": details }));
    };
    for other in ["customer_email", "customer_creation"] {
        if params.has(other) {
            let message = format!("You may only specify one of these parameters: customer, {other}.");
            return Err(Refusal::request(None, message));
        }
    }
    let object = state.get("customer", customer).map_err(|_| Refusal::no_such_in("customer", customer, "customer"))?;
    check_customer(params, &object)?;
    let details = object["email"].as_str().map(details);
    Ok(json!({ "customer": customer, "customer_creation": null, "customer_details": details }))
}

/// Stripe collects addresses and tax ids of an existing customer only if it may update it.
fn check_customer(params: &Params, customer: &Value) -> Result<(), Refusal> {
    let is_on = |name: &str| params.flag(name).map(Option::unwrap_or_default);
    let may_update = |name: &str| params.text(&format!("customer_update.{name}")) == Some("auto");
    if is_on("tax_id_collection.enabled")? && !may_update("name") {
        return Err(Refusal::request(
            None,
            "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an \
             existing customer, please set `customer_update[name]` to `auto`.",
        ));
    }
    let has_address = customer["address"]["country"].is_string();
    if is_on("automatic_tax.enabled")? && !has_address && !may_update("address") && !may_update("shipping") {
        return Err(Refusal::request(
            Some("customer_tax_location_invalid"),
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the \
             Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' to \
             save the address entered in Checkout to the Customer.",
        ));
    }
    Ok(())
}

fn details(email: &str) -> Value {
    json!({
        "address": null,
        "business_name": null,
        "email": email,
        "individual_name": null,
        "name": null,
        "phone": null,
        "tax_exempt": "none",
        "tax_ids": null,
    })
}

/// Switches, as the session shows them.
fn options(params: &Params, is_payment: bool) -> Answered {
    let mut fields = json!({
        "allow_promotion_codes": params.flag("allow_promotion_codes")?,
        "phone_number_collection": { "enabled": params.flag("phone_number_collection.enabled")?.unwrap_or_default() },
    });
    if params.has("tax_id_collection") {
        fields["tax_id_collection"] = json!({
            "enabled": params.flag("tax_id_collection.enabled")?.unwrap_or_default(),
            "required": params.text("tax_id_collection.required").unwrap_or("never"),
        });
    }
    if is_payment {
        let data = params.below("invoice_creation.invoice_data");
        fields["invoice_creation"] = json!({
            "enabled": params.flag("invoice_creation.enabled")?.unwrap_or_default(),
            "invoice_data": {
                "account_tax_ids": null,
                "custom_fields": null,
                "description": data.text("description"),
                "footer": data.text("footer"),
                "issuer": null,
                "metadata": data.metadata("metadata")?,
                "rendering_options": null,
            },
        });
    }
    Ok(fields)
}

/// A session lives for 30 minutes to 24 hours.
fn expiry(state: &State, params: &Params) -> Result<Option<i64>, Refusal> {
    let Some(at) = params.int("expires_at")? else { return Ok(None) };
    let lifetime = at - state.now();
    // Clients may have waited a little since they read the clock.
    if !(30 * 60 - 60..=24 * 60 * 60 + 60).contains(&lifetime) {
        let message =
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.";
        return Err(Refusal::invalid("expires_at", message));
    }
    Ok(Some(at))
}

fn check_url(params: &Params, name: &str) -> Result<(), Refusal> {
    let is_url = |text: &str| text.starts_with("http://") || text.starts_with("https://");
    match params.text(name) {
        Some(text) if !is_url(text) => Err(Refusal::request(Some("url_invalid"), "Not a valid URL").about(name)),
        _ => Ok(()),
    }
}

/// A section of parameters that becomes fields of another object.
fn section(params: &Params, name: &str) -> Answered {
    let section = params.below(name);
    let mut fields: Map<String, Value> = params.map(name);
    if section.has("metadata") {
        fields.insert("metadata".to_owned(), params.metadata(&format!("{name}.metadata"))?);
    }
    Ok(fields.into())
}
