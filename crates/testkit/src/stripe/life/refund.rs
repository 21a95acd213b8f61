//! Refunds.

use serde_json::{Value, json};

use crate::stripe::{
    state::State,
    wire::{
        fields::{int, text},
        refusal::Refusal,
    },
};

/// A refund to create.
#[derive(Clone, Debug, Default)]
pub(crate) struct RefundOf {
    /// The id of a charge or a payment intent.
    pub(crate) payment: String,
    /// All that is left if `None`.
    pub(crate) amount: Option<i64>,
    pub(crate) reason: Option<String>,
    pub(crate) metadata: Value,
    /// Whether the bank takes its time: the refund stays `pending` until it succeeds or fails.
    pub(crate) is_pending: bool,
}

impl State {
    pub(crate) fn refund(&mut self, of: RefundOf) -> Result<String, Refusal> {
        let charge = self.charge_of(&of.payment)?;
        let id = text(&charge, "id");
        let left = int(&charge, "amount_captured") - int(&charge, "amount_refunded");
        if text(&charge, "status") != "succeeded" {
            return Err(Refusal::request(Some("charge_not_refundable"), format!("Charge {id} has not succeeded.")));
        }
        if left <= 0 {
            let message = format!("Charge {id} has already been refunded.");
            return Err(Refusal::request(Some("charge_already_refunded"), message));
        }
        if self.objects.with("dispute", "charge", id).iter().any(|one| !self.is_refundable(one)) {
            let message = format!("Charge {id} has been charged back; cannot issue a refund.");
            return Err(Refusal::request(Some("charge_disputed"), message));
        }
        let amount = of.amount.unwrap_or(left);
        if amount <= 0 {
            return Err(Refusal::invalid("amount", "Invalid positive integer"));
        }
        if amount > left {
            let message = format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})");
            return Err(Refusal::invalid("amount", message));
        }
        let refund = self.new_refund(&charge, amount, &of);
        self.set_refunded(id, int(&charge, "amount_refunded") + amount);
        self.emit("refund.created", &refund);
        self.emit_change("charge.refunded", id, &charge);
        Ok(refund)
    }

    fn is_refundable(&self, dispute: &str) -> bool {
        let dispute = self.objects.get(dispute);
        dispute["is_charge_refundable"] == true || text(dispute, "status") == "won"
    }

    fn new_refund(&mut self, charge: &Value, amount: i64, of: &RefundOf) -> String {
        let id = self.new_id("re_");
        let transaction = self.new_transaction(-amount, text(charge, "id"), "refund");
        let fields = json!({
            "amount": amount,
            "balance_transaction": transaction,
            "charge": charge["id"],
            "currency": charge["currency"],
            "metadata": if of.metadata.is_object() { of.metadata.clone() } else { json!({}) },
            "payment_intent": charge["payment_intent"],
            "reason": of.reason,
            "status": if of.is_pending { "pending" } else { "succeeded" },
        });
        self.create("refund", id, fields)
    }

    fn set_refunded(&mut self, charge: &str, amount: i64) {
        let is_full = amount == int(self.objects.get(charge), "amount");
        self.change(charge, json!({ "amount_refunded": amount, "refunded": is_full }));
        self.objects.get_mut(charge)["refunds"]["has_more"] = (amount > 0).into();
    }

    /// The charge with this id, or the latest one of the payment intent with it.
    pub(crate) fn charge_of(&self, payment: &str) -> Result<Value, Refusal> {
        if let Some(intent) = self.objects.find("payment_intent", payment) {
            let charge = text(intent, "latest_charge");
            let refused = || Refusal::request(None, format!("This PaymentIntent ({payment}) does not have a charge."));
            return self.objects.find("charge", charge).cloned().ok_or_else(refused);
        }
        let what = if payment.starts_with("pi_") { "payment_intent" } else { "charge" };
        self.objects.find("charge", payment).cloned().ok_or_else(|| Refusal::no_such_in(what, payment, what))
    }

    /// The money could not be returned, even if the refund had succeeded: the charge is not refunded after all.
    pub(crate) fn fail_refund(&mut self, id: &str) -> Result<(), Refusal> {
        let refund = self.get("refund", id)?;
        if !["pending", "succeeded"].contains(&text(&refund, "status")) {
            return Err(Refusal::request(None, format!("The refund is {}.", text(&refund, "status"))));
        }
        let transaction = self.new_transaction(int(&refund, "amount"), text(&refund, "charge"), "refund_failure");
        let fields = json!({
            "status": "failed",
            "failure_reason": "lost_or_stolen_card",
            "failure_balance_transaction": transaction,
        });
        self.change(id, fields);
        self.take_back(&refund);
        self.emit_change("refund.updated", id, &refund);
        self.emit("refund.failed", id);
        self.emit_change("charge.refund.updated", id, &refund);
        Ok(())
    }

    fn take_back(&mut self, refund: &Value) {
        let charge = text(refund, "charge");
        let refunded = int(self.objects.get(charge), "amount_refunded") - int(refund, "amount");
        self.set_refunded(charge, refunded);
    }

    /// The bank has paid a pending refund.
    pub(crate) fn succeed_refund(&mut self, id: &str) -> Result<(), Refusal> {
        let refund = self.pending_refund(id, "completed")?;
        self.change(id, json!({ "status": "succeeded" }));
        self.emit_change("refund.updated", id, &refund);
        self.emit_change("charge.refund.updated", id, &refund);
        Ok(())
    }

    pub(crate) fn cancel_refund(&mut self, id: &str) -> Result<(), Refusal> {
        let refund = self.pending_refund(id, "canceled")?;
        self.change(id, json!({ "status": "canceled" }));
        self.take_back(&refund);
        self.emit_change("refund.updated", id, &refund);
        self.emit_change("charge.refund.updated", id, &refund);
        Ok(())
    }

    fn pending_refund(&self, id: &str, what: &str) -> Result<Value, Refusal> {
        let refund = self.get("refund", id)?;
        let status = text(&refund, "status");
        if status == "pending" {
            return Ok(refund);
        }
        Err(Refusal::request(None, format!("A refund with the status {status} cannot be {what}.")))
    }
}
