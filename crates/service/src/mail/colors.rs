//! The colors of the vendor in mails.

/// The color of buttons and of their text, as `#rrggbb`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccentColors {
    /// The background of a button.
    pub button: String,
    /// The text of a button.
    pub on_button: String,
    /// The text of a link.
    pub link: String,
}

/// The vendor's colors in light and dark mode. They must be legible on the background of mails, which is that of the
/// cards on pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailColors {
    /// In light mode.
    pub light: AccentColors,
    /// In dark mode.
    pub dark: AccentColors,
}

/// The colors of the style sheet's defaults.
impl Default for MailColors {
    fn default() -> Self {
        let colors = |[button, on_button, link]: [&str; 3]| AccentColors {
            button: button.to_owned(),
            on_button: on_button.to_owned(),
            link: link.to_owned(),
        };
        Self { light: colors(["#136e7a", "#ffffff", "#13616d"]), dark: colors(["#4ed5d6", "#051b20", "#63d8d9"]) }
    }
}
