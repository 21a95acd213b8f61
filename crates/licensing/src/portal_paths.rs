//! Portal paths that are used outside the portal's own pages: in e-mail, API responses and QR codes. A test
//! compares them with the portal's table of pages.

use crate::ids::{LicenseId, OrderId};

/// The page on which people sign in.
pub const SIGN_IN: &str = "/login";

/// The page that confirms a sign-in link from an e-mail.
pub fn sign_in_link(token: &str) -> String {
    format!("/login/link/{token}")
}

/// The page that confirms a sign-in link that was created on the host.
pub fn host_link(token: &str) -> String {
    format!("/login/host/{token}")
}

/// The page on which a change of an account's e-mail address is confirmed.
pub fn email_change(token: &str) -> String {
    format!("/login/email/{token}")
}

/// The page that shows a license and its computers.
pub fn license(license: LicenseId) -> String {
    format!("/portal/licenses/{license}")
}

/// The page on which people manage their account.
pub const ACCOUNT: &str = "/portal/account";

/// The page that accepts air-gap requests.
pub const OFFLINE: &str = "/portal/offline";

/// The page that shows an air-gap request. `request` is its text, which needs no escaping in a URL.
pub fn offline_request(request: &str) -> String {
    format!("{OFFLINE}?request={request}")
}

/// The page to which buyers return after the checkout.
pub fn order_placed(order: OrderId) -> String {
    format!("/checkout/{order}/placed")
}

/// The page to which buyers return who did not pay.
pub fn order_canceled(order: OrderId) -> String {
    format!("/checkout/{order}/canceled")
}

/// The page that shows an order to its customer.
pub fn order(order: OrderId) -> String {
    format!("/portal/orders/{order}")
}

/// The receipt of an order, to print.
pub fn receipt(order: OrderId) -> String {
    format!("/portal/orders/{order}/receipt")
}

/// The page on which an offer can be bought.
pub fn offer(price: &str) -> String {
    format!("/checkout/new/{price}")
}
