//! The status of an order.

use crate::rules::policy::words;

words! {
    /// The status of an order as shown to customers and admins.
    OrderStatus {
        /// The checkout is open, and nothing has been paid.
        Open = "open",
        /// The checkout ended without a payment.
        Expired = "expired",
        /// The buyer's bank has not confirmed a delayed payment.
        Pending = "pending",
        /// A delayed payment failed.
        PaymentFailed = "payment_failed",
        /// Something does not match, and an admin has to decide.
        Held = "held",
        /// It is paid.
        Paid = "paid",
        /// It is paid, and some of the money was refunded.
        PartlyRefunded = "partly_refunded",
        /// A dispute about its payment is open.
        Disputed = "disputed",
        /// All of the money was refunded.
        Refunded = "refunded",
        /// A dispute about its payment was lost.
        DisputeLost = "dispute_lost",
    }
}

impl OrderStatus {
    /// Whether the buyer has received what the order is for, even if it was taken back later.
    pub fn is_delivered(self) -> bool {
        match self {
            Self::Paid | Self::PartlyRefunded | Self::Disputed | Self::Refunded | Self::DisputeLost => true,
            Self::Open | Self::Expired | Self::Pending | Self::PaymentFailed | Self::Held => false,
        }
    }

    /// Whether a customer sees the order among others: not one that was given up before it was paid.
    pub fn is_visible(self) -> bool {
        !matches!(self, Self::Open | Self::Expired)
    }
}
