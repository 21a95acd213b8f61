//! Checkout sessions: opened, paid, expired.

use serde_json::{Value, json};

use super::{Cart, Method, Payment, cart::total};
use crate::stripe::{
    state::State,
    wire::{
        fields::{flag, int, or_null, text},
        money::Amounts,
        refusal::Refusal,
    },
};

/// A session to open: the fields of its object that the caller chose, and its cart.
#[derive(Debug)]
pub(crate) struct NewSession {
    pub(crate) fields: Value,
    pub(crate) cart: Cart,
}

/// What came of a person's attempt to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paid {
    /// The session is complete and paid, or nothing was due.
    Complete,
    /// The session is complete, and the payment is processing.
    Processing,
    Declined,
}

impl State {
    pub(crate) fn open_session(&mut self, new: NewSession) -> String {
        let mode = if self.options.is_live { "cs_live_" } else { "cs_test_" };
        let id = self.ids.next(&format!("{mode}a1"), 56);
        let NewSession { fields, mut cart } = new;
        let amounts = self.total_of(&mut cart, false);
        let url = format!("{}/c/pay/{id}", self.base_url);
        let expires_at = self.now() + 24 * 60 * 60;
        let tax = json!({
            "enabled": cart.has_tax,
            "liability": if cart.has_tax { json!({ "type": "self" }) } else { Value::Null },
            "provider": if cart.has_tax { json!("stripe") } else { Value::Null },
            "status": if cart.has_tax { json!("requires_location_inputs") } else { Value::Null },
        });
        let defaults = json!({
            "adaptive_pricing": { "enabled": false },
            "automatic_tax": tax,
            "currency": cart.currency,
            "customer_details": null,
            "discounts": Self::discounts_of(&cart),
            "expires_at": expires_at,
            "invoice_creation": null,
            "managed_payments": { "enabled": false },
            "payment_intent": null,
            "payment_method_types": ["card", "sepa_debit"],
            "payment_method_collection": "if_required",
            "payment_status": if amounts.total == 0 { "no_payment_required" } else { "unpaid" },
            "status": "open",
            "ui_mode": "hosted_page",
            "url": url,
        });
        self.create("checkout.session", id.clone(), defaults);
        self.change(&id, fields);
        self.change(&id, amounts_of(amounts));
        self.carts.insert(id.clone(), cart);
        id
    }

    /// The session, if a person can still pay it.
    pub(crate) fn payable(&self, id: &str) -> Result<Value, Refusal> {
        let session = self.get("checkout.session", id)?;
        match text(&session, "status") {
            "open" => Ok(session),
            other => Err(Refusal::request(None, format!("This Checkout Session is {other}."))),
        }
    }

    /// Where the browser goes after the payment.
    pub(crate) fn success_url(&self, id: &str) -> String {
        text(self.objects.get(id), "success_url").replace("{CHECKOUT_SESSION_ID}", id)
    }

    /// A person fills in the checkout page and pays.
    pub(crate) fn pay(&mut self, id: &str, payment: &Payment) -> Result<Paid, Refusal> {
        let session = self.payable(id)?;
        let mut cart = self.carts.get(id).cloned().unwrap_or_default();
        let amounts = self.total_of(&mut cart, true);
        self.carts.insert(id.to_owned(), cart.clone());
        self.change(id, amounts_of(amounts));
        if payment.method == Method::DeclinedCard && amounts.total > 0 {
            self.decline(id, &session, &cart, amounts, payment);
            return Ok(Paid::Declined);
        }
        let customer = self.customer_of(&session, payment, &cart.currency);
        self.update_customer(&customer, &cart.customer_update, payment);
        let method = if amounts.total > 0 { self.new_method(payment, &customer).into() } else { Value::Null };
        self.change(id, Self::details(payment, &customer, cart.has_tax));
        let is_subscription = text(&session, "mode") == "subscription";
        if is_subscription {
            self.in_billing_time(|state| state.subscribe(id, &cart, &customer, &method, payment.method));
        } else {
            self.sell(id, &cart, amounts, &customer, &method, payment.method);
        }
        if cart.coupon.is_some() {
            self.redeem(&cart);
        }
        let is_paid = text(self.objects.get(id), "payment_status") != "unpaid";
        self.emit("checkout.session.completed", id);
        if is_paid && is_subscription {
            self.in_billing_time(|state| state.pay_invoice_of(id));
        } else if is_paid {
            self.pay_invoice_of(id);
        }
        Ok(if is_paid { Paid::Complete } else { Paid::Processing })
    }

    /// The fields of a session that are known when it is complete.
    fn details(payment: &Payment, customer: &Value, has_tax: bool) -> Value {
        let tax_ids: Vec<Value> = if payment.tax_id.is_empty() {
            Vec::new()
        } else {
            vec![json!({ "type": "eu_vat", "value": payment.tax_id })]
        };
        let mut fields = json!({
            "customer": customer,
            "customer_details": {
                "address": payment.address(),
                "business_name": null,
                "email": payment.email,
                "individual_name": null,
                "name": or_null(&payment.name),
                "phone": null,
                "tax_exempt": "none",
                "tax_ids": tax_ids,
            },
            "status": "complete",
            "url": null,
        });
        if has_tax {
            fields["automatic_tax"] = json!({
                "enabled": true,
                "liability": { "type": "self" },
                "provider": "stripe",
                "status": "complete",
            });
        }
        fields
    }

    /// A one-time sale.
    fn sell(&mut self, id: &str, cart: &Cart, amounts: Amounts, customer: &Value, method: &Value, how: Method) {
        if amounts.total == 0 {
            self.change(id, json!({ "payment_status": "no_payment_required" }));
        } else {
            let intent = self.intent_of(id, cart, amounts, customer);
            let is_paid = self.confirm(&intent, method, how);
            let status = if is_paid { "paid" } else { "unpaid" };
            self.change(id, json!({ "payment_status": status, "payment_intent": intent }));
        }
        if cart.has_invoice && text(self.objects.get(id), "payment_status") != "unpaid" {
            self.invoice_session(id);
        }
    }

    /// The payment intent of a session: the one of an earlier attempt, or a new one.
    pub(crate) fn intent_of(&mut self, id: &str, cart: &Cart, amounts: Amounts, customer: &Value) -> String {
        let earlier = text(self.objects.get(id), "payment_intent").to_owned();
        if !earlier.is_empty() {
            self.change(&earlier, json!({ "amount": amounts.total, "customer": customer }));
            return earlier;
        }
        self.new_intent(amounts.total, &cart.currency, customer, &cart.intent)
    }

    fn decline(&mut self, id: &str, session: &Value, cart: &Cart, amounts: Amounts, payment: &Payment) {
        let customer = session["customer"].clone();
        let method = self.new_method(payment, &Value::Null);
        let intent = self.intent_of(id, cart, amounts, &customer);
        if text(session, "mode") == "payment" {
            self.change(id, json!({ "payment_intent": intent }));
        }
        self.confirm(&intent, &method.into(), Method::DeclinedCard);
    }

    /// The payment of a complete session was settled or has failed.
    pub(crate) fn finish_session(&mut self, intent: &str, is_paid: bool) {
        let sessions = self.objects.with("checkout.session", "payment_intent", intent);
        let invoices = self.invoices_of_intent(intent);
        let by_invoice = invoices.iter().flat_map(|one| self.objects.with("checkout.session", "invoice", one));
        let Some(id) = sessions.into_iter().chain(by_invoice).next() else { return };
        if text(self.objects.get(&id), "payment_status") != "unpaid" {
            return;
        }
        if is_paid {
            self.change(&id, json!({ "payment_status": "paid" }));
            if self.carts.get(&id).is_some_and(|cart| cart.has_invoice) {
                self.invoice_session(&id);
            }
            self.emit("checkout.session.async_payment_succeeded", &id);
            self.pay_invoice_of(&id);
        } else {
            self.emit("checkout.session.async_payment_failed", &id);
        }
    }

    pub(crate) fn expire(&mut self, id: &str) -> Result<(), Refusal> {
        let session = self.get("checkout.session", id)?;
        if text(&session, "status") != "open" {
            let message = format!(
                "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status \
                 of {}.",
                text(&session, "status")
            );
            return Err(Refusal::request(None, message));
        }
        self.change(id, json!({ "status": "expired", "url": null }));
        self.emit("checkout.session.expired", id);
        let intent = text(&session, "payment_intent").to_owned();
        if !intent.is_empty() {
            self.cancel_intent(&intent, "automatic")?;
        }
        Ok(())
    }

    /// A person enters a promotion code on the checkout page.
    pub(crate) fn apply_promotion_code(&mut self, id: &str, code: &str) -> Result<(), Refusal> {
        let session = self.payable(id)?;
        let wanted = code.to_uppercase();
        let found = self.objects.newest("promotion_code").find(|o| text(o, "code").to_uppercase() == wanted);
        let is_usable = session["allow_promotion_codes"] == true;
        let Some(found) = found.filter(|o| is_usable && o["active"] == true).cloned() else {
            return Err(Refusal::request(None, "This promotion code is invalid."));
        };
        let Some(cart) = self.carts.get_mut(id) else { return Ok(()) };
        cart.coupon = found["promotion"]["coupon"].as_str().map(str::to_owned);
        cart.promotion_code = Some(text(&found, "id").to_owned());
        let mut cart = cart.clone();
        let amounts = self.total_of(&mut cart, false);
        let discounts = Self::discounts_of(&cart);
        self.carts.insert(id.to_owned(), cart);
        self.change(id, amounts_of(amounts));
        self.change(id, json!({ "discounts": discounts }));
        Ok(())
    }

    /// A person changes the quantity of a line on the checkout page.
    pub(crate) fn set_quantity(&mut self, id: &str, line: usize, quantity: i64) -> Result<(), Refusal> {
        self.payable(id)?;
        let mut cart = self.carts.get(id).cloned().unwrap_or_default();
        let found = cart.lines.get_mut(line).filter(|line| flag(&line.adjustable, "enabled"));
        let bounds = found.as_ref().map(|line| int(&line.adjustable, "minimum")..=int(&line.adjustable, "maximum"));
        let Some(line) = found.filter(|_| bounds.is_some_and(|bounds| bounds.contains(&quantity))) else {
            return Err(Refusal::request(None, "This quantity is not available."));
        };
        line.quantity = quantity;
        let amounts = self.total_of(&mut cart, false);
        self.carts.insert(id.to_owned(), cart);
        self.change(id, amounts_of(amounts));
        Ok(())
    }

    fn redeem(&mut self, cart: &Cart) {
        for id in cart.coupon.iter().chain(&cart.promotion_code) {
            let times = self.objects.get(id)["times_redeemed"].as_i64().unwrap_or_default();
            self.change(id, json!({ "times_redeemed": times + 1 }));
        }
    }

    /// What a person would pay, with the tax.
    pub(crate) fn preview(&self, id: &str) -> (Cart, Amounts) {
        let mut cart = self.carts.get(id).cloned().unwrap_or_default();
        let amounts = self.total_of(&mut cart, true);
        (cart, amounts)
    }

    /// The amounts of only the lines that a subscription charges again.
    pub(crate) fn recurring(&self, cart: &Cart) -> (Vec<super::Line>, Amounts) {
        let mut lines: Vec<_> = cart.lines.iter().filter(|line| line.is_recurring).cloned().collect();
        let coupon = cart.coupon.as_deref().map(|id| self.objects.get(id));
        let amounts = total(&mut lines, coupon, cart.has_tax.then_some(self.options.tax_basis_points));
        (lines, amounts)
    }
}

fn amounts_of(amounts: Amounts) -> Value {
    json!({
        "amount_subtotal": amounts.subtotal,
        "amount_total": amounts.total,
        "total_details": {
            "amount_discount": amounts.discount,
            "amount_shipping": 0,
            "amount_tax": amounts.tax,
        },
    })
}
