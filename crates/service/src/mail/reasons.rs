//! Why something happened, as mails say it to customers.

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$case_doc])* $case,)+ }

        impl $name {
            /// All reasons.
            pub(crate) const ALL: &[Self] = &[$(Self::$case),+];

            /// The word used in commands.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$case => $word),+ }
            }
        }
    )+};
}

reasons! {
    /// Why a license is suspended.
    SuspensionReason {
        /// The vendor decided so.
        ByVendor = "vendor",
        /// Its payment is disputed with the bank.
        Dispute = "dispute",
        /// The payment for its renewal is overdue.
        PaymentOverdue = "overdue",
    }

    /// What happened to a passkey.
    PasskeyChange {
        /// It was added.
        Added = "added",
        /// It was removed.
        Removed = "removed",
    }

    /// The role that a person got.
    GivenRole {
        /// A support agent.
        Support = "support",
        /// An admin.
        Admin = "admin",
    }

    /// Who is asked about a change of an e-mail address.
    EmailChangeRequest {
        /// The address that the account has.
        Current = "current",
        /// The address that it gets.
        New = "new",
        /// The address was meant to be the new one, but belongs to another account.
        Taken = "taken",
    }

    /// Who changed an e-mail address.
    EmailChanged {
        /// The account's owner.
        ByOwner = "owner",
        /// The vendor.
        ByVendor = "vendor",
    }

    /// Why a suspended license is reinstated.
    ReinstatementReason {
        /// The vendor decided so.
        ByVendor = "vendor",
        /// The dispute about its payment ended in the vendor's favor.
        DisputeSettled = "dispute_settled",
        /// The overdue payment arrived.
        Paid = "paid",
        /// The refund of its payment failed.
        RefundFailed = "refund_failed",
    }

    /// Why a license is revoked.
    RevocationReason {
        /// The vendor decided so.
        ByVendor = "vendor",
        /// Its payment was refunded.
        Refund = "refund",
        /// The dispute about its payment ended in the customer's favor.
        DisputeLost = "dispute_lost",
    }

    /// What a refund does to the licenses of the order.
    RefundEffect {
        /// They are revoked.
        Revoked = "revoked",
        /// They are suspended.
        Suspended = "suspended",
        /// They stay as they are.
        Unchanged = "unchanged",
        /// The license has the policy from before its upgrade.
        TurnedBack = "turned_back",
        /// There are none, because the order was held.
        NotDelivered = "not_delivered",
    }

    /// Why a license is upgraded.
    UpgradeReason {
        /// The payment arrived.
        Paid = "paid",
        /// The upgrade was turned back, and the vendor keeps the payment after all.
        PaymentKept = "payment_kept",
    }

    /// Who replaced a license key.
    ReplacedBy {
        /// The license's owner, in the portal.
        Owner = "owner",
        /// The vendor.
        Vendor = "vendor",
    }
}
