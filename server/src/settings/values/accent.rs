//! The vendor's color, and the colors derived from it so that text is legible in light and dark mode.

use latchkey_service::{AccentColors, MailColors};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accent([u8; 3]);

const WHITE: [u8; 3] = [0xff; 3];
const BLACK: [u8; 3] = [0; 3];

/// The background of cards in light and dark mode: `--surface` in the style sheet.
const SURFACES: [[u8; 3]; 2] = [WHITE, [0x12, 0x18, 0x1b]];

/// The required contrast of text and of other elements (WCAG 2.2, 1.4.3 and 1.4.11). The values are slightly
/// higher because text also appears on tinted surfaces.
const TEXT: f64 = 5.2;
const PART: f64 = 3.0;

impl Accent {
    /// Parses `#rrggbb`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        latchkey_licensing::hex::decode(text.strip_prefix('#')?).map(Self)
    }

    /// A style sheet that sets the pages' custom properties to this color and those derived from it.
    pub(crate) fn stylesheet(self) -> String {
        let [light, dark] = SURFACES.map(|surface| Shades::of(self.0, surface));
        let pair = |name: &str, shade: fn(&Shades) -> [u8; 3]| {
            format!("  --{name}: light-dark({}, {});\n", spelled(shade(&light)), spelled(shade(&dark)))
        };
        let properties = [
            pair("accent", |shades| shades.accent),
            pair("accent-hover", |shades| shades.hover),
            pair("on-accent", |shades| shades.on_accent),
            pair("accent-text", |shades| shades.text),
            pair("accent-soft", |shades| shades.soft),
        ];
        format!(":root {{\n{}}}\n", properties.concat())
    }

    /// The colors in mails, whose background is that of cards on pages.
    pub(crate) fn mail_colors(self) -> MailColors {
        let [light, dark] = SURFACES.map(|surface| {
            let shades = Shades::of(self.0, surface);
            AccentColors {
                button: spelled(shades.accent),
                on_button: spelled(shades.on_accent),
                link: spelled(shades.text),
            }
        });
        MailColors { light, dark }
    }
}

struct Shades {
    accent: [u8; 3],
    hover: [u8; 3],
    on_accent: [u8; 3],
    text: [u8; 3],
    soft: [u8; 3],
}

impl Shades {
    fn of(color: [u8; 3], surface: [u8; 3]) -> Self {
        let accent = readable(color, surface, PART);
        let on_accent = if contrast(accent, WHITE) >= contrast(accent, BLACK) { WHITE } else { BLACK };
        // Shifted away from the text's color, so that hovering never makes a button harder to read.
        let away = if on_accent == WHITE { BLACK } else { WHITE };
        Self {
            accent,
            hover: mixed(accent, away, 0.15),
            on_accent,
            text: readable(color, surface, TEXT),
            soft: mixed(surface, accent, 0.12),
        }
    }
}

/// The color, or the nearest one towards black or white with enough contrast to the surface.
fn readable(color: [u8; 3], surface: [u8; 3], least: f64) -> [u8; 3] {
    let target = if luminance(surface) > 0.5 { BLACK } else { WHITE };
    let shades = (0..=20_u8).map(|step| mixed(color, target, f64::from(step) / 20.0));
    shades.into_iter().find(|shade| contrast(*shade, surface) >= least).unwrap_or(target)
}

fn spelled([red, green, blue]: [u8; 3]) -> String {
    format!("#{}", latchkey_licensing::hex::encode(&[red, green, blue]))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the result is between two bytes")]
fn mixed(from: [u8; 3], to: [u8; 3], share: f64) -> [u8; 3] {
    let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
    let ([r1, g1, b1], [r2, g2, b2]) = (from, to);
    [mix(r1, r2), mix(g1, g2), mix(b1, b2)]
}

/// Relative luminance (WCAG 2.2).
fn luminance(color: [u8; 3]) -> f64 {
    let [red, green, blue] = color.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_six_digit_hex_colors_are_accepted() {
        assert_eq!(Accent::parse("#136E7a"), Some(Accent([0x13, 0x6e, 0x7a])));
        for other in ["", "136e7a", "#136e7", "#136e7a0", "#13g e7a", "red", "#+1+1+1", "#fff;}*{"] {
            assert_eq!(Accent::parse(other), None, "{other}");
        }
    }

    /// For any color, text and buttons are legible on both surfaces.
    #[test]
    fn every_color_is_legible() {
        let steps = [0, 51, 102, 153, 204, 255];
        for red in steps {
            for green in steps {
                for blue in steps {
                    for surface in SURFACES {
                        let shades = Shades::of([red, green, blue], surface);
                        assert!(contrast(shades.text, surface) >= 4.5, "{red} {green} {blue}");
                        assert!(contrast(shades.accent, surface) >= 3.0, "{red} {green} {blue}");
                        assert!(contrast(shades.on_accent, shades.accent) >= 4.5, "{red} {green} {blue}");
                        assert!(contrast(shades.on_accent, shades.hover) >= 4.5, "{red} {green} {blue}");
                    }
                }
            }
        }
    }
}
