//! How a person pays.

use serde_json::{Value, json};

use crate::stripe::{state::State, wire::fields::or_null};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Card,
    /// The bank refuses the charge. The session stays open.
    DeclinedCard,
    /// A delayed method: the session is complete, but unpaid until the payment is settled.
    BankDebit,
}

/// What a person fills in on the checkout page.
#[derive(Clone, Debug)]
pub struct Payment {
    pub email: String,
    pub name: String,
    pub method: Method,
    /// The country of the billing address, such as `DE`.
    pub country: String,
    /// A European VAT id, or nothing.
    pub tax_id: String,
}

impl Payment {
    pub fn new(email: &str, name: &str, method: Method) -> Self {
        Self { email: email.to_owned(), name: name.to_owned(), method, country: "DE".to_owned(), tax_id: String::new() }
    }

    pub fn by_card(email: &str) -> Self {
        Self::new(email, "Jenny Rosen", Method::Card)
    }

    pub(crate) fn address(&self) -> Value {
        json!({
            "city": null,
            "country": or_null(&self.country),
            "line1": null,
            "line2": null,
            "postal_code": null,
            "state": null,
        })
    }

    pub(crate) fn billing_details(&self) -> Value {
        json!({
            "address": self.address(),
            "email": self.email,
            "name": or_null(&self.name),
            "phone": null,
            "tax_id": null,
        })
    }
}

impl Method {
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Card | Self::DeclinedCard => "card",
            Self::BankDebit => "sepa_debit",
        }
    }
}

impl State {
    /// Creates the payment method that a person entered.
    pub(crate) fn new_method(&mut self, payment: &Payment, customer: &Value) -> String {
        let id = self.new_id("pm_");
        let kind = payment.method.kind();
        let fields = json!({
            "type": kind,
            "billing_details": payment.billing_details(),
            "customer": customer,
        });
        self.create("payment_method", id.clone(), fields);
        if payment.method == Method::BankDebit {
            self.change(&id, json!({ "card": null, "sepa_debit": sepa_debit() }));
        }
        if customer.is_string() {
            self.emit("payment_method.attached", &id);
        }
        id
    }
}

/// The bank account of a delayed payment.
pub(crate) fn sepa_debit() -> Value {
    json!({
        "bank_code": "37040044",
        "branch_code": null,
        "country": "DE",
        "fingerprint": "IJkzeLvNVPKCr3LA",
        "last4": "3000",
    })
}
