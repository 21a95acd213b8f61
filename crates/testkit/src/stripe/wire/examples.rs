//! Stripe's published examples: what each new object starts from, so that it has every field in its real shape.

use std::sync::LazyLock;

use serde_json::{Value, json};

static EXAMPLES: LazyLock<Value> = LazyLock::new(|| {
    let mut data: Value =
        serde_json::from_str(include_str!("../../../data/stripe-objects.json")).expect("the examples are JSON");
    let mut resources = data["resources"].take();
    resources["item"] = line_item_of_checkout();
    resources
});

/// What Stripe sends as null or empty in the sales that the double plays, although its example is filled.
const UNUSED: &[(&str, &[&str])] = &[
    (
        "checkout.session",
        &[
            "/after_expiration/recovery",
            "/collected_information/shipping_details",
            "/consent_collection/payment_method_reuse_agreement",
            "/currency_conversion",
            "/custom_text/after_submit",
            "/custom_text/shipping_address",
            "/custom_text/submit",
            "/custom_text/terms_of_service_acceptance",
            "/invoice_creation/invoice_data/rendering_options",
            "/payment_method_configuration_details",
            "/shipping_address_collection",
            "/shipping_cost",
        ],
    ),
    ("customer", &["/discount", "/invoice_settings/rendering_options", "/shipping"]),
    (
        "payment_intent",
        &[
            "/automatic_payment_methods",
            "/next_action",
            "/payment_method_configuration_details",
            "/shipping",
            "/transfer_data",
        ],
    ),
    ("payment_method", &["/card/generated_from", "/card/wallet", "/metadata"]),
    (
        "charge",
        &[
            "/payment_method_details/card/installments",
            "/payment_method_details/card/three_d_secure",
            "/payment_method_details/card/wallet",
            "/shipping",
            "/source",
            "/transfer_data",
        ],
    ),
    ("dispute", &["/enhanced_eligibility_types"]),
    (
        "invoice",
        &[
            "/customer_shipping",
            "/from_invoice",
            "/last_finalization_error",
            "/payment_settings/payment_method_options",
            "/shipping_cost",
            "/shipping_details",
        ],
    ),
    ("price", &["/custom_unit_amount", "/transform_quantity"]),
    ("product", &["/package_dimensions"]),
    (
        "subscription",
        &[
            "/billing_cycle_anchor_config",
            "/billing_schedules",
            "/billing_thresholds",
            "/payment_settings/payment_method_options",
            "/pending_invoice_item_interval",
            "/pending_update",
            "/transfer_data",
        ],
    ),
    ("subscription_item", &["/billing_thresholds", "/plan/transform_usage"]),
    ("billing_portal.session", &["/flow"]),
    ("tax_rate", &["/flat_amount"]),
];

/// Stripe's example of a resource.
pub(crate) fn example(kind: &str) -> &'static Value {
    EXAMPLES.get(kind).expect("every resource of the double has an example")
}

/// What a new object starts from. With `is_filled`, also the fields that Stripe would leave empty keep the example's
/// values.
pub(crate) fn blank(kind: &str, is_filled: bool) -> Value {
    let mut object = example(kind).clone();
    let unused = UNUSED.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, paths)| paths);
    for path in unused.iter().filter(|_| !is_filled) {
        let field = object.pointer_mut(path).expect("the table lists fields of the example");
        *field = match field {
            Value::Array(_) => json!([]),
            _ if path.ends_with("metadata") => json!({}),
            _ => Value::Null,
        };
    }
    object
}

/// The published examples contain no line item of a checkout session.
fn line_item_of_checkout() -> Value {
    json!({
        "id": "li_1PgafmB7WZ01zgkW6dKueIc5",
        "object": "item",
        "adjustable_quantity": { "enabled": false, "maximum": null, "minimum": null },
        "amount_discount": 0,
        "amount_subtotal": 2000,
        "amount_tax": 0,
        "amount_total": 2000,
        "currency": "usd",
        "description": "T-shirt",
        "metadata": null,
        "price": null,
        "quantity": 1,
    })
}

#[cfg(test)]
mod tests {
    use super::{UNUSED, blank, example};

    #[test]
    fn the_table_of_unused_fields_lists_fields_of_the_examples() {
        for (kind, paths) in UNUSED {
            assert!(paths.iter().all(|path| example(kind).pointer(path).is_some()), "{kind}");
            assert_ne!(blank(kind, false), blank(kind, true), "{kind}");
        }
    }
}
