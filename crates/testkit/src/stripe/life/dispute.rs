//! Disputes and early fraud warnings.

use serde_json::{Value, json};

use crate::stripe::{
    state::State,
    wire::{
        fields::{int, text},
        refusal::Refusal,
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeKind {
    /// `needs_response`: the bank has taken the money back.
    Chargeback,
    /// `warning_needs_response`: the bank only asks. Refunds are possible.
    Inquiry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Won,
    Lost,
    /// An inquiry was closed without a chargeback.
    WarningClosed,
}

impl State {
    pub(crate) fn dispute(&mut self, payment: &str, kind: DisputeKind) -> Result<String, Refusal> {
        let charge = self.charge_of(payment)?;
        if text(&charge, "status") != "succeeded" {
            return Err(Refusal::request(None, "Only a charge that has succeeded can be disputed."));
        }
        let id = self.new_id(if kind == DisputeKind::Inquiry { "issdp_" } else { "dp_" });
        let is_inquiry = kind == DisputeKind::Inquiry;
        let now = self.now();
        let fields = json!({
            "amount": charge["amount"],
            "charge": charge["id"],
            "currency": charge["currency"],
            "is_charge_refundable": is_inquiry,
            "payment_intent": charge["payment_intent"],
            "reason": "fraudulent",
            "status": if is_inquiry { "warning_needs_response" } else { "needs_response" },
        });
        self.create("dispute", id.clone(), fields);
        let object = self.objects.get_mut(&id);
        object["evidence_details"]["due_by"] = (now + 9 * 24 * 60 * 60).into();
        object["payment_method_details"]["card"]["case_type"] =
            if is_inquiry { "inquiry" } else { "chargeback" }.into();
        if is_inquiry {
            self.emit("charge.dispute.created", &id);
        } else {
            self.withdraw(&id);
            self.emit("charge.dispute.created", &id);
            self.emit("charge.dispute.funds_withdrawn", &id);
        }
        Ok(id)
    }

    /// The bank takes the money back.
    fn withdraw(&mut self, id: &str) {
        let dispute = self.objects.get(id).clone();
        self.book(id, -int(&dispute, "amount"), "dispute");
        self.change(text(&dispute, "charge"), json!({ "disputed": true }));
    }

    /// Adds a balance transaction to a dispute.
    fn book(&mut self, id: &str, amount: i64, kind: &str) {
        let charge = text(self.objects.get(id), "charge").to_owned();
        let transaction = self.new_transaction(amount, &charge, kind);
        let transaction = self.objects.get(&transaction).clone();
        if let Some(list) = self.objects.get_mut(id)["balance_transactions"].as_array_mut() {
            list.push(transaction);
        }
    }

    /// An inquiry becomes a chargeback.
    pub(crate) fn escalate_dispute(&mut self, id: &str) -> Result<(), Refusal> {
        let before = self.open_dispute(id)?;
        if !text(&before, "status").starts_with("warning_") {
            return Err(Refusal::request(None, "Only an inquiry can become a chargeback."));
        }
        self.change(id, json!({ "status": "needs_response", "is_charge_refundable": false }));
        self.objects.get_mut(id)["payment_method_details"]["card"]["case_type"] = "chargeback".into();
        self.withdraw(id);
        self.emit_change("charge.dispute.updated", id, &before);
        self.emit("charge.dispute.funds_withdrawn", id);
        Ok(())
    }

    /// Evidence was sent, so the bank decides.
    pub(crate) fn review_dispute(&mut self, id: &str) -> Result<(), Refusal> {
        let before = self.open_dispute(id)?;
        let is_inquiry = text(&before, "status").starts_with("warning_");
        self.change(id, json!({ "status": if is_inquiry { "warning_under_review" } else { "under_review" } }));
        let details = &mut self.objects.get_mut(id)["evidence_details"];
        details["has_evidence"] = true.into();
        details["submission_count"] = 1.into();
        self.emit_change("charge.dispute.updated", id, &before);
        Ok(())
    }

    pub(crate) fn close_dispute(&mut self, id: &str, outcome: Outcome) -> Result<(), Refusal> {
        let before = self.open_dispute(id)?;
        let is_inquiry = text(&before, "status").starts_with("warning_");
        if is_inquiry != (outcome == Outcome::WarningClosed) {
            let message = "An inquiry is closed as warning_closed, and a chargeback is won or lost.";
            return Err(Refusal::request(None, message));
        }
        let status = match outcome {
            Outcome::Won => "won",
            Outcome::Lost => "lost",
            Outcome::WarningClosed => "warning_closed",
        };
        self.change(id, json!({ "status": status }));
        if outcome == Outcome::Won {
            self.book(id, int(&before, "amount"), "dispute_reversal");
        }
        self.emit_change("charge.dispute.closed", id, &before);
        if outcome == Outcome::Won {
            self.emit_change("charge.dispute.funds_reinstated", id, &before);
        }
        Ok(())
    }

    fn open_dispute(&self, id: &str) -> Result<Value, Refusal> {
        let dispute = self.get("dispute", id)?;
        let status = text(&dispute, "status");
        if ["won", "lost", "warning_closed"].contains(&status) {
            return Err(Refusal::request(None, format!("This dispute is already closed: {status}.")));
        }
        Ok(dispute)
    }

    pub(crate) fn fraud_warning(&mut self, payment: &str) -> Result<String, Refusal> {
        let charge = self.charge_of(payment)?;
        let id = self.new_id("issfr_");
        let fields = json!({
            "actionable": charge["refunded"] != true,
            "charge": charge["id"],
            "fraud_type": "made_with_stolen_card",
            "payment_intent": charge["payment_intent"],
        });
        self.create("radar.early_fraud_warning", id.clone(), fields);
        self.emit("radar.early_fraud_warning.created", &id);
        Ok(id)
    }
}
