//! Customers.

use serde_json::{Value, json};

use super::Payment;
use crate::stripe::{
    state::State,
    wire::{
        fields::{or_null, text},
        refusal::Refusal,
    },
};

impl State {
    pub(crate) fn new_customer(&mut self, fields: Value) -> String {
        let id = self.ids.next("cus_", 14);
        let prefix = self.ids.next("", 8).to_uppercase();
        self.create("customer", id.clone(), json!({ "currency": null, "invoice_prefix": prefix }));
        self.change(&id, fields);
        self.emit("customer.created", &id);
        id
    }

    /// The customer of a session that is paid: the given one, a new one, or null for a guest.
    pub(crate) fn customer_of(&mut self, session: &Value, payment: &Payment, currency: &str) -> Value {
        let given = text(session, "customer").to_owned();
        if !given.is_empty() {
            if self.objects.get(&given)["currency"].is_null() {
                self.change(&given, json!({ "currency": currency }));
            }
            return given.into();
        }
        let is_wanted = text(session, "mode") == "subscription" || text(session, "customer_creation") == "always";
        if !is_wanted {
            return Value::Null;
        }
        let id = self.new_customer(json!({
            "address": payment.address(),
            "currency": currency,
            "email": payment.email,
            "name": or_null(&payment.name),
        }));
        if !payment.tax_id.is_empty() {
            self.new_tax_id(&id, "eu_vat", &payment.tax_id);
        }
        id.into()
    }

    /// Takes over what a person entered, if the session may update the customer.
    pub(crate) fn update_customer(&mut self, customer: &Value, update: &Value, payment: &Payment) {
        let Some(id) = customer.as_str() else { return };
        let mut fields = json!({});
        if update["address"] == "auto" {
            fields["address"] = payment.address();
        }
        if update["name"] == "auto" {
            fields["name"] = or_null(&payment.name);
        }
        if fields.as_object().is_some_and(|fields| !fields.is_empty()) {
            self.change_and_emit("customer.updated", id, fields);
        }
    }

    pub(crate) fn new_tax_id(&mut self, customer: &str, kind: &str, value: &str) -> String {
        let id = self.new_id("txi_");
        let fields = json!({
            "country": value.get(..2),
            "customer": customer,
            "owner": { "customer": customer, "customer_account": null, "type": "customer" },
            "type": kind,
            "value": value,
        });
        self.create("tax_id", id.clone(), fields);
        self.emit("customer.tax_id.created", &id);
        id
    }

    /// Deletes a customer and cancels the subscriptions.
    pub(crate) fn delete_customer(&mut self, id: &str) -> Result<Value, Refusal> {
        self.get("customer", id)?;
        for subscription in self.objects.with("subscription", "customer", id) {
            if text(self.objects.get(&subscription), "status") != "canceled" {
                self.cancel_subscription(&subscription)?;
            }
        }
        self.emit("customer.deleted", id);
        self.objects.remove("customer", id);
        Ok(json!({ "id": id, "object": "customer", "deleted": true }))
    }
}
