//! The decision about an order.

use std::time::Duration;

use crate::{
    order::{
        payment::{Payment, PaymentStanding},
        status::OrderStatus,
    },
    rules::policy::words,
    time::Timestamp,
};

words! {
    /// Why an order is held for an admin. Its buyer gets no license until the admin releases it.
    HoldReason {
        /// The checkout was in test mode and the instance is live, or the reverse.
        WrongLiveMode = "wrong_livemode",
        /// The checkout is one-time and the order a subscription, or the reverse.
        WrongMode = "wrong_mode",
        /// The checkout was in another currency.
        WrongCurrency = "wrong_currency",
        /// The checkout was about other prices or quantities.
        WrongLines = "wrong_lines",
        /// The amount is not what the lines cost.
        WrongAmount = "wrong_amount",
        /// The checkout names another order than the one that it was opened for.
        WrongOrder = "wrong_order",
        /// The checkout was paid by another customer than the one who ordered.
        WrongCustomer = "wrong_customer",
        /// The checkout has no usable e-mail address.
        NoAddress = "no_address",
        /// The buyer's account is banned.
        AccountDisabled = "account_disabled",
        /// The license to upgrade has changed in the meantime.
        NotUpgradable = "not_upgradable",
    }
}

words! {
    /// What became of the checkout.
    Checkout {
        /// The buyer can still pay.
        Open = "open",
        /// It ended without a payment.
        Expired = "expired",
        /// It is paid.
        Paid = "paid",
        /// It is complete, and there was nothing to pay.
        NothingToPay = "nothing_to_pay",
        /// It is complete, and the buyer's bank has not confirmed the payment.
        Unpaid = "unpaid",
        /// It is complete, and the buyer's bank refused the payment.
        Failed = "failed",
    }
}

words! {
    /// The state of a subscription (<https://docs.stripe.com/api/subscriptions/object#subscription_object-status>).
    SubscriptionState {
        /// It renews.
        Active = "active",
        /// Its first period is free.
        Trialing = "trialing",
        /// The last renewal has not been paid, and there will be more attempts.
        PastDue = "past_due",
        /// The first payment has not been made.
        Incomplete = "incomplete",
        /// It does not renew until it is resumed.
        Paused = "paused",
        /// It has ended, or no more attempts are made.
        Ended = "ended",
    }
}

impl SubscriptionState {
    /// Whether the next period begins unless something is done.
    fn renews(self) -> bool {
        matches!(self, Self::Active | Self::Trialing | Self::PastDue)
    }
}

/// Everything that is known about an order.
#[derive(Clone, Debug)]
pub struct OrderFacts {
    /// What became of the checkout.
    pub checkout: Checkout,
    /// What does not match, unless an admin released the order.
    pub hold: Option<HoldReason>,
    /// The payments received.
    pub payments: Vec<Payment>,
    /// The state of the subscription, if the order is one.
    pub subscription: Option<SubscriptionState>,
    /// Whether the subscription ends with its current period.
    pub is_canceled_at_period_end: bool,
    /// How long licenses of a subscription outlast a period whose renewal is not paid yet.
    pub grace: Duration,
}

/// What an order's licenses are allowed by its payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// They may be used.
    Yes,
    /// They may not be used until a dispute is decided.
    Suspended,
    /// The money went back, so they may not be used.
    Revoked,
}

/// What follows from the facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The order's status.
    pub status: OrderStatus,
    /// Whether the buyer must have what the order is for: a license for each unit, or the upgrade.
    pub delivers: bool,
    /// Whether its licenses may be used.
    pub allowed: Allowed,
    /// When the licenses of a subscription expire.
    pub expires_at: Option<Timestamp>,
}

/// Decides about an order.
pub fn decide(facts: &OrderFacts) -> Verdict {
    let undelivered = |status| Verdict { status, delivers: false, allowed: Allowed::Yes, expires_at: None };
    match facts.checkout {
        Checkout::Open => return undelivered(OrderStatus::Open),
        Checkout::Expired => return undelivered(OrderStatus::Expired),
        Checkout::Unpaid => return undelivered(OrderStatus::Pending),
        Checkout::Failed => return undelivered(OrderStatus::PaymentFailed),
        Checkout::Paid | Checkout::NothingToPay => {}
    }
    let (status, allowed) = standing(&facts.payments);
    if facts.hold.is_some() {
        // An order that was paid back needs no decision.
        let is_paid_back = matches!(status, OrderStatus::Refunded | OrderStatus::DisputeLost);
        return undelivered(if is_paid_back { status } else { OrderStatus::Held });
    }
    Verdict { status, delivers: true, allowed, expires_at: expiry(facts) }
}

/// The status of a paid order.
fn standing(payments: &[Payment]) -> (OrderStatus, Allowed) {
    let standings: Vec<PaymentStanding> = payments.iter().map(Payment::standing).collect();
    let Some(worst) = standings.iter().copied().max() else {
        return (OrderStatus::Paid, Allowed::Yes);
    };
    if standings.contains(&PaymentStanding::Disputed) {
        return (OrderStatus::Disputed, Allowed::Suspended);
    }
    let is_any_kept = standings.iter().any(|standing| *standing <= PaymentStanding::PartlyRefunded);
    match worst {
        PaymentStanding::Kept => (OrderStatus::Paid, Allowed::Yes),
        _ if is_any_kept => (OrderStatus::PartlyRefunded, Allowed::Yes),
        PaymentStanding::DisputeLost => (OrderStatus::DisputeLost, Allowed::Revoked),
        _ => (OrderStatus::Refunded, Allowed::Revoked),
    }
}

/// The end of the last period that was paid for and not paid back, plus the grace while a renewal may still come.
fn expiry(facts: &OrderFacts) -> Option<Timestamp> {
    let state = facts.subscription?;
    let kept = facts.payments.iter().filter(|payment| payment.standing() <= PaymentStanding::Disputed);
    let paid_until = kept.filter_map(|payment| payment.period_ends_at).max()?;
    Some(if state.renews() && !facts.is_canceled_at_period_end { paid_until.plus(facts.grace) } else { paid_until })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::order::payment::{Dispute, DisputeState, Refund, RefundState};

    fn facts(payments: Vec<Payment>) -> OrderFacts {
        OrderFacts {
            checkout: Checkout::Paid,
            hold: None,
            payments,
            subscription: None,
            is_canceled_at_period_end: false,
            grace: Duration::ZERO,
        }
    }

    fn payment(refunds: &[(i64, RefundState)], disputes: &[DisputeState]) -> Payment {
        Payment {
            paid_minor: 100,
            refunds: refunds
                .iter()
                .map(|(amount_minor, state)| Refund { amount_minor: *amount_minor, state: *state })
                .collect(),
            disputes: disputes.iter().map(|state| Dispute { state: *state }).collect(),
            period_ends_at: None,
        }
    }

    fn verdict(refunds: &[(i64, RefundState)], disputes: &[DisputeState]) -> (OrderStatus, Allowed) {
        let verdict = decide(&facts(vec![payment(refunds, disputes)]));
        assert!(verdict.delivers);
        (verdict.status, verdict.allowed)
    }

    /// Refunds and disputes of a payment of 100, and what follows.
    type Case = (&'static [(i64, RefundState)], &'static [DisputeState], (OrderStatus, Allowed));

    #[test]
    fn the_money_decides_about_the_licenses() {
        use DisputeState::{Inquiry, InquiryClosed, Lost, Open, Prevented, Won};
        use RefundState::{Canceled, Failed, Pending, RequiresAction, Succeeded};
        let kept = (OrderStatus::Paid, Allowed::Yes);
        let partly = (OrderStatus::PartlyRefunded, Allowed::Yes);
        let refunded = (OrderStatus::Refunded, Allowed::Revoked);
        let disputed = (OrderStatus::Disputed, Allowed::Suspended);
        let lost = (OrderStatus::DisputeLost, Allowed::Revoked);
        let cases: &[Case] = &[
            (&[], &[], kept),
            (&[(100, Succeeded)], &[], refunded),
            (&[(100, Pending)], &[], refunded),
            (&[(100, RequiresAction)], &[], kept),
            (&[(100, Failed)], &[], kept),
            (&[(100, Canceled)], &[], kept),
            (&[(40, Succeeded)], &[], partly),
            (&[(40, Succeeded), (60, Succeeded)], &[], refunded),
            (&[(40, Succeeded), (60, Failed)], &[], partly),
            (&[], &[Inquiry], kept),
            (&[], &[InquiryClosed], kept),
            (&[], &[Open], disputed),
            (&[], &[Won], kept),
            (&[], &[Prevented], kept),
            (&[], &[Lost], lost),
            (&[], &[Won, Open], disputed),
            (&[], &[Open, Lost], lost),
            (&[(40, Succeeded)], &[Open], disputed),
            (&[(100, Succeeded)], &[Open], refunded),
            (&[(100, Succeeded)], &[Won], refunded),
        ];
        for (refunds, disputes, expected) in cases {
            assert_eq!(verdict(refunds, disputes), *expected, "{refunds:?} {disputes:?}");
        }
    }

    #[test]
    fn nothing_is_delivered_before_it_is_paid_or_while_it_is_held() {
        for (checkout, status) in [
            (Checkout::Open, OrderStatus::Open),
            (Checkout::Expired, OrderStatus::Expired),
            (Checkout::Unpaid, OrderStatus::Pending),
            (Checkout::Failed, OrderStatus::PaymentFailed),
        ] {
            let verdict = decide(&OrderFacts { checkout, ..facts(Vec::new()) });
            assert_eq!((verdict.status, verdict.delivers), (status, false));
        }
        let held = OrderFacts { hold: Some(HoldReason::WrongAmount), ..facts(vec![payment(&[], &[])]) };
        assert_eq!((decide(&held).status, decide(&held).delivers), (OrderStatus::Held, false));
        let paid_back = OrderFacts { payments: vec![payment(&[(100, RefundState::Succeeded)], &[])], ..held };
        assert_eq!((decide(&paid_back).status, decide(&paid_back).delivers), (OrderStatus::Refunded, false));
        let free = OrderFacts { checkout: Checkout::NothingToPay, ..facts(Vec::new()) };
        assert_eq!((decide(&free).status, decide(&free).delivers), (OrderStatus::Paid, true));
    }

    #[test]
    fn a_subscription_lasts_for_the_periods_that_were_paid() {
        let day = |days: u64| Timestamp::from_unix_micros(0).plus(Duration::from_hours(24 * days));
        let period = |end: u64, refunded: bool| Payment {
            period_ends_at: Some(day(end)),
            ..payment(if refunded { &[(100, RefundState::Succeeded)] } else { &[] }, &[])
        };
        let ends = |state, payments| {
            let grace = Duration::from_hours(24 * 7);
            decide(&OrderFacts { subscription: Some(state), grace, ..facts(payments) }).expires_at
        };
        let paid = || vec![period(30, false), period(60, false)];
        assert_eq!(ends(SubscriptionState::Active, paid()), Some(day(67)));
        assert_eq!(ends(SubscriptionState::PastDue, paid()), Some(day(67)));
        let canceled = OrderFacts {
            subscription: Some(SubscriptionState::Active),
            is_canceled_at_period_end: true,
            grace: Duration::from_hours(24),
            ..facts(paid())
        };
        assert_eq!(decide(&canceled).expires_at, Some(day(60)));
        assert_eq!(ends(SubscriptionState::Paused, paid()), Some(day(60)));
        assert_eq!(ends(SubscriptionState::Ended, paid()), Some(day(60)));
        assert_eq!(ends(SubscriptionState::Ended, vec![period(30, false), period(60, true)]), Some(day(30)));
        let all_refunded = facts(vec![period(30, true), period(60, true)]);
        let verdict = decide(&OrderFacts { subscription: Some(SubscriptionState::Ended), ..all_refunded });
        assert_eq!((verdict.allowed, verdict.expires_at), (Allowed::Revoked, None));
    }

    fn refund_states() -> impl Strategy<Value = RefundState> {
        proptest::sample::select(RefundState::ALL)
    }

    fn payments() -> impl Strategy<Value = Vec<Payment>> {
        let refund = (1..=100i64, refund_states()).prop_map(|(amount_minor, state)| Refund { amount_minor, state });
        let dispute = proptest::sample::select(DisputeState::ALL).prop_map(|state| Dispute { state });
        let payment = (0..=100i64, proptest::collection::vec(refund, 0..4), proptest::collection::vec(dispute, 0..3));
        let payment = payment.prop_map(|(paid_minor, refunds, disputes)| Payment {
            paid_minor,
            refunds,
            disputes,
            period_ends_at: None,
        });
        proptest::collection::vec(payment, 0..4)
    }

    proptest! {
        /// The order in which facts are listed is the order in which they arrived. It must not matter.
        #[test]
        fn the_order_of_the_facts_does_not_matter(payments in payments(), seed in any::<usize>()) {
            let verdict = decide(&facts(payments.clone()));
            let mut other = payments;
            if !other.is_empty() {
                let at = seed % other.len();
                other.rotate_left(at);
            }
            for payment in &mut other {
                payment.refunds.reverse();
                payment.disputes.reverse();
            }
            prop_assert_eq!(decide(&facts(other)), verdict);
        }

        /// Licenses are usable only if the vendor keeps at least some of the money and no dispute is open.
        #[test]
        fn licenses_are_usable_only_while_money_is_kept(payments in payments()) {
            let verdict = decide(&facts(payments.clone()));
            let is_open = payments.iter().any(|p| p.standing() == PaymentStanding::Disputed);
            let is_kept = payments.is_empty() || payments.iter().any(|p| p.standing() <= PaymentStanding::PartlyRefunded);
            prop_assert_eq!(verdict.allowed == Allowed::Yes, is_kept && !is_open);
        }
    }
}
