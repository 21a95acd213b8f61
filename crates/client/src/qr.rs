//! Air-gap requests as QR codes, for a phone's camera.

use latchkey_licensing::air_gap::AirGapRequest;
use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};

/// The address of the portal's page that takes a request, with the request in it. It holds no secret.
pub fn link(portal_url: &str, request: &AirGapRequest) -> String {
    format!("{}/portal/offline?request={}", portal_url.trim_end_matches('/'), request.to_text())
}

/// A QR code for a terminal, two rows of dots to a line. `None` if the text is too long for one.
pub fn for_terminal(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    Some(code.render::<Dense1x2>().quiet_zone(true).build())
}

/// The dots of a QR code, row by row, for an app that draws it itself; `true` is dark. `None` if the
/// text is too long for one.
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
