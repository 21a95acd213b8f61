//! The keyboard: which keys do what, the palette, and moving through rows.

mod dom;
pub(crate) mod objects;
pub(crate) mod palette;
pub(crate) mod rows;
pub(crate) mod sheet;

use leptos::{ev, prelude::*};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    OpenPalette,
    FocusSearch,
    NextRow,
    PreviousRow,
    SelectRow,
    OpenSheet,
}

/// A pressed key with what matters about it.
#[derive(Clone, Copy, Debug, Default)]
struct Pressed<'a> {
    key: &'a str,
    /// Control, or Command.
    has_command: bool,
    has_alt: bool,
    /// Whether it belongs to the field that is being typed into, or to the open dialog.
    is_taken: bool,
}

/// What a pressed key does. Keys without Control can be switched off, so that a slip or speech input does not trigger them.
fn act(pressed: Pressed<'_>, has_letter_keys: bool) -> Option<Act> {
    if pressed.has_command && !pressed.has_alt && pressed.key.eq_ignore_ascii_case("k") {
        return Some(Act::OpenPalette);
    }
    let is_free = has_letter_keys && !pressed.has_command && !pressed.has_alt;
    if !is_free || pressed.is_taken {
        return None;
    }
    match pressed.key {
        "/" => Some(Act::FocusSearch),
        "j" => Some(Act::NextRow),
        "k" => Some(Act::PreviousRow),
        "x" => Some(Act::SelectRow),
        "?" => Some(Act::OpenSheet),
        _ => None,
    }
}

/// Which of the keyboard's dialogs is open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keyboard {
    pub(crate) is_palette_open: RwSignal<bool>,
    pub(crate) is_sheet_open: RwSignal<bool>,
    pub(crate) has_letter_keys: RwSignal<bool>,
}

impl Keyboard {
    pub(crate) fn new() -> Self {
        Self {
            is_palette_open: RwSignal::new(false),
            is_sheet_open: RwSignal::new(false),
            // Until it is known whether they are on.
            has_letter_keys: RwSignal::new(false),
        }
    }

    /// Acts on keys wherever the focus is, until the calling component is gone.
    pub(crate) fn listen(self) {
        Effect::new(move |_| {
            let handle = window_event_listener(ev::keydown, move |event| self.press(&event));
            on_cleanup(move || handle.remove());
        });
    }

    fn press(self, event: &ev::KeyboardEvent) {
        let key = event.key();
        let pressed = Pressed {
            key: &key,
            has_command: event.ctrl_key() || event.meta_key(),
            has_alt: event.alt_key(),
            is_taken: dom::is_typing(event) || dom::is_dialog_open(),
        };
        let Some(act) = act(pressed, self.has_letter_keys.get_untracked()) else {
            return;
        };
        let is_done = match act {
            Act::OpenPalette => {
                self.is_palette_open.update(|is_open| *is_open = !*is_open);
                true
            }
            Act::OpenSheet => {
                self.is_sheet_open.set(true);
                true
            }
            Act::FocusSearch => dom::focus_search(),
            Act::NextRow => rows::move_focus(1),
            Act::PreviousRow => rows::move_focus(-1),
            Act::SelectRow => rows::toggle_focused(),
        };
        // Otherwise the key would also be typed, or do what it does in the browser.
        if is_done {
            event.prevent_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str) -> Pressed<'_> {
        Pressed { key, ..Pressed::default() }
    }

    #[test]
    fn keys_do_what_the_sheet_says() {
        for (name, wanted) in [
            ("/", Some(Act::FocusSearch)),
            ("j", Some(Act::NextRow)),
            ("k", Some(Act::PreviousRow)),
            ("?", Some(Act::OpenSheet)),
            ("J", None),
            ("Enter", None),
            ("x", Some(Act::SelectRow)),
            ("y", None),
        ] {
            assert_eq!(act(key(name), true), wanted, "{name}");
            assert_eq!(act(key(name), false), None, "{name} is switched off");
            assert_eq!(act(Pressed { is_taken: true, ..key(name) }, true), None, "{name} is typed");
            assert_eq!(act(Pressed { has_alt: true, ..key(name) }, true), None, "Alt and {name}");
        }
    }

    #[test]
    fn the_palette_opens_from_everywhere_and_cannot_be_switched_off() {
        let chord = |name| Pressed { has_command: true, ..key(name) };
        for name in ["k", "K"] {
            assert_eq!(act(chord(name), false), Some(Act::OpenPalette));
            assert_eq!(act(Pressed { is_taken: true, ..chord(name) }, true), Some(Act::OpenPalette));
        }
        assert_eq!(act(chord("j"), true), None);
        assert_eq!(act(Pressed { has_alt: true, ..chord("k") }, true), None);
    }
}
