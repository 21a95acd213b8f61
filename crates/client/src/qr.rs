//! Air-gap requests as QR codes, to be scanned with a phone.

use latchkey_licensing::{air_gap::AirGapRequest, portal_paths};
use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};

/// The URL of the portal page for offline computers, with the request in it. It contains no secret.
pub fn link(portal_url: &str, request: &AirGapRequest) -> String {
    format!("{}{}", portal_url.trim_end_matches('/'), portal_paths::offline_request(&request.to_text()))
}

/// A QR code as text for a terminal, with two rows of modules on each line. `None` if the text is too long.
pub fn for_terminal(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    Some(code.render::<Dense1x2>().quiet_zone(true).build())
}

/// The modules of a QR code, row by row, for an app that draws it itself. `true` is dark. `None` if the text
/// is too long.
pub fn modules(text: &str) -> Option<Vec<Vec<bool>>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let dots: Vec<bool> = code.to_colors().into_iter().map(|color| color == qrcode::Color::Dark).collect();
    Some(dots.chunks(code.width()).map(<[bool]>::to_vec).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_square_and_bounded() {
        let dots = modules("https://portal.example.com/portal/offline?request=lk1.x.ABCDEFGH").expect("fits");
        assert!(dots.len() >= 21 && dots.iter().all(|row| row.len() == dots.len()));
        assert!(for_terminal("x").is_some());
        assert!(modules(&"x".repeat(5_000)).is_none());
    }
}
