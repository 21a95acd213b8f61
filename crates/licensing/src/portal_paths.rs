//! Paths of the portal that stand outside its pages: in mail, in answers of the API, in codes that a
//! phone scans. The portal's own table of pages is tested against them.

use crate::ids::LicenseId;

/// Confirms a mailed sign-in link.
pub fn sign_in_link(token: &str) -> String {
    format!("/login/link/{token}")
}

/// Confirms a sign-in link that was made on the host.
pub fn host_link(token: &str) -> String {
    format!("/login/host/{token}")
}

/// Shows a license and its computers.
pub fn license(license: LicenseId) -> String {
    format!("/portal/licenses/{license}")
}

/// Takes requests of computers without a network.
pub const OFFLINE: &str = "/portal/offline";

/// Shows such a request.
pub fn offline_request(request: &str) -> String {
    format!("{OFFLINE}?request={request}")
}
