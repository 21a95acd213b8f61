//! Products, prices, coupons, promotion codes and tax rates.

use serde_json::{Map, Value, json};

use super::{
    Answered, Call,
    customers::merged,
    list::{list, list_where},
};
use crate::stripe::{
    state::State,
    wire::{
        fields::{flag, text},
        params::Params,
        refusal::Refusal,
    },
};

pub(super) fn route(state: &mut State, area: &str, call: &Call) -> Option<Answered> {
    let params = call.params;
    Some(match (area, call.method, call.path) {
        ("products", "POST", []) => create_product(state, params),
        ("products", "GET", []) => products(state, params),
        ("products", "GET", [id]) => state.get("product", id),
        ("products", "POST", [id]) => update(state, "product", id, params),
        ("products", "DELETE", [id]) => delete_product(state, id),
        ("prices", "POST", []) => create_price(state, params),
        ("prices", "GET", []) => prices(state, params),
        ("prices", "GET", [id]) => state.get("price", id),
        ("prices", "POST", [id]) => update(state, "price", id, params),
        ("coupons", "POST", []) => create_coupon(state, params),
        ("coupons", "GET", []) => list(state, "coupon", "/v1/coupons", params, &[]),
        ("coupons", "GET", [id]) => state.get("coupon", id),
        ("promotion_codes", "POST", []) => create_promotion_code(state, params),
        ("promotion_codes", "GET", []) => {
            list(state, "promotion_code", "/v1/promotion_codes", params, &["code", "active"])
        }
        ("promotion_codes", "GET", [id]) => state.get("promotion_code", id),
        ("tax_rates", "GET", []) => list(state, "tax_rate", "/v1/tax_rates", params, &["active"]),
        ("tax_rates", "GET", [id]) => state.get("tax_rate", id),
        ("tax_rates", "POST", []) => create_tax_rate(state, params),
        _ => return None,
    })
}

const PRODUCT: &[&str] = &[
    "active",
    "default_price",
    "description",
    "id",
    "images.#",
    "metadata.*",
    "name",
    "statement_descriptor",
    "tax_code",
    "type",
    "unit_label",
    "url",
];

fn create_product(state: &mut State, params: &Params) -> Answered {
    params.only(PRODUCT)?;
    let name = params.required("name")?;
    let id = params.text("id").map_or_else(|| state.ids.next("prod_", 14), str::to_owned);
    if state.objects.any(&id).is_some() {
        return Err(Refusal::request(Some("resource_already_exists"), format!("Product already exists: {id}")));
    }
    let fields = json!({
        "active": params.flag("active")?.unwrap_or(true),
        "default_price": null,
        "description": params.text("description"),
        "images": params.texts("images"),
        "metadata": params.metadata("metadata")?,
        "name": name,
        "tax_code": params.text("tax_code"),
        "type": "service",
        "unit_label": params.text("unit_label"),
        "updated": state.now(),
        "url": params.text("url"),
    });
    state.create("product", id.clone(), fields);
    state.emit("product.created", &id);
    state.get("product", &id)
}

fn products(state: &State, params: &Params) -> Answered {
    let ids = params.texts("ids");
    list_where(state, "product", "/v1/products", params, &["active", "ids.#", "url"], |product| {
        ids.is_empty() || ids.iter().any(|id| id == text(product, "id"))
    })
}

fn delete_product(state: &mut State, id: &str) -> Answered {
    state.get("product", id)?;
    if !state.objects.with("price", "product", id).is_empty() {
        let message = "This product cannot be deleted because it has one or more user-created prices.";
        return Err(Refusal::request(None, message));
    }
    state.emit("product.deleted", id);
    state.objects.remove("product", id);
    Ok(json!({ "id": id, "object": "product", "deleted": true }))
}

/// Changes a product or a price. The amount of a price cannot change.
fn update(state: &mut State, kind: &str, id: &str, params: &Params) -> Answered {
    let object = state.get(kind, id)?;
    let is_product = kind == "product";
    let texts: &[&str] = if is_product {
        &["default_price", "description", "name", "tax_code", "unit_label", "url"]
    } else {
        &["lookup_key", "nickname", "tax_behavior"]
    };
    params.only(&[texts, &["active", "metadata.*", "transfer_lookup_key"]].concat())?;
    let mut fields = Map::new();
    for name in texts.iter().filter(|name| params.has(name)) {
        fields.insert((*name).to_owned(), params.text(name).into());
    }
    if let Some(is_active) = params.flag("active")? {
        fields.insert("active".to_owned(), is_active.into());
    }
    if params.has("metadata") {
        fields.insert("metadata".to_owned(), merged(Some(object["metadata"].clone()), params)?);
    }
    if is_product {
        fields.insert("updated".to_owned(), state.now().into());
    } else if let Some(key) = params.text("lookup_key").filter(|key| *key != text(&object, "lookup_key")) {
        claim_lookup_key(state, key, params.flag("transfer_lookup_key")?.unwrap_or_default())?;
    }
    state.change_and_emit(if is_product { "product.updated" } else { "price.updated" }, id, fields.into());
    state.get(kind, id)
}

const PRICE: &[&str] = &[
    "active",
    "billing_scheme",
    "currency",
    "lookup_key",
    "metadata.*",
    "nickname",
    "product",
    "product_data.metadata.*",
    "product_data.name",
    "product_data.tax_code",
    "recurring.interval",
    "recurring.interval_count",
    "recurring.usage_type",
    "tax_behavior",
    "transfer_lookup_key",
    "unit_amount",
    "unit_amount_decimal",
];

fn create_price(state: &mut State, params: &Params) -> Answered {
    params.only(PRICE)?;
    let id = new_price(state, params)?;
    state.emit("price.created", &id);
    state.get("price", &id)
}

/// The price of a line item that is described in the session itself.
pub(crate) fn create_inline_price(state: &mut State, data: &Params) -> Result<String, Refusal> {
    let id = new_price(state, data)?;
    state.change(&id, json!({ "active": false }));
    Ok(id)
}

fn new_price(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let currency = params.required("currency")?.to_lowercase();
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Err(Refusal::invalid("currency", format!("Invalid currency: {currency}.")));
    }
    let decimal = params.text("unit_amount_decimal").and_then(|text| text.split('.').next()?.parse().ok());
    let Some(amount) = params.int("unit_amount")?.or(decimal) else { return Err(Refusal::missing("unit_amount")) };
    if !(0..=99_999_999).contains(&amount) {
        return Err(Refusal::invalid("unit_amount", "Invalid non-negative integer"));
    }
    let recurring = recurring(params)?;
    let product = product_of(state, params)?;
    if let Some(key) = params.text("lookup_key") {
        claim_lookup_key(state, key, params.flag("transfer_lookup_key")?.unwrap_or_default())?;
    }
    let id = state.new_id("price_");
    let fields = json!({
        "active": params.flag("active")?.unwrap_or(true),
        "currency": currency,
        "lookup_key": params.text("lookup_key"),
        "metadata": params.metadata("metadata")?,
        "nickname": params.text("nickname"),
        "product": product,
        "recurring": recurring,
        "tax_behavior": params.text("tax_behavior").unwrap_or("unspecified"),
        "type": if recurring.is_null() { "one_time" } else { "recurring" },
        "unit_amount": amount,
        "unit_amount_decimal": amount.to_string(),
    });
    Ok(state.create("price", id, fields))
}

fn recurring(params: &Params) -> Answered {
    if !params.has("recurring") {
        return Ok(Value::Null);
    }
    let interval = params.required("recurring.interval")?;
    if !["day", "week", "month", "year"].contains(&interval) {
        let message = "Invalid recurring[interval]: must be one of month, year, week, or day";
        return Err(Refusal::invalid("recurring[interval]", message));
    }
    Ok(json!({
        "interval": interval,
        "interval_count": params.int("recurring.interval_count")?.unwrap_or(1),
        "meter": null,
        "trial_period_days": null,
        "usage_type": "licensed",
    }))
}

fn product_of(state: &mut State, params: &Params) -> Result<String, Refusal> {
    if params.has("product_data") {
        let product = create_product(state, &params.below("product_data"))?;
        return Ok(text(&product, "id").to_owned());
    }
    let id = params.required("product")?;
    state.get("product", id).map_err(|_| Refusal::no_such_in("product", id, "product"))?;
    Ok(id.to_owned())
}

/// A lookup key belongs to one price. It can be taken over on request.
fn claim_lookup_key(state: &mut State, key: &str, is_transferred: bool) -> Result<(), Refusal> {
    let Some(owner) = state.objects.with("price", "lookup_key", key).first().cloned() else { return Ok(()) };
    if !is_transferred {
        let message = format!("A price (`{owner}`) already uses that lookup key.");
        return Err(Refusal::invalid("lookup_key", message));
    }
    state.change_and_emit("price.updated", &owner, json!({ "lookup_key": null }));
    Ok(())
}

fn prices(state: &State, params: &Params) -> Answered {
    let keys = params.texts("lookup_keys");
    let filters = &["active", "currency", "lookup_keys.#", "product", "type"];
    list_where(state, "price", "/v1/prices", params, filters, |price| {
        keys.is_empty() || keys.iter().any(|key| key == text(price, "lookup_key"))
    })
}

fn create_coupon(state: &mut State, params: &Params) -> Answered {
    params.only(&[
        "amount_off",
        "currency",
        "duration",
        "duration_in_months",
        "id",
        "metadata.*",
        "name",
        "percent_off",
    ])?;
    let percent: Option<f64> = params.text("percent_off").and_then(|text| text.parse().ok());
    let amount = params.int("amount_off")?;
    let is_valid = percent.is_none_or(|percent| percent > 0.0 && percent <= 100.0);
    if percent.is_some() == amount.is_some() || !is_valid {
        return Err(Refusal::request(None, "Must provide one of percent_off or amount_off"));
    }
    if amount.is_some() {
        params.required("currency")?;
    }
    let id = params.text("id").map_or_else(|| state.ids.next("", 8), str::to_owned);
    let fields = json!({
        "amount_off": amount,
        "currency": params.text("currency"),
        "duration": params.text("duration").unwrap_or("once"),
        "duration_in_months": params.int("duration_in_months")?,
        "metadata": params.metadata("metadata")?,
        "name": params.text("name"),
        "percent_off": percent,
        "redeem_by": null,
    });
    state.create("coupon", id.clone(), fields);
    state.emit("coupon.created", &id);
    state.get("coupon", &id)
}

fn create_promotion_code(state: &mut State, params: &Params) -> Answered {
    params.only(&["active", "code", "metadata.*", "promotion.coupon", "promotion.type"])?;
    let coupon = params.required("promotion.coupon")?;
    state.get("coupon", coupon).map_err(|_| Refusal::no_such_in("coupon", coupon, "promotion[coupon]"))?;
    let code = params.text("code").map_or_else(|| state.ids.next("", 8).to_uppercase(), str::to_owned);
    let is_taken = |one: &Value| flag(one, "active") && text(one, "code").eq_ignore_ascii_case(&code);
    if state.objects.newest("promotion_code").any(is_taken) {
        let message = format!("An active promotion code with `code: {code}` already exists.");
        return Err(Refusal::invalid("code", message));
    }
    let id = state.new_id("promo_");
    let fields = json!({
        "active": params.flag("active")?.unwrap_or(true),
        "code": code,
        "expires_at": null,
        "metadata": params.metadata("metadata")?,
        "promotion": { "coupon": coupon, "type": "coupon" },
    });
    state.create("promotion_code", id.clone(), fields);
    state.emit("promotion_code.created", &id);
    state.get("promotion_code", &id)
}

fn create_tax_rate(state: &mut State, params: &Params) -> Answered {
    params.only(&["country", "description", "display_name", "inclusive", "jurisdiction", "percentage"])?;
    let percentage: Option<f64> = params.required("percentage")?.parse().ok();
    let fields = json!({
        "country": params.text("country"),
        "description": params.text("description"),
        "display_name": params.required("display_name")?,
        "inclusive": params.flag("inclusive")?.ok_or_else(|| Refusal::missing("inclusive"))?,
        "jurisdiction": params.text("jurisdiction"),
        "percentage": percentage,
    });
    let id = state.new_id("txr_");
    state.create("tax_rate", id.clone(), fields);
    state.get("tax_rate", &id)
}
