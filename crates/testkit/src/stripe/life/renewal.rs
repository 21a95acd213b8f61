//! What happens by itself when time passes: sessions expire, subscriptions renew, failed payments are retried.

use serde_json::{Value, json};

use super::{Cart, Line, Method, calendar::start_of_period, cart::total, invoice::InvoiceOf};
use crate::stripe::{
    state::State,
    wire::fields::{int, text},
};

/// What the bank answers when a subscription renews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    Succeed,
    Fail,
}

/// The days after a failed payment on which it is retried. After the last one, the subscription ends.
const RETRIES: [i64; 3] = [3, 5, 7];

const DAY: i64 = 24 * 60 * 60;

/// The parts of a subscription that are not in its object.
#[derive(Clone, Debug)]
pub(crate) struct Billing {
    lines: Vec<Line>,
    coupon: Option<String>,
    has_tax: bool,
    anchor: i64,
    /// The number of the current period, counted from the anchor.
    period: i64,
    /// What the bank answers, if it differs from the double's setting.
    pub(crate) renewal: Option<Renewal>,
    /// The unpaid invoice, the number of its failed payments, and when the next one is due.
    unpaid: Option<(String, usize, i64)>,
}

impl Billing {
    pub(crate) fn new(lines: Vec<Line>, cart: &Cart, anchor: i64) -> Self {
        let coupon = cart.coupon.clone();
        Self { lines, coupon, has_tax: cart.has_tax, anchor, period: 0, renewal: None, unpaid: None }
    }
}

enum Due {
    Session(String),
    Retry(String),
    Period(String),
}

impl State {
    /// Does everything that was due until now, in the order in which it was due.
    pub(crate) fn catch_up(&mut self) {
        let (until, real) = (self.clock.billing(), self.clock.real());
        while let Some((at, due)) = self.next_due(real).filter(|(at, _)| *at <= until) {
            self.clock.set_moment(Some(at));
            match due {
                // Only open sessions are due, and those can expire.
                Due::Session(id) => drop(self.expire(&id)),
                Due::Retry(id) => self.retry(&id),
                Due::Period(id) => self.end_period(&id),
            }
        }
        self.clock.set_moment(None);
    }

    fn next_due(&self, real: i64) -> Option<(i64, Due)> {
        let mut next: Option<(i64, Due)> = None;
        let mut offer = |at: i64, due: Due| {
            if next.as_ref().is_none_or(|(earliest, _)| at < *earliest) {
                next = Some((at, due));
            }
        };
        for session in self.objects.newest("checkout.session").filter(|one| text(one, "status") == "open") {
            let at = int(session, "expires_at");
            if at <= real {
                offer(at, Due::Session(text(session, "id").to_owned()));
            }
        }
        for subscription in self.objects.newest("subscription") {
            let id = text(subscription, "id");
            if !["active", "past_due"].contains(&text(subscription, "status")) {
                continue;
            }
            if let Some((_, _, at)) = self.billing.get(id).and_then(|billing| billing.unpaid.as_ref()) {
                offer(*at, Due::Retry(id.to_owned()));
            }
            offer(self.period_end(id), Due::Period(id.to_owned()));
        }
        next
    }

    /// The current period is over: the subscription ends or renews.
    fn end_period(&mut self, id: &str) {
        if self.objects.get(id)["cancel_at_period_end"] == true {
            // It is active, so it can be canceled.
            return drop(self.cancel_subscription(id));
        }
        let Some(billing) = self.billing.get_mut(id) else { return };
        billing.period += 1;
        let (anchor, period) = (billing.anchor, billing.period);
        self.renew(id, anchor, period);
    }

    /// Starts a new billing cycle at this moment.
    pub(crate) fn restart(&mut self, id: &str) {
        let now = self.now();
        let Some(billing) = self.billing.get_mut(id) else { return };
        (billing.anchor, billing.period) = (now, 0);
        self.change(id, json!({ "billing_cycle_anchor": now }));
        self.renew(id, now, 0);
    }

    fn renew(&mut self, id: &str, anchor: i64, period: i64) {
        let before = self.objects.get(id).clone();
        let recurring = &before["items"]["data"][0]["price"]["recurring"];
        let boundary =
            |number| start_of_period(anchor, text(recurring, "interval"), int(recurring, "interval_count"), number);
        let (start, end) = (boundary(period), boundary(period + 1));
        self.set_period(id, start, end);
        let invoice = self.renewal_invoice(id, start, end);
        self.change(id, json!({ "latest_invoice": invoice }));
        self.emit_change("customer.subscription.updated", id, &before);
        match text(&before["pause_collection"], "behavior") {
            "" => self.collect(id, &invoice, 0),
            "void" => self.close_invoice(&invoice, "void"),
            "mark_uncollectible" => self.close_invoice(&invoice, "uncollectible"),
            _ => {
                self.change(&invoice, json!({ "status": "draft", "auto_advance": false }));
            }
        }
    }

    fn renewal_invoice(&mut self, id: &str, start: i64, end: i64) -> String {
        let subscription = self.objects.get(id).clone();
        let Some(mut billing) = self.billing.get(id).cloned() else { return String::new() };
        let coupon = billing.coupon.as_deref().map(|id| self.objects.get(id));
        // A coupon that is not for all invoices was for the first one.
        let coupon = coupon.filter(|coupon| text(coupon, "duration") == "forever").cloned();
        let tax = billing.has_tax.then_some(self.options.tax_basis_points);
        total(&mut billing.lines, coupon.as_ref(), tax);
        self.new_invoice(InvoiceOf {
            customer: &subscription["customer"],
            currency: text(&subscription, "currency"),
            lines: &billing.lines,
            reason: "subscription_cycle",
            subscription: Some(&subscription),
            period: (start, end),
            has_tax: billing.has_tax,
            given: Value::Null,
        })
    }

    /// Charges for an invoice of a subscription, after this number of failures.
    fn collect(&mut self, id: &str, invoice: &str, failures: usize) {
        let (of, subscription) = (self.objects.get(invoice).clone(), self.objects.get(id).clone());
        let renewal = self.billing.get(id).and_then(|billing| billing.renewal).unwrap_or(self.renewal);
        let amount = int(&of, "amount_due");
        let is_paid = amount == 0 || {
            let how = if renewal == Renewal::Succeed { Method::Card } else { Method::DeclinedCard };
            let intent = self.intent_of_invoice(invoice, amount, &subscription);
            self.confirm(&intent, &subscription["default_payment_method"], how)
        };
        if is_paid {
            self.set_unpaid(id, None);
            self.pay_invoice(invoice);
            if text(&subscription, "status") == "past_due" {
                self.change_and_emit("customer.subscription.updated", id, json!({ "status": "active" }));
            }
        } else {
            self.miss(id, invoice, failures);
        }
    }

    fn intent_of_invoice(&mut self, invoice: &str, amount: i64, subscription: &Value) -> String {
        let payments = self.objects.with("invoice_payment", "invoice", invoice);
        let earlier = payments.first().map(|id| text(&self.objects.get(id)["payment"], "payment_intent").to_owned());
        earlier.unwrap_or_else(|| {
            let description = json!({ "description": "Subscription update" });
            let currency = text(subscription, "currency");
            let intent = self.new_intent(amount, currency, &subscription["customer"], &description);
            self.new_invoice_payment(invoice, &intent);
            intent
        })
    }

    /// A payment of a renewal failed: it is retried, or the subscription ends.
    fn miss(&mut self, id: &str, invoice: &str, failures: usize) {
        let next = RETRIES.get(failures).map(|days| self.clock.billing() + days * DAY);
        self.set_unpaid(id, next.map(|at| (invoice.to_owned(), failures + 1, at)));
        let attempts = int(self.objects.get(invoice), "attempt_count") + 1;
        let fields = json!({ "attempt_count": attempts, "attempted": true, "next_payment_attempt": next });
        self.change(invoice, fields);
        self.emit("invoice.payment_failed", invoice);
        if text(self.objects.get(id), "status") == "active" {
            self.change_and_emit("customer.subscription.updated", id, json!({ "status": "past_due" }));
        }
        if next.is_none() {
            self.set_cancellation_reason(id, "payment_failed".into());
            // It is past due, so it can be canceled.
            drop(self.cancel_subscription(id));
        }
    }

    fn set_unpaid(&mut self, id: &str, unpaid: Option<(String, usize, i64)>) {
        if let Some(billing) = self.billing.get_mut(id) {
            billing.unpaid = unpaid;
        }
    }

    fn retry(&mut self, id: &str) {
        let unpaid = self.billing.get(id).and_then(|billing| billing.unpaid.clone());
        if let Some((invoice, failures, _)) = unpaid {
            self.collect(id, &invoice, failures);
        }
    }

    /// A delayed payment of a subscription's invoice failed.
    pub(crate) fn fail_invoice(&mut self, invoice: &str) {
        let parent = &self.objects.get(invoice)["parent"]["subscription_details"];
        let id = text(parent, "subscription").to_owned();
        if !id.is_empty() && text(self.objects.get(invoice), "status") == "open" {
            self.miss(&id, invoice, 0);
        }
    }
}
