//! The kinds of mail.

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal, $title:literal;)+) => {
        /// A kind of mail.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum MailKind { $($(#[$doc])* $kind,)+ }

        impl MailKind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The word used in the database and in commands.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $word),+ }
            }

            /// The name shown to operators.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$kind => $title),+ }
            }

            /// Parses the word. `None` for any other text.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
            }
        }
    };
}

kinds! {
    /// An order was paid: the keys, and the way into the portal.
    Purchase = "purchase", "Purchase";
    /// An upgrade was paid.
    Upgraded = "upgraded", "License upgraded";
    /// A dispute about the payment of an upgrade turned it back.
    UpgradeReversed = "upgrade_reversed", "Upgrade turned back";
    /// An admin issued a license: the key, and the way into the portal.
    LicenseIssued = "license_issued", "License issued by hand";
    /// An order was placed, but its payment takes days.
    PaymentPending = "payment_pending", "Payment pending";
    /// An order is paid, but a person has to look at it before it is delivered.
    OrderHeld = "order_held", "Order held for review";
    /// The payment of an order failed.
    PaymentFailed = "payment_failed", "Payment failed";
    /// A license was renewed.
    Renewed = "renewed", "License renewed";
    /// A license ends in 14 days or fewer.
    EndsIn14Days = "ends_in_14_days", "License ends in 14 days";
    /// A license ends in 3 days or fewer.
    EndsIn3Days = "ends_in_3_days", "License ends in 3 days";
    /// The payment for a renewal failed.
    RenewalFailed = "renewal_failed", "Renewal failed";
    /// A payment was returned, fully or in part.
    Refunded = "refunded", "Refund";
    /// A license was suspended.
    Suspended = "suspended", "License suspended";
    /// A suspended license was reinstated.
    Reinstated = "reinstated", "License reinstated";
    /// A license was revoked.
    Revoked = "revoked", "License revoked";
    /// A license key was replaced.
    KeyReplaced = "key_replaced", "License key replaced";
    /// A license was activated on a computer for the first time.
    NewComputer = "new_computer", "License active on a new computer";
    /// A passkey was added or removed.
    PasskeyChanged = "passkey_changed", "Passkey added or removed";
    /// An account was used in a browser that had not been seen before.
    NewBrowser = "new_browser", "Sign-in from a new browser";
    /// A person became a support agent or an admin.
    RoleGiven = "role_given", "Role given";
    /// A person asked to change the e-mail address of an account.
    EmailChange = "email_change", "E-mail address to confirm";
    /// The e-mail address of an account was changed.
    EmailChanged = "email_changed", "E-mail address changed";
    /// An account was deleted.
    AccountDeleted = "account_deleted", "Account deleted";
    /// An admin tests whether mails arrive.
    Test = "test", "Test mail";
    /// A person asked to sign in.
    SignIn = "sign_in", "Sign-in link";
}
