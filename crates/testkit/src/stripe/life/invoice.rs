//! Invoices, their lines, and the payments that pay them.

use serde_json::{Value, json};

use super::Line;
use crate::stripe::{
    state::State,
    wire::{
        examples,
        fields::{int, overwrite, text},
        money::{Amounts, sum},
    },
};

/// An invoice to create.
pub(crate) struct InvoiceOf<'a> {
    pub(crate) customer: &'a Value,
    pub(crate) currency: &'a str,
    pub(crate) lines: &'a [Line],
    /// `manual`, `subscription_create` or `subscription_cycle`.
    pub(crate) reason: &'static str,
    /// The subscription with its items, if it is for one.
    pub(crate) subscription: Option<&'a Value>,
    /// Start and end, in seconds.
    pub(crate) period: (i64, i64),
    pub(crate) has_tax: bool,
    /// Metadata, description and footer.
    pub(crate) given: Value,
}

impl State {
    /// Creates and finalizes an invoice. Stripe leaves renewals in draft for an hour; the double does not.
    pub(crate) fn new_invoice(&mut self, of: InvoiceOf) -> String {
        let id = self.new_id("in_");
        let now = self.now();
        let amounts = sum(&of.lines.iter().map(|line| line.amounts).collect::<Vec<_>>());
        let customer = self.objects.any(of.customer.as_str().unwrap_or_default()).cloned().unwrap_or_default();
        let lines: Vec<Value> = of.lines.iter().map(|line| self.invoice_line(&id, line, &of)).collect();
        let first: Vec<&Value> = lines.iter().take(10).collect();
        let parent = of.subscription.map(|subscription| {
            json!({
                "quote_details": null,
                "subscription_details": { "metadata": subscription["metadata"], "subscription": subscription["id"] },
                "type": "subscription_details",
            })
        });
        let mut fields = json!({
            "account_name": "Stripe double",
            "amount_due": amounts.total,
            "amount_overpaid": 0,
            "amount_remaining": amounts.total,
            "auto_advance": of.subscription.is_some(),
            "automatic_tax": automatic_tax(of.has_tax),
            "billing_reason": of.reason,
            "currency": of.currency,
            "customer": of.customer,
            "customer_address": customer["address"],
            "customer_email": customer["email"],
            "customer_name": customer["name"],
            "due_date": null,
            "effective_at": null,
            "lines": {
                "data": first,
                "has_more": lines.len() > first.len(),
                "object": "list",
                "url": format!("/v1/invoices/{id}/lines"),
            },
            "next_payment_attempt": null,
            "parent": parent,
            "period_end": of.period.1,
            "period_start": of.period.0,
            "status": "draft",
            "webhooks_delivered_at": now,
        });
        overwrite(&mut fields, totals(amounts, of.lines));
        self.create("invoice", id.clone(), fields);
        self.invoice_lines.insert(id.clone(), lines);
        self.change(&id, of.given);
        self.emit("invoice.created", &id);
        self.finalize(&id, &customer);
        id
    }

    fn finalize(&mut self, id: &str, customer: &Value) {
        let number = int(customer, "next_invoice_sequence").max(1);
        if !text(customer, "id").is_empty() {
            self.change(text(customer, "id"), json!({ "next_invoice_sequence": number + 1 }));
        }
        let now = self.now();
        let mut transitions = self.objects.get(id)["status_transitions"].clone();
        transitions["finalized_at"] = now.into();
        let fields = json!({
            "effective_at": now,
            "hosted_invoice_url": format!("{}/invoices/{id}", self.base_url),
            "invoice_pdf": format!("{}/invoices/{id}/pdf", self.base_url),
            "number": format!("{}-{number:04}", text(customer, "invoice_prefix")),
            "status": "open",
            "status_transitions": transitions,
        });
        self.change_and_emit("invoice.finalized", id, fields);
    }

    fn invoice_line(&mut self, invoice: &str, line: &Line, of: &InvoiceOf) -> Value {
        let price = self.objects.get(&line.price).clone();
        let mut object = examples::blank("line_item", self.options.is_filled);
        let is_for_subscription = line.is_recurring && of.subscription.is_some();
        let item = of.subscription.and_then(|subscription| {
            let items = subscription["items"]["data"].as_array()?;
            items.iter().find(|item| item["price"]["id"] == line.price.as_str()).map(|item| item["id"].clone())
        });
        let subscription = of.subscription.map(|subscription| subscription["id"].clone());
        let no_proration = json!({ "credited_items": null });
        let parent = if is_for_subscription {
            json!({
                "invoice_item_details": null,
                "subscription_item_details": {
                    "invoice_item": null,
                    "proration": false,
                    "proration_details": no_proration,
                    "subscription": subscription,
                    "subscription_item": item,
                },
                "type": "subscription_item_details",
            })
        } else {
            json!({
                "invoice_item_details": {
                    "invoice_item": self.new_id("ii_"),
                    "proration": false,
                    "proration_details": no_proration,
                    "subscription": subscription,
                },
                "subscription_item_details": null,
                "type": "invoice_item_details",
            })
        };
        let now = self.now();
        // Lines are about the period that is paid, which for the first invoice differs from the invoice's own.
        let item = of.subscription.map(|subscription| &subscription["items"]["data"][0]);
        let paid = |name: &str| item.and_then(|item| item[name].as_i64());
        let period = paid("current_period_start").zip(paid("current_period_end")).unwrap_or((now, now));
        let fields = json!({
            "id": self.new_id("il_"),
            "amount": line.amounts.subtotal,
            "currency": of.currency,
            "description": format!("{} × {}", line.quantity, line.description),
            "invoice": invoice,
            "livemode": self.options.is_live,
            "metadata": if line.metadata.is_object() { line.metadata.clone() } else { json!({}) },
            "parent": parent,
            "period": { "start": period.0, "end": period.1 },
            "pricing": {
                "price_details": { "price": line.price, "product": price["product"] },
                "type": "price_details",
                "unit_amount_decimal": line.unit_amount.to_string(),
            },
            "quantity": line.quantity,
            "subtotal": line.amounts.subtotal,
            "taxes": taxes(line.amounts, line.is_inclusive),
        });
        overwrite(&mut object, fields);
        object
    }

    /// The invoice of a one-time sale, for which `invoice_creation` was requested.
    pub(crate) fn invoice_session(&mut self, session: &str) {
        let object = self.objects.get(session).clone();
        let Some(cart) = self.carts.get(session).cloned() else { return };
        let now = self.now();
        let invoice = self.new_invoice(InvoiceOf {
            customer: &object["customer"],
            currency: &cart.currency,
            lines: &cart.lines,
            reason: "manual",
            subscription: None,
            period: (now, now),
            has_tax: cart.has_tax,
            given: cart.invoice.clone(),
        });
        let intent = text(&object, "payment_intent").to_owned();
        if !intent.is_empty() {
            self.new_invoice_payment(&invoice, &intent);
        }
        self.change(session, json!({ "invoice": invoice }));
    }

    pub(crate) fn new_invoice_payment(&mut self, invoice: &str, intent: &str) -> String {
        let of = self.objects.get(invoice).clone();
        let id = self.new_id("inpay_");
        let fields = json!({
            "amount_paid": null,
            "amount_requested": of["amount_due"],
            "currency": of["currency"],
            "invoice": invoice,
            "is_default": true,
            "payment": { "payment_intent": intent, "type": "payment_intent" },
            "status": "open",
        });
        self.create("invoice_payment", id, fields)
    }

    pub(crate) fn pay_invoice_of(&mut self, session: &str) {
        let invoice = text(self.objects.get(session), "invoice").to_owned();
        if !invoice.is_empty() {
            self.pay_invoice(&invoice);
        }
    }

    /// Marks an open invoice as paid.
    pub(crate) fn pay_invoice(&mut self, id: &str) {
        let invoice = self.objects.get(id).clone();
        if text(&invoice, "status") != "open" {
            return;
        }
        let now = self.now();
        for payment in self.objects.with("invoice_payment", "invoice", id) {
            let fields = json!({
                "amount_paid": invoice["amount_due"],
                "status": "paid",
                "status_transitions": { "canceled_at": null, "paid_at": now },
            });
            self.change_and_emit("invoice_payment.paid", &payment, fields);
        }
        let mut transitions = invoice["status_transitions"].clone();
        transitions["paid_at"] = now.into();
        let fields = json!({
            "amount_paid": invoice["amount_due"],
            "amount_remaining": 0,
            "attempt_count": int(&invoice, "attempt_count") + 1,
            "attempted": true,
            "auto_advance": false,
            "next_payment_attempt": null,
            "status": "paid",
            "status_transitions": transitions,
        });
        self.change(id, fields);
        self.emit_change("invoice.updated", id, &invoice);
        self.emit("invoice.paid", id);
        self.emit("invoice.payment_succeeded", id);
    }

    /// The invoices that a payment intent pays.
    pub(crate) fn invoices_of_intent(&self, intent: &str) -> Vec<String> {
        let payments = self.objects.newest("invoice_payment");
        let of_intent = payments.filter(|payment| payment["payment"]["payment_intent"] == intent);
        of_intent.map(|payment| text(payment, "invoice").to_owned()).collect()
    }

    /// A delayed payment of an invoice has been settled.
    pub(crate) fn pay_invoices_of_intent(&mut self, intent: &str) {
        for invoice in self.invoices_of_intent(intent) {
            self.pay_invoice(&invoice);
        }
    }

    /// Closes an open invoice without a payment: `void` or `uncollectible`.
    pub(crate) fn close_invoice(&mut self, id: &str, status: &'static str) {
        let invoice = self.objects.get(id).clone();
        let mut transitions = invoice["status_transitions"].clone();
        let (at, event) = match status {
            "void" => ("voided_at", "invoice.voided"),
            _ => ("marked_uncollectible_at", "invoice.marked_uncollectible"),
        };
        transitions[at] = self.now().into();
        let fields = json!({
            "auto_advance": false,
            "next_payment_attempt": null,
            "status": status,
            "status_transitions": transitions,
        });
        self.change_and_emit(event, id, fields);
    }
}

fn automatic_tax(is_enabled: bool) -> Value {
    json!({
        "disabled_reason": null,
        "enabled": is_enabled,
        "liability": if is_enabled { json!({ "type": "self" }) } else { Value::Null },
        "provider": if is_enabled { json!("stripe") } else { Value::Null },
        "status": if is_enabled { json!("complete") } else { Value::Null },
    })
}

fn totals(amounts: Amounts, lines: &[Line]) -> Value {
    let taxes: Vec<Value> = lines
        .iter()
        .flat_map(|line| taxes(line.amounts, line.is_inclusive).as_array().cloned().unwrap_or_default())
        .collect();
    json!({
        "subtotal": amounts.subtotal,
        "subtotal_excluding_tax": amounts.subtotal,
        "total": amounts.total,
        "total_excluding_tax": amounts.total - amounts.tax,
        "total_taxes": taxes,
    })
}

fn taxes(amounts: Amounts, is_inclusive: bool) -> Value {
    if amounts.tax == 0 {
        return json!([]);
    }
    json!([{
        "amount": amounts.tax,
        "tax_behavior": if is_inclusive { "inclusive" } else { "exclusive" },
        "tax_rate_details": null,
        "taxability_reason": "standard_rated",
        "taxable_amount": amounts.subtotal - amounts.discount,
        "type": "tax_rate_details",
    }])
}
