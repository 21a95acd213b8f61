//! Orders, their payments, and what the payment provider sends.

use latchkey_licensing::{
    ids::{AccountId, LicenseId, OrderId, PolicyId},
    order::{Order, OrderLine, OrderedLicense},
    time::Timestamp,
};

use super::dispatch::methods;
use crate::{
    page::Page,
    tables::billing::{
        order_payments::StoredPayment,
        orders::OrderSearch,
        stripe_events::{EventState, NewStripeEvent, StripeEventRow},
    },
};

methods! {
    orders {
        read {
            find_order(id: OrderId) -> Option<Order>;
            /// Finds the order to which the provider's checkout, payment, refund, dispute or subscription with this id belongs.
            find_order_by_object(id: &str) -> Option<Order>;
            /// Lists the orders that an account received, newest first.
            list_orders_of(account: AccountId) -> Vec<Order>;
            /// Lists at most ten orders with a number, which is the end of their ids.
            list_orders_numbered(number: [u8; 5]) -> Vec<OrderId>;
            /// Lists the orders that a search finds, newest first, before `before`.
            list_orders(search: &OrderSearch, before: Option<OrderId>, limit: u32) -> Page<Order, OrderId>;
            /// Lists the orders that upgrade a license, oldest first.
            list_upgrades_of(license: LicenseId) -> Vec<Order>;
        }
        write {
            insert_order(order: &Order) -> ();
            /// Writes everything that can change. The order must be locked.
            update_order(order: &Order) -> ();
            /// Locks an order until the transaction ends, and reads it.
            lock_order(id: OrderId) -> Option<Order>;
        }
    }

    order_lines {
        read {
            /// Lists the lines of these orders, by number.
            list_order_lines(orders: &[OrderId]) -> Vec<(OrderId, OrderLine)>;
            /// Counts the lines that are about a policy.
            count_order_lines_for(policy: PolicyId) -> i64;
        }
        write {
            insert_order_lines(order: OrderId, lines: &[OrderLine]) -> ();
        }
    }

    order_licenses {
        read {
            /// Lists the licenses of these orders, by line and unit.
            list_order_licenses(orders: &[OrderId]) -> Vec<OrderedLicense>;
            /// Lists the orders of these licenses. Licenses without one are left out.
            list_order_licenses_of(licenses: &[LicenseId]) -> Vec<OrderedLicense>;
            /// Finds the order of a license.
            find_order_license(license: LicenseId) -> Option<OrderedLicense>;
        }
        write {
            insert_order_licenses(licenses: &[OrderedLicense]) -> ();
            /// Writes the standings. The license must be locked.
            update_order_license(license: &OrderedLicense) -> ();
        }
    }

    order_payments {
        read {
            /// Lists the payments of these orders, oldest first.
            list_order_payments(orders: &[OrderId]) -> Vec<(OrderId, StoredPayment)>;
        }
        write {
            /// Replaces the payments of an order. The order must be locked.
            set_order_payments(order: OrderId, payments: &[StoredPayment]) -> ();
        }
    }

    stripe_customers {
        read {
            find_account_of_stripe_customer(id: &str) -> Option<AccountId>;
            /// Finds the provider's customer with which an account bought last while it was signed in. Others may belong to
            /// somebody who typed the account's address.
            find_stripe_customer_of(account: AccountId, is_live: bool) -> Option<String>;
        }
        write {
            /// Binds a customer of the provider to an account. `false` if it is bound already.
            insert_stripe_customer(id: &str, account: AccountId, is_live: bool, now: Timestamp) -> bool;
        }
    }

    stripe_events {
        read {
            /// When the next event is due, if one is waiting.
            next_stripe_event_due_at() -> Option<Timestamp>;
            /// Finds an event and its body.
            find_stripe_event(id: &str) -> Option<(StripeEventRow, Vec<u8>)>;
            /// Lists events, the last received first.
            list_stripe_events(state: Option<EventState>, before: Option<Timestamp>, limit: i64) -> Vec<StripeEventRow>;
            /// Lists those of the ids that are stored.
            list_known_stripe_events(ids: &[&str]) -> Vec<String>;
        }
        write {
            /// `false` if an event with this id is stored already.
            insert_stripe_event(event: &NewStripeEvent<'_>) -> bool;
            /// Leases the event that has been due longest until `leased_until`.
            lease_stripe_event(now: Timestamp, leased_until: Timestamp) -> Option<StripeEventRow>;
            set_stripe_event_done(id: &str, state: EventState, problem: Option<&str>, now: Timestamp) -> ();
            /// Schedules another attempt.
            set_stripe_event_retry(id: &str, at: Timestamp, problem: &str) -> ();
            /// Erases the bodies of the events about these objects, and of other events that mention one of them.
            erase_stripe_event_bodies(objects: &[String]) -> u64;
            /// Makes an event wait for the worker again. `false` if there is none or it is about no object.
            replay_stripe_event(id: &str, now: Timestamp) -> bool;
        }
    }

    stripe_sync {
        read {
            /// When the last completed reconciliation began.
            find_reconciliation_start(is_live: bool) -> Option<Timestamp>;
        }
        write {
            set_reconciled(is_live: bool, started_at: Timestamp, finished_at: Timestamp) -> ();
        }
    }
}
