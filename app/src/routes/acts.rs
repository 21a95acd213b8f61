//! Words in the paths of the admin portal: the names of acts on records, and the kinds of entries of the catalog.

use std::{fmt, str::FromStr};

macro_rules! act_names {
    ($($(#[$about:meta])* $names:ident { $($(#[$doc:meta])* $name:ident = $word:literal;)+ })+) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $names { $($(#[$doc])* $name,)+ }

        impl $names {
            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];

            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }
        }

        impl fmt::Display for $names {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $names {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                Self::ALL.iter().copied().find(|name| name.as_str() == text).ok_or(())
            }
        }
    )+};
}

act_names! {
    /// What can be done to a license.
    LicenseActName {
        Suspend = "suspend";
        Reinstate = "reinstate";
        Renew = "renew";
        Change = "change";
        Owner = "owner";
        NewKey = "new-key";
        ShowKey = "show-key";
        MailKey = "mail-key";
        Note = "note";
        Revoke = "revoke";
        /// Says why it does or does not validate.
        Explain = "explain";
    }

    /// What can be done to a machine.
    MachineActName {
        Free = "free";
    }

    /// What can be done to an account.
    CustomerActName {
        Note = "note";
        /// Sees the portal as the customer does.
        ViewPortal = "view-portal";
        /// Signs the person out in one browser or everywhere.
        SignOut = "sign-out";
        Email = "email";
        Disable = "disable";
        Enable = "enable";
        /// Saves everything that is kept about the person.
        Export = "export";
        Delete = "delete";
    }

    /// What can be done to an order.
    OrderActName {
        Release = "release";
        Refund = "refund";
        Note = "note";
        /// Collects what answers a dispute.
        Evidence = "evidence";
    }

    /// What can be done to an entry of the catalog.
    CatalogActName {
        Edit = "edit";
        Remove = "remove";
    }

    /// What can be done to the instance.
    DiagnosticsActName {
        TestMail = "test-mail";
    }

    /// The kinds of entries of the catalog.
    CatalogEntryKind {
        Product = "products";
        Policy = "policies";
        Price = "prices";
        Entitlement = "entitlements";
    }

    /// What can be done to many licenses.
    BulkActName {
        Suspend = "suspend";
        Reinstate = "reinstate";
        Renew = "renew";
        MailKey = "mail-key";
        Revoke = "revoke";
    }

    /// What can be created.
    NewName {
        Licenses = "licenses";
    }

    /// What can be done to a saved view of a list.
    ViewActName {
        Save = "save";
        Remove = "remove";
    }

    /// The lists.
    ListPath {
        Customers = "customers";
        Licenses = "licenses";
        Machines = "machines";
        Activations = "activations";
        Orders = "orders";
        Events = "events";
        Mails = "mails";
        Audit = "audit";
    }

    /// What can be done to an event of the payment provider.
    EventActName {
        Replay = "replay";
        Note = "note";
    }
}
