//! Paths of forms and links that are not pages.

use latchkey_licensing::ids::{LicenseId, MachineId, OrderId};

use crate::routes::Page;

/// The targets of forms and links that cannot be server functions: files that the browser saves or sends, and ways to pages
/// of the payment provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormTarget {
    /// Checks out a machine file for a computer.
    ComputerFile(LicenseId, MachineId),
    /// Accepts a request that was pasted or uploaded.
    OfflineRequest,
    /// Opens a checkout.
    Checkout,
    /// Leads to the provider's page for cards, address and tax ids.
    PaymentSettings(OrderId),
    /// Saves everything that is kept about the customer.
    DataExport,
}

/// The documents that the payment provider has about a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentDocument {
    Receipt,
    Invoice,
    InvoicePdf,
}

/// The file of a build, to which the portal leads if the license may have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildTarget<'a> {
    pub license: LicenseId,
    pub version: &'a str,
    pub file: &'a str,
}

impl BuildTarget<'_> {
    /// The paths of files, in axum's syntax.
    pub const PATHS: &'static str = "/portal/licenses/{license}/downloads/{version}/{file}";

    pub fn path(self) -> String {
        format!("{}/{}/{}", Page::Downloads(self.license).path(), self.version, self.file)
    }

    /// The page with the link to this path.
    fn page_of(path: &str) -> Option<Page> {
        let page = path.rsplitn(3, '/').nth(2).and_then(Page::parse);
        page.filter(|page| matches!(page, Page::Downloads(_)))
    }
}

impl PaymentDocument {
    /// The paths of documents, in axum's syntax.
    pub const PATHS: &str = "/portal/orders/{order}/payments/{payment}/{document}";

    pub(super) const ALL: [Self; 3] = [Self::Receipt, Self::Invoice, Self::InvoicePdf];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Invoice => "invoice",
            Self::InvoicePdf => "invoice-pdf",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|document| document.name() == name)
    }

    /// The path that redirects to the provider's document.
    pub fn path(self, order: OrderId, payment: &str) -> String {
        format!("{}{}{payment}/{}", Page::Order(order).path(), FormTarget::BELOW_ORDER_PAYMENTS, self.name())
    }
}

impl FormTarget {
    /// The path for computers' files, in axum's syntax.
    pub const COMPUTER_FILES: &str = "/portal/licenses/{license}/machines/{machine}/file";

    /// The path for payment settings, in axum's syntax.
    pub const PAYMENT_SETTINGS: &str = "/portal/orders/{order}/payment-settings";

    const BELOW_ACCOUNT: &str = "/export";
    const BELOW_ORDER: &str = "/payment-settings";
    const BELOW_ORDER_PAYMENTS: &str = "/payments/";
    const BELOW_OFFLINE: &str = "/upload";
    const BELOW_COMPUTER: &str = "/file";

    pub fn path(self) -> String {
        match self {
            Self::ComputerFile(license, machine) => {
                format!("{}{}", Page::Computer(license, machine).path(), Self::BELOW_COMPUTER)
            }
            Self::OfflineRequest => format!("{}{}", Page::Offline.path(), Self::BELOW_OFFLINE),
            Self::Checkout => "/checkout".to_owned(),
            Self::DataExport => format!("{}{}", Page::Account.path(), Self::BELOW_ACCOUNT),
            Self::PaymentSettings(order) => format!("{}{}", Page::Order(order).path(), Self::BELOW_ORDER),
        }
    }

    /// The page with the form that is sent to `path`, or with the link to it.
    pub fn page_of(path: &str) -> Option<Page> {
        let page = |below: &str| path.strip_suffix(below).and_then(Page::parse);
        let offline = page(Self::BELOW_OFFLINE).filter(|page| *page == Page::Offline);
        let account = || page(Self::BELOW_ACCOUNT).filter(|page| *page == Page::Account);
        let is_order = |page: &Page| matches!(page, Page::Order(_));
        let order = || {
            let above = path.split_once(Self::BELOW_ORDER_PAYMENTS).and_then(|(above, _)| Page::parse(above));
            above.or_else(|| page(Self::BELOW_ORDER)).filter(is_order)
        };
        offline
            .or_else(|| page(Self::BELOW_COMPUTER).filter(|page| matches!(page, Page::Computer(..))))
            .or_else(account)
            .or_else(order)
            .or_else(|| BuildTarget::page_of(path))
    }
}
