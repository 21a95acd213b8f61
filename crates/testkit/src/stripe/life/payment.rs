//! Payment intents and their charges.

use serde_json::{Value, json};

use super::{Method, method::sepa_debit};
use crate::stripe::{
    state::State,
    wire::{
        fields::{int, overwrite, text},
        refusal::Refusal,
    },
};

/// What a bank says about a refused card.
const DECLINE: &str = "Your card was declined.";

impl State {
    /// `given` has the metadata, the description and so on.
    pub(crate) fn new_intent(&mut self, amount: i64, currency: &str, customer: &Value, given: &Value) -> String {
        let id = self.new_id("pi_");
        let secret = self.ids.next(&format!("{id}_secret_"), 25);
        let fields = json!({
            "amount": amount,
            "amount_capturable": 0,
            "amount_received": 0,
            "canceled_at": null,
            "capture_method": "automatic_async",
            "client_secret": secret,
            "currency": currency,
            "customer": customer,
            "last_payment_error": null,
            "managed_payments": { "enabled": false },
            "payment_method_types": ["card", "sepa_debit"],
            "processing": null,
            "status": "requires_payment_method",
        });
        self.create("payment_intent", id.clone(), fields);
        self.change(&id, given.clone());
        self.emit("payment_intent.created", &id);
        id
    }

    /// Charges a payment intent. Returns whether it is paid.
    pub(crate) fn confirm(&mut self, intent: &str, method: &Value, how: Method) -> bool {
        self.change(intent, json!({ "payment_method": method }));
        let charge = self.new_charge(intent, how);
        self.change(intent, json!({ "latest_charge": charge }));
        match how {
            Method::Card => {
                self.succeed(intent, &charge);
                true
            }
            Method::BankDebit => {
                self.change(intent, json!({ "status": "processing", "processing": { "type": "sepa_debit" } }));
                self.emit("charge.pending", &charge);
                self.emit("payment_intent.processing", intent);
                false
            }
            Method::DeclinedCard => {
                self.fail(intent, &charge, "card_declined", DECLINE);
                false
            }
        }
    }

    fn new_charge(&mut self, intent: &str, how: Method) -> String {
        let of = self.objects.get(intent).clone();
        let method = self.objects.any(text(&of, "payment_method")).cloned().unwrap_or_default();
        let is_declined = how == Method::DeclinedCard;
        let id = self.new_id(if how == Method::BankDebit { "py_" } else { "ch_" });
        let fields = json!({
            "amount": of["amount"],
            "amount_captured": 0,
            "balance_transaction": null,
            "billing_details": method["billing_details"],
            "calculated_statement_descriptor": "LATCHKEY DOUBLE",
            "captured": !is_declined,
            "currency": of["currency"],
            "customer": of["customer"],
            "description": of["description"],
            "metadata": of["metadata"],
            "outcome": outcome(is_declined),
            "paid": false,
            "payment_intent": intent,
            "payment_method": of["payment_method"],
            "receipt_email": of["receipt_email"],
            "receipt_url": if is_declined { Value::Null } else { format!("{}/receipts/{id}", self.base_url).into() },
            "status": "pending",
        });
        self.create("charge", id.clone(), fields);
        let refunds =
            json!({ "data": [], "has_more": false, "object": "list", "url": format!("/v1/charges/{id}/refunds") });
        self.change(&id, json!({ "refunds": refunds }));
        if how == Method::BankDebit {
            let mut details = json!({ "card": null, "type": "sepa_debit", "sepa_debit": sepa_debit() });
            overwrite(&mut details["sepa_debit"], json!({ "mandate": null }));
            self.change(&id, json!({ "payment_method_details": details }));
        }
        id
    }

    fn succeed(&mut self, intent: &str, charge: &str) {
        let amount = int(self.objects.get(intent), "amount");
        let fields = json!({
            "status": "succeeded",
            "paid": true,
            "captured": true,
            "amount_captured": amount,
        });
        self.change(charge, fields);
        let fields = json!({
            "status": "succeeded",
            "processing": null,
            "last_payment_error": null,
            "amount_received": amount,
        });
        self.change(intent, fields);
        self.emit("charge.succeeded", charge);
        self.emit("payment_intent.succeeded", intent);
        // Stripe captures asynchronously, so the charge gets its balance transaction afterwards.
        let transaction = self.new_transaction(amount, charge, "charge");
        self.change_and_emit("charge.updated", charge, json!({ "balance_transaction": transaction }));
    }

    fn fail(&mut self, intent: &str, charge: &str, code: &'static str, message: &str) {
        let fields = json!({ "status": "failed", "failure_code": code, "failure_message": message, "paid": false });
        self.change(charge, fields);
        let method = self.objects.any(text(self.objects.get(intent), "payment_method")).cloned();
        let error = json!({
            "type": "card_error",
            "code": code,
            "charge": charge,
            "message": message,
            "payment_method": method,
        });
        let fields = json!({
            "status": "requires_payment_method",
            "processing": null,
            "payment_method": null,
            "last_payment_error": error,
        });
        self.change(intent, fields);
        self.emit("charge.failed", charge);
        self.emit("payment_intent.payment_failed", intent);
    }

    pub(crate) fn new_transaction(&mut self, amount: i64, source: &str, kind: &str) -> String {
        let id = self.new_id("txn_");
        let currency = self.objects.get(source)["currency"].clone();
        let fields = json!({
            "amount": amount,
            "available_on": self.now() + 2 * 24 * 60 * 60,
            "currency": currency,
            "description": null,
            "net": amount,
            "reporting_category": kind,
            "source": source,
            "status": "pending",
            "type": kind,
        });
        self.create("balance_transaction", id.clone(), fields)
    }

    /// The charge of a payment that is processing.
    fn processing(&self, intent: &str) -> Result<String, Refusal> {
        let object = self.get("payment_intent", intent)?;
        if text(&object, "status") == "processing" {
            return Ok(text(&object, "latest_charge").to_owned());
        }
        Err(Refusal::request(None, format!("The payment is not processing but {}.", text(&object, "status"))))
    }

    /// The bank has paid a delayed payment.
    pub(crate) fn settle(&mut self, intent: &str) -> Result<(), Refusal> {
        let charge = self.processing(intent)?;
        self.succeed(intent, &charge);
        self.finish_session(intent, true);
        self.pay_invoices_of_intent(intent);
        Ok(())
    }

    /// The bank has refused a delayed payment.
    pub(crate) fn fail_payment(&mut self, intent: &str) -> Result<(), Refusal> {
        let charge = self.processing(intent)?;
        let message = "The customer's account has insufficient funds to cover this payment.";
        self.fail(intent, &charge, "insufficient_funds", message);
        self.finish_session(intent, false);
        for invoice in self.invoices_of_intent(intent) {
            self.fail_invoice(&invoice);
        }
        Ok(())
    }

    pub(crate) fn cancel_intent(&mut self, id: &str, reason: &str) -> Result<(), Refusal> {
        let intent = self.get("payment_intent", id)?;
        let status = text(&intent, "status");
        if !["requires_payment_method", "requires_confirmation", "requires_action"].contains(&status) {
            let message = format!("You cannot cancel this PaymentIntent because it has a status of {status}.");
            return Err(Refusal::request(Some("payment_intent_unexpected_state"), message));
        }
        let fields = json!({ "status": "canceled", "canceled_at": self.now(), "cancellation_reason": reason });
        self.change(id, fields);
        self.emit("payment_intent.canceled", id);
        Ok(())
    }
}

fn outcome(is_declined: bool) -> Value {
    json!({
        "advice_code": null,
        "network_advice_code": null,
        "network_decline_code": null,
        "network_status": if is_declined { "declined_by_network" } else { "approved_by_network" },
        "reason": if is_declined { Value::from("generic_decline") } else { Value::Null },
        "seller_message": if is_declined { "The bank did not return any further details." } else { "Payment complete." },
        "type": if is_declined { "issuer_declined" } else { "authorized" },
    })
}
