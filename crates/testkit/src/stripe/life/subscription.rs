//! Subscriptions: started by a checkout session, paused, resumed and canceled.

use serde_json::{Value, json};

use super::{Billing, Cart, Line, Method, calendar::start_of_period, invoice::InvoiceOf};
use crate::stripe::{
    state::State,
    wire::{
        examples,
        fields::{overwrite, text},
        refusal::Refusal,
    },
};

impl State {
    /// The sale of a session in subscription mode.
    pub(crate) fn subscribe(&mut self, session: &str, cart: &Cart, customer: &Value, method: &Value, how: Method) {
        let anchor = self.now();
        let (recurring, _) = self.recurring(cart);
        let subscription = self.new_subscription(cart, &recurring, customer, method, anchor);
        let object = self.objects.get(&subscription).clone();
        let invoice = self.new_invoice(InvoiceOf {
            customer,
            currency: &cart.currency,
            lines: &cart.lines,
            reason: "subscription_create",
            subscription: Some(&object),
            period: (anchor, anchor),
            has_tax: cart.has_tax,
            given: Value::Null,
        });
        self.change(&subscription, json!({ "latest_invoice": invoice }));
        self.emit("customer.subscription.created", &subscription);
        let billing = Billing::new(recurring, cart, anchor);
        self.billing.insert(subscription.clone(), billing);
        let amount = self.objects.get(&invoice)["amount_due"].as_i64().unwrap_or_default();
        let status = if amount == 0 {
            "no_payment_required"
        } else {
            let intent =
                self.new_intent(amount, &cart.currency, customer, &json!({ "description": "Subscription creation" }));
            self.new_invoice_payment(&invoice, &intent);
            if self.confirm(&intent, method, how) { "paid" } else { "unpaid" }
        };
        // Stripe lets a subscription be active while a bank debit is processing.
        self.change_and_emit("customer.subscription.updated", &subscription, json!({ "status": "active" }));
        let fields = json!({ "invoice": invoice, "subscription": subscription, "payment_status": status });
        self.change(session, fields);
    }

    fn new_subscription(&mut self, cart: &Cart, lines: &[Line], customer: &Value, method: &Value, at: i64) -> String {
        let id = self.new_id("sub_");
        let first = lines.first().map(|line| self.objects.get(&line.price)["recurring"].clone()).unwrap_or_default();
        let ends = end_of(&first, at);
        let items: Vec<Value> = lines.iter().map(|line| self.subscription_item(&id, line, at, ends)).collect();
        let fields = json!({
            "automatic_tax": {
                "disabled_reason": null,
                "enabled": cart.has_tax,
                "liability": if cart.has_tax { json!({ "type": "self" }) } else { Value::Null },
            },
            "billing_cycle_anchor": at,
            "billing_mode": { "flexible": null, "type": "classic" },
            "cancel_at": null,
            "cancel_at_period_end": false,
            "canceled_at": null,
            "currency": cart.currency,
            "customer": customer,
            "default_payment_method": method,
            "ended_at": null,
            "items": {
                "data": items,
                "has_more": false,
                "object": "list",
                "url": format!("/v1/subscription_items?subscription={id}"),
            },
            "managed_payments": { "enabled": false },
            "next_pending_invoice_item_invoice": null,
            "pause_collection": null,
            "start_date": at,
            "status": "incomplete",
            "trial_end": null,
            "trial_start": null,
        });
        self.create("subscription", id.clone(), fields);
        self.change(&id, cart.subscription.clone());
        id
    }

    fn subscription_item(&mut self, subscription: &str, line: &Line, start: i64, end: i64) -> Value {
        let price = self.objects.get(&line.price).clone();
        let mut item = examples::blank("subscription_item", self.options.is_filled);
        let recurring = &price["recurring"];
        let mut plan = item["plan"].clone();
        overwrite(
            &mut plan,
            json!({
                "amount": price["unit_amount"],
                "amount_decimal": price["unit_amount_decimal"],
                "billing_scheme": "per_unit",
                "created": price["created"],
                "currency": price["currency"],
                "id": price["id"],
                "interval": recurring["interval"],
                "interval_count": recurring["interval_count"],
                "livemode": self.options.is_live,
                "metadata": price["metadata"],
                "product": price["product"],
            }),
        );
        overwrite(
            &mut item,
            json!({
                "id": self.new_id("si_"),
                "created": start,
                "current_period_end": end,
                "current_period_start": start,
                "plan": plan,
                "price": price,
                "quantity": line.quantity,
                "subscription": subscription,
            }),
        );
        item
    }

    /// Moves the items of a subscription to a billing period.
    pub(crate) fn set_period(&mut self, id: &str, start: i64, end: i64) {
        if let Some(items) = self.objects.get_mut(id)["items"]["data"].as_array_mut() {
            for item in items {
                item["current_period_start"] = start.into();
                item["current_period_end"] = end.into();
            }
        }
    }

    /// When the current period ends.
    pub(crate) fn period_end(&self, id: &str) -> i64 {
        self.objects.get(id)["items"]["data"][0]["current_period_end"].as_i64().unwrap_or(i64::MAX)
    }

    /// A subscription that has not ended.
    pub(crate) fn living(&self, id: &str) -> Result<Value, Refusal> {
        let subscription = self.get("subscription", id)?;
        if text(&subscription, "status") == "canceled" {
            let message = "A canceled subscription can only update its cancellation_details and metadata.";
            return Err(Refusal::request(None, message));
        }
        Ok(subscription)
    }

    /// Ends a subscription.
    pub(crate) fn cancel_subscription(&mut self, id: &str) -> Result<(), Refusal> {
        let before = self.living(id)?;
        let now = self.clock.billing();
        let canceled_at = if before["canceled_at"].is_null() { now.into() } else { before["canceled_at"].clone() };
        self.change(id, json!({ "status": "canceled", "canceled_at": canceled_at, "ended_at": now }));
        if before["cancellation_details"]["reason"].is_null() {
            self.set_cancellation_reason(id, "cancellation_requested".into());
        }
        self.emit("customer.subscription.deleted", id);
        Ok(())
    }

    pub(crate) fn set_cancellation_reason(&mut self, id: &str, reason: Value) {
        self.objects.get_mut(id)["cancellation_details"]["reason"] = reason;
    }

    /// Requests or takes back the cancellation at the end of the current period.
    pub(crate) fn cancel_at_period_end(&mut self, id: &str, is_wanted: bool) -> Result<(), Refusal> {
        let before = self.living(id)?;
        let (at, now) = (self.period_end(id), self.clock.billing());
        let fields = if is_wanted {
            json!({ "cancel_at_period_end": true, "cancel_at": at, "canceled_at": now })
        } else {
            json!({ "cancel_at_period_end": false, "cancel_at": null, "canceled_at": null })
        };
        self.change(id, fields);
        let reason = if is_wanted { "cancellation_requested".into() } else { Value::Null };
        self.set_cancellation_reason(id, reason);
        self.emit_change("customer.subscription.updated", id, &before);
        Ok(())
    }

    /// Stops or resumes the collection of payments; the subscription stays active.
    pub(crate) fn set_pause_collection(&mut self, id: &str, pause: Value) -> Result<(), Refusal> {
        self.living(id)?;
        self.change_and_emit("customer.subscription.updated", id, json!({ "pause_collection": pause }));
        Ok(())
    }

    /// Pauses the subscription itself: it has the status `paused` and does not renew.
    pub(crate) fn pause(&mut self, id: &str) -> Result<(), Refusal> {
        self.living(id)?;
        self.change_and_emit("customer.subscription.paused", id, json!({ "status": "paused" }));
        Ok(())
    }

    /// Resumes a paused subscription. If its period is over, a new one starts and is charged.
    pub(crate) fn resume(&mut self, id: &str) -> Result<(), Refusal> {
        let before = self.living(id)?;
        if text(&before, "status") != "paused" {
            let message = format!("The subscription is not paused but {}.", text(&before, "status"));
            return Err(Refusal::request(None, message));
        }
        self.change_and_emit("customer.subscription.resumed", id, json!({ "status": "active" }));
        if self.period_end(id) <= self.clock.billing() {
            self.in_billing_time(|state| state.restart(id));
        }
        Ok(())
    }
}

/// The end of the period that starts at `start`.
pub(crate) fn end_of(recurring: &Value, start: i64) -> i64 {
    start_of_period(start, text(recurring, "interval"), recurring["interval_count"].as_i64().unwrap_or(1), 1)
}
