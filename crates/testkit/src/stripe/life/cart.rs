//! What a checkout session or a subscription charges for.

use serde_json::{Value, json};

use crate::stripe::{
    state::State,
    wire::{
        fields::{int, text},
        money::{self, Amounts, BasisPoints},
    },
};

#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) price: String,
    pub(crate) description: String,
    pub(crate) quantity: i64,
    pub(crate) unit_amount: i64,
    pub(crate) is_inclusive: bool,
    pub(crate) is_recurring: bool,
    pub(crate) metadata: Value,
    /// Whether and within which bounds a person may change the quantity. Null if not.
    pub(crate) adjustable: Value,
    pub(crate) amounts: Amounts,
}

/// The parts of a checkout session that are not in its object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cart {
    pub(crate) currency: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) coupon: Option<String>,
    pub(crate) promotion_code: Option<String>,
    pub(crate) has_tax: bool,
    pub(crate) has_invoice: bool,
    /// Of the payment intent: metadata, description and so on.
    pub(crate) intent: Value,
    pub(crate) subscription: Value,
    pub(crate) invoice: Value,
    /// Which fields of an existing customer the checkout page updates.
    pub(crate) customer_update: Value,
}

impl Line {
    pub(crate) fn new(id: String, price: &Value, description: String, quantity: i64, metadata: Value) -> Self {
        Self {
            id,
            price: text(price, "id").to_owned(),
            description,
            quantity,
            unit_amount: int(price, "unit_amount"),
            is_inclusive: money::is_inclusive(price),
            is_recurring: price["recurring"].is_object(),
            metadata,
            adjustable: Value::Null,
            amounts: Amounts::default(),
        }
    }
}

/// Computes the amounts of all lines, and returns the sums.
pub(crate) fn total(lines: &mut [Line], coupon: Option<&Value>, tax: Option<BasisPoints>) -> Amounts {
    let input: Vec<(i64, bool)> =
        lines.iter().map(|line| (line.unit_amount * line.quantity, line.is_inclusive)).collect();
    let priced = money::price(&input, coupon, tax);
    for (line, amounts) in lines.iter_mut().zip(&priced) {
        line.amounts = *amounts;
    }
    money::sum(&priced)
}

impl State {
    /// Computes the amounts of a session's cart. Without `is_taxed`, the tax is not known yet.
    pub(crate) fn total_of(&self, cart: &mut Cart, is_taxed: bool) -> Amounts {
        let coupon = cart.coupon.as_deref().map(|id| self.objects.get(id));
        let tax = (cart.has_tax && is_taxed).then_some(self.options.tax_basis_points);
        total(&mut cart.lines, coupon, tax)
    }

    /// The line items of a session, as the API shows them.
    pub(crate) fn line_items(&self, session: &str) -> Vec<Value> {
        let Some(cart) = self.carts.get(session) else { return Vec::new() };
        cart.lines.iter().map(|line| self.line_item(line, &cart.currency)).collect()
    }

    fn line_item(&self, line: &Line, currency: &str) -> Value {
        let price = self.objects.get(&line.price);
        let mut item = crate::stripe::wire::examples::blank("item", self.options.is_filled);
        crate::stripe::wire::fields::overwrite(
            &mut item,
            json!({
                "id": line.id,
                "adjustable_quantity": line.adjustable,
                "amount_discount": line.amounts.discount,
                "amount_subtotal": line.amounts.subtotal,
                "amount_tax": line.amounts.tax,
                "amount_total": line.amounts.total,
                "currency": currency,
                "description": line.description,
                "metadata": line.metadata,
                "price": price,
                "quantity": line.quantity,
            }),
        );
        item
    }

    /// What `discounts` of a session lists.
    pub(crate) fn discounts_of(cart: &Cart) -> Value {
        match &cart.coupon {
            None => json!([]),
            Some(coupon) => json!([{ "coupon": coupon, "promotion_code": cart.promotion_code }]),
        }
    }
}
