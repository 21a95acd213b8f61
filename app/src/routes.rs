//! The paths of all pages, defined only here. Links, redirects, guards and the router's declarations are all
//! derived from the table below.

mod acts;
#[cfg(feature = "ssr")]
mod next;
mod targets;
mod values;

use std::fmt;

use latchkey_licensing::{
    ids::{AccountId, LicenseId, MachineId, MailId, OrderId},
    portal_paths,
};
use leptos_router::PossibleRouteMatch;

pub use acts::{
    BulkActName, CatalogActName, CatalogEntryKind, CustomerActName, DiagnosticsActName, EventActName, LicenseActName,
    ListPath, MachineActName, NewName, OrderActName, ViewActName,
};
#[cfg(feature = "ssr")]
pub use next::{NextPath, internal_path};
pub use targets::{BuildTarget, FormTarget, PaymentDocument};
pub use values::{EntryCode, PriceCode, ProviderId, Token};

/// One line per page: its name with the values in its path, the path, and the name of the path's declaration
/// for the router.
macro_rules! pages {
    (
        $(#[$about:meta])* $pages:ident, $declarations:ident;
        $($(#[$doc:meta])* $page:ident $(($($value:ident: $kind:ty),+))? = $pattern:tt as $declared:ident;)+
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $pages {
            $($(#[$doc])* $page $(($($kind),+))?,)+
        }

        impl $pages {
            /// The paths of all pages, with `:name` for each value.
            pub const PATTERNS: &[&str] = &[$($pattern),+];

            pub fn path(&self) -> String {
                match self {
                    $(Self::$page $(($($value),+))? => fill($pattern, &[$($(&$value),+)?]),)+
                }
            }

            /// The page whose path is exactly this.
            pub fn parse(path: &str) -> Option<Self> {
                $(if let Some(found) = values($pattern, path) {
                    let mut found = found.into_iter();
                    $($(let $value: $kind = found.next()?.parse().ok()?;)+)?
                    return found.next().is_none().then_some(Self::$page $(($($value),+))?);
                })+
                None
            }
        }

        /// The paths in the router's form.
        pub(crate) mod $declarations {
            use super::PossibleRouteMatch;

            $(pub(crate) fn $declared() -> impl PossibleRouteMatch + Clone + Send + Sync + 'static {
                leptos_router::path!($pattern)
            })+
        }
    };
}

pages! {
    /// The pages of customers and visitors.
    Page, declared;
    /// Asks for an e-mail address to sign in with.
    SignIn = "/login" as sign_in;
    /// Asks for the mailed code.
    Code = "/login/code" as code;
    /// Asks to confirm the mailed link.
    Link(token: Token) = "/login/link/:token" as link;
    /// Asks to confirm a link that was created on the host.
    HostLink(token: Token) = "/login/host/:token" as host_link;
    /// Asks one of two addresses to confirm the change of an account's e-mail address.
    EmailChange(token: Token) = "/login/email/:token" as email_change;
    /// Asks for a passkey or a recovery code: after signing in with mail, or again before a sensitive act.
    Confirm = "/login/confirm" as confirm;
    /// Creates a passkey, and shows recovery codes after the first one.
    NewPasskey = "/login/passkey" as new_passkey;
    /// Confirms that the account was deleted.
    AccountDeleted = "/login/deleted" as account_deleted;
    /// Confirms that the session has ended.
    SignedOut = "/login/signed-out" as signed_out;
    /// Shows what can be bought for a price.
    Offer(price: PriceCode) = "/checkout/new/:price" as offer;
    /// To which buyers return after the checkout.
    OrderPlaced(order: OrderId) = "/checkout/:order/placed" as order_placed;
    /// To which buyers return who did not pay.
    OrderCanceled(order: OrderId) = "/checkout/:order/canceled" as order_canceled;
    /// The portal's first page.
    Overview = "/portal" as overview;
    Licenses = "/portal/licenses" as licenses;
    License(license: LicenseId) = "/portal/licenses/:license" as license;
    /// The builds that a license may have.
    Downloads(license: LicenseId) = "/portal/licenses/:license/downloads" as downloads;
    /// Asks for confirmation before a key is replaced.
    NewKey(license: LicenseId) = "/portal/licenses/:license/new-key" as new_key;
    Computer(license: LicenseId, machine: MachineId) = "/portal/licenses/:license/machines/:machine" as computer;
    /// Asks for confirmation before a computer is freed.
    FreeComputer(license: LicenseId, machine: MachineId) = "/portal/licenses/:license/machines/:machine/free" as free_computer;
    Orders = "/portal/orders" as orders;
    Order(order: OrderId) = "/portal/orders/:order" as order;
    /// A receipt to print.
    Receipt(order: OrderId) = "/portal/orders/:order/receipt" as receipt;
    /// Accepts requests of computers without internet access.
    Offline = "/portal/offline" as offline;
    /// The account's name and sessions.
    Account = "/portal/account" as account;
    /// Asks for another e-mail address.
    ChangeEmail = "/portal/account/email" as change_email;
    /// Asks for confirmation before the account is deleted.
    DeleteAccount = "/portal/account/delete" as delete_account;
}

pages! {
    /// The pages of support and admins. They are a table of their own, so that the script for customers does not contain them.
    AdminPage, admin_declared;
    /// What needs attention, and the way to everything else.
    Overview = "/admin" as overview;
    /// Finds pages and objects.
    Search = "/admin/search" as search;
    Customers = "/admin/customers" as customers;
    Customer(customer: AccountId) = "/admin/customers/:customer" as customer;
    CustomerAct(customer: AccountId, act: CustomerActName) = "/admin/customers/:customer/:act" as customer_act;
    Licenses = "/admin/licenses" as licenses;
    License(license: LicenseId) = "/admin/licenses/:license" as license;
    LicenseAct(license: LicenseId, act: LicenseActName) = "/admin/licenses/:license/:act" as license_act;
    Machines = "/admin/machines" as machines;
    Machine(machine: MachineId) = "/admin/machines/:machine" as machine;
    MachineAct(machine: MachineId, act: MachineActName) = "/admin/machines/:machine/:act" as machine_act;
    /// Everything that happened to machines.
    Activations = "/admin/activations" as activations;
    Orders = "/admin/orders" as orders;
    Order(order: OrderId) = "/admin/orders/:order" as order;
    OrderAct(order: OrderId, act: OrderActName) = "/admin/orders/:order/:act" as order_act;
    /// The payment provider's events.
    Events = "/admin/events" as events;
    Event(event: ProviderId) = "/admin/events/:event" as event;
    EventAct(event: ProviderId, act: EventActName) = "/admin/events/:event/:act" as event_act;
    Mails = "/admin/mails" as mails;
    Mail(mail: MailId) = "/admin/mails/:mail" as mail;
    /// What is sold: products, policies, prices and entitlements.
    Catalog = "/admin/catalog" as catalog;
    CatalogNew(kind: CatalogEntryKind) = "/admin/catalog/new/:kind" as catalog_new;
    CatalogEntry(kind: CatalogEntryKind, code: EntryCode) = "/admin/catalog/:kind/:code" as catalog_entry;
    CatalogAct(kind: CatalogEntryKind, code: EntryCode, act: CatalogActName) = "/admin/catalog/:kind/:code/:act" as catalog_act;
    /// The audit log.
    Audit = "/admin/audit" as audit;
    /// The state of the instance.
    Diagnostics = "/admin/diagnostics" as diagnostics;
    DiagnosticsAct(act: DiagnosticsActName) = "/admin/diagnostics/:act" as diagnostics_act;
    /// Plans an act on many licenses, and carries it out.
    BulkAct(act: BulkActName) = "/admin/bulk/licenses/:act" as bulk_act;
    /// Creates something.
    New(act: NewName) = "/admin/new/:act" as new;
    /// Exports a list.
    Export(act: ListPath) = "/admin/export/:act" as export;
    /// Saves or removes a view of a list.
    ViewAct(list: ListPath, act: ViewActName) = "/admin/views/:list/:act" as view_act;
    /// The keyboard shortcuts, and the choice not to use single letters.
    Shortcuts = "/admin/shortcuts" as shortcuts;
}

impl AdminPage {
    /// Whether the page has a form that is sent to the page's path.
    pub fn has_form(&self) -> bool {
        let path = self.path();
        Self::patterns_of_forms().any(|pattern| values(pattern, &path).is_some())
    }

    /// The paths of the pages whose forms are sent to the same path.
    pub fn patterns_of_forms() -> impl Iterator<Item = &'static str> {
        let takes_form = |pattern: &&&str| pattern.ends_with("/:act") || pattern.contains("/new/");
        Self::PATTERNS.iter().filter(takes_form).copied()
    }
}

/// Where the server functions of the admin portal are.
const ADMIN_FUNCTIONS: &str = "/fn/admin";

/// The page that shows every component in every state. Only development builds have it.
pub const STYLE_GUIDE: &str = "/styleguide";

/// The server functions of the portal, below `/fn`. All others except those of the admin portal are for signing in and for the
/// person's own account.
const PORTAL_FUNCTIONS: [&str; 17] = [
    "carry_out_request",
    "computer",
    "confirm_free_computer",
    "downloads",
    "free_computer",
    "license",
    "licenses",
    "order",
    "orders",
    "overview",
    "read_canceled_order",
    "read_offer",
    "read_placed_order",
    "read_request",
    "rename_computer",
    "replace_key",
    "reveal_key",
];

/// Which portal a path belongs to, of which an instance may serve only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Portal,
    Admin,
    /// Signing in, and the person's own account: served with either.
    Account,
}

impl Part {
    pub fn of(path: &str) -> Self {
        if matches!(Guard::of(path), Guard::Staff | Guard::Development) {
            return Self::Admin;
        }
        let is_portal_function = path.strip_prefix("/fn/").is_some_and(|name| PORTAL_FUNCTIONS.contains(&name));
        let is_portal_page = is_below(path, &Page::Overview.path()) && !is_below(path, &Page::Account.path());
        if is_portal_function || is_portal_page || is_below(path, "/checkout") { Self::Portal } else { Self::Account }
    }
}

/// What a part of the site requires of its visitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    Open,
    SignedIn,
    /// Support and admins who signed in with a second factor. For everyone else there is nothing.
    Staff,
    /// Visitors of a development build. In others there is nothing.
    Development,
}

impl Guard {
    /// What a path requires, even if there is no page: everything below the portal requires what the portal
    /// does.
    pub fn of(path: &str) -> Self {
        // If the session has expired, a pasted text is kept in the URL that the form's response contains.
        if path == FormTarget::OfflineRequest.path() {
            return Self::Open;
        }
        if is_below(path, &Page::Overview.path()) {
            Self::SignedIn
        } else if is_below(path, &AdminPage::Overview.path()) || is_below(path, ADMIN_FUNCTIONS) {
            Self::Staff
        } else if is_below(path, STYLE_GUIDE) {
            Self::Development
        } else {
            Self::Open
        }
    }
}

/// Whether the path is this page's, or below it.
fn is_below(path: &str, page: &str) -> bool {
    path.strip_prefix(page).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether the admin portal's script takes over the document at this path, rather than the portal's.
pub fn is_admin_document(path: &str) -> bool {
    is_below(path, &AdminPage::Overview.path()) || is_below(path, STYLE_GUIDE)
}

/// Whether the script for signing in, buying and the person's own account takes over the document at this path, rather than the
/// portal's (ADR 18). It is not asked about documents of the admin portal.
pub fn is_account_document(path: &str) -> bool {
    !is_below(path, &Page::Overview.path()) || is_below(path, &Page::Account.path())
}

/// Whether the path ends with a secret, which other pages must not learn.
pub fn holds_secret(path: &str) -> bool {
    [portal_paths::sign_in_link(""), portal_paths::host_link(""), portal_paths::email_change("")]
        .iter()
        .any(|start| path.starts_with(start))
}

/// Whether forms on the pages at this path, or on pages that they lead to without loading a document, lead to the payment
/// provider.
pub fn leads_to_payment(path: &str) -> bool {
    Guard::of(path) == Guard::SignedIn || path.starts_with("/checkout/")
}

/// The page of an offer, on which a quantity is already entered.
pub fn offer_of(price: PriceCode, quantity: u32) -> String {
    format!("{}?quantity={quantity}", Page::Offer(price).path())
}

/// The sign-in page that afterwards leads to `next`, which it checks.
pub fn sign_in_for(next: &str) -> String {
    format!("{}?next={}", Page::SignIn.path(), in_query(next))
}

/// The page that asks for a passkey and afterwards leads to `next`, which it checks.
pub fn confirm_for(next: &str) -> String {
    format!("{}?next={}", Page::Confirm.path(), in_query(next))
}

/// A path with its query as the value of a field of a query. All other characters in our paths are allowed there.
fn in_query(path: &str) -> String {
    let path = path.replace('%', "%25").replace('+', "%2B");
    path.replace('?', "%3F").replace('=', "%3D").replace('&', "%26")
}

fn fill(pattern: &str, values: &[&dyn fmt::Display]) -> String {
    let mut values = values.iter();
    let mut path = String::with_capacity(pattern.len() + 40);
    for segment in pattern.split('/').skip(1) {
        path.push('/');
        match values.as_slice().first().filter(|_| segment.starts_with(':')) {
            Some(value) => {
                path.push_str(&value.to_string());
                values.next();
            }
            None => path.push_str(segment),
        }
    }
    path
}

/// The values in `path` at the pattern's names. `None` if the path does not match.
fn values<'a>(pattern: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let mut found = Vec::new();
    let mut given = path.split('/');
    for wanted in pattern.split('/') {
        let segment = given.next()?;
        if wanted.starts_with(':') {
            found.push(segment);
        } else if wanted != segment {
            return None;
        }
    }
    given.next().is_none().then_some(found)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    const ID: &str = "0190f3c2-0000-7000-8000-000000000000";

    fn filled(pattern: &str) -> String {
        let pattern = pattern.replace(":license", ID).replace(":machine", ID).replace(":order", ID);
        let pattern = pattern.replace(":customer", ID).replace(":mail", ID).replace(":event", "evt_1");
        let pattern = pattern.replace("new/:kind", "new/policies").replace(":kind", "policies");
        let pattern = pattern.replace(":code", "acme_2.x-Y").replace(":list", "orders");
        // Every other kind of record can have a note.
        let act = match pattern.split('/').nth(2) {
            Some("machines") => "free",
            Some("catalog") => "edit",
            Some("diagnostics") => "test-mail",
            Some("bulk") => "renew",
            Some("new" | "export") => "licenses",
            Some("views") => "save",
            _ => "note",
        };
        pattern.replace(":act", act).replace(":token", "Ab_-9").replace(":price", "acme-draw-2")
    }

    #[test]
    fn paths_are_parsed_back() {
        for pattern in Page::PATTERNS {
            let path = filled(pattern);
            assert_eq!(Page::parse(&path).map(|page| page.path()), Some(path));
        }
        for pattern in AdminPage::PATTERNS {
            let path = filled(pattern);
            assert_eq!(AdminPage::parse(&path).map(|page| page.path()), Some(path));
        }
        for other in [
            "/admin/licenses/x",
            "/admin/events/evt-1",
            "/admin/machines/x/free",
            "/admin/catalog/plans/x",
            "/admin/catalog/new/plans",
            "/admin/catalog/policies/x/note",
            "/admin/catalog/policies/a%20b",
        ] {
            assert_eq!(AdminPage::parse(other), None, "{other}");
        }
        assert_eq!(AdminPage::parse(&format!("/admin/machines/{ID}/suspend")), None);
        for other in ["", "/", "/portal/", "/portal/licenses/x", "/login/link/", "/login/link/a/b", "/LOGIN", "portal"]
        {
            assert_eq!(Page::parse(other), None, "{other}");
        }
    }

    #[test]
    fn paths_belong_to_the_portal_or_to_the_admin_portal() {
        for (path, part) in [
            ("/portal", Part::Portal),
            ("/portal/licenses", Part::Portal),
            ("/portal/nothing", Part::Portal),
            ("/checkout/new/acme", Part::Portal),
            ("/fn/reveal_key", Part::Portal),
            ("/portal/account", Part::Account),
            ("/portal/account/email", Part::Account),
            ("/login/passkey", Part::Account),
            ("/fn/rename", Part::Account),
            ("/fn/sign_out", Part::Account),
            ("/admin", Part::Admin),
            ("/admin/licenses", Part::Admin),
            ("/fn/admin/find", Part::Admin),
        ] {
            assert_eq!(Part::of(path), part, "{path}");
        }
    }

    #[test]
    fn mail_and_codes_lead_to_these_pages() {
        let id: LicenseId = ID.parse().expect("an id");
        let token: Token = "Ab_-9".parse().expect("a token");
        assert_eq!(portal_paths::SIGN_IN, Page::SignIn.path());
        assert_eq!(portal_paths::sign_in_link("Ab_-9"), Page::Link(token.clone()).path());
        assert_eq!(portal_paths::email_change("Ab_-9"), Page::EmailChange(token.clone()).path());
        assert_eq!(portal_paths::host_link("Ab_-9"), Page::HostLink(token).path());
        assert_eq!(portal_paths::license(id), Page::License(id).path());
        assert_eq!(portal_paths::OFFLINE, Page::Offline.path());
        assert_eq!(portal_paths::ACCOUNT, Page::Account.path());
        let order: OrderId = ID.parse().expect("an id");
        assert_eq!(portal_paths::order_placed(order), Page::OrderPlaced(order).path());
        assert_eq!(portal_paths::order_canceled(order), Page::OrderCanceled(order).path());
        assert_eq!(portal_paths::order(order), Page::Order(order).path());
        assert_eq!(portal_paths::receipt(order), Page::Receipt(order).path());
        let price: PriceCode = "acme-draw-2".parse().expect("a code");
        assert_eq!(portal_paths::offer("acme-draw-2"), Page::Offer(price).path());
    }

    #[test]
    fn the_portal_is_guarded_and_the_sign_in_is_open() {
        for pattern in Page::PATTERNS {
            let path = filled(pattern);
            let wanted = if path.starts_with("/portal") { Guard::SignedIn } else { Guard::Open };
            assert_eq!(Guard::of(&path), wanted, "{path}");
        }
        let (license, machine) = (ID.parse().expect("an id"), ID.parse().expect("an id"));
        let file = FormTarget::ComputerFile(license, machine);
        assert_eq!(FormTarget::COMPUTER_FILES.replace("{license}", ID).replace("{machine}", ID), file.path());
        assert_eq!(Guard::of(&file.path()), Guard::SignedIn);
        let build = BuildTarget { license, version: "1.0.0-beta.1", file: "acme_1.zip" }.path();
        let path = BuildTarget::PATHS.replace("{license}", ID).replace("{version}", "1.0.0-beta.1");
        assert_eq!(path.replace("{file}", "acme_1.zip"), build);
        assert_eq!((Guard::of(&build), FormTarget::page_of(&build)), (Guard::SignedIn, Some(Page::Downloads(license))));
        let order: OrderId = ID.parse().expect("an id");
        let settings = FormTarget::PaymentSettings(order);
        assert_eq!(FormTarget::PAYMENT_SETTINGS.replace("{order}", ID), settings.path());
        for document in PaymentDocument::ALL {
            let path = PaymentDocument::PATHS.replace("{order}", ID).replace("{payment}", "pi_1");
            let path = path.replace("{document}", document.name());
            assert_eq!(document.path(order, "pi_1"), path);
            assert_eq!(PaymentDocument::parse(document.name()), Some(document));
            assert_eq!((Guard::of(&path), FormTarget::page_of(&path)), (Guard::SignedIn, Some(Page::Order(order))));
        }
        assert_eq!(Guard::of(&settings.path()), Guard::SignedIn);
        assert_eq!(FormTarget::page_of(&settings.path()), Some(Page::Order(order)));
        let export = FormTarget::DataExport.path();
        assert_eq!((Guard::of(&export), FormTarget::page_of(&export)), (Guard::SignedIn, Some(Page::Account)));
        assert_eq!(Guard::of(&FormTarget::Checkout.path()), Guard::Open);
        assert_eq!(Guard::of("/portal/anything"), Guard::SignedIn);
        assert_eq!(Guard::of("/portal-news"), Guard::Open);
        for path in AdminPage::PATTERNS.iter().copied().chain(["/admin/", "/admin/anything"]) {
            assert_eq!(Guard::of(path), Guard::Staff, "{path}");
            assert!(is_admin_document(path), "{path}");
        }
        for path in ["/admins", "/administer", "/Admin", "/styleguides", "/portal/admin"] {
            assert_ne!(Guard::of(path), Guard::Staff, "{path}");
            assert!(!is_admin_document(path), "{path}");
        }
        assert_eq!(Guard::of("/fn/admin/frame"), Guard::Staff);
        assert_eq!(Guard::of("/fn/admins"), Guard::Open);
        assert!(is_admin_document(STYLE_GUIDE));
        for path in ["/login", "/login/code", "/checkout/new/acme", "/portal/account", "/portal/account/email"] {
            assert!(is_account_document(path), "{path}");
        }
        for path in ["/portal", "/portal/accounts", "/portal/licenses", "/portal/orders"] {
            assert!(!is_account_document(path), "{path}");
        }
        assert_eq!(Guard::of(&FormTarget::OfflineRequest.path()), Guard::Open);
    }

    #[test]
    fn only_codes_of_prices_are_offers() {
        for code in ["a", "acme-draw-2", "placed", "canceled"] {
            let price: PriceCode = code.parse().expect("a code");
            assert_eq!(Page::parse(&format!("/checkout/new/{code}")), Some(Page::Offer(price)));
        }
        for other in ["", "A", "a_b", "a b", "a/b", "%61", "é", &"a".repeat(65)] {
            assert_eq!(other.parse::<PriceCode>(), Err(()), "{other}");
        }
    }

    #[test]
    fn forms_know_their_page() {
        let (license, machine) = (ID.parse().expect("an id"), ID.parse().expect("an id"));
        let page_of = |form: FormTarget| FormTarget::page_of(&form.path());
        assert_eq!(page_of(FormTarget::OfflineRequest), Some(Page::Offline));
        assert_eq!(page_of(FormTarget::ComputerFile(license, machine)), Some(Page::Computer(license, machine)));
        assert_eq!(FormTarget::page_of("/portal/account/file"), None);
    }
}
