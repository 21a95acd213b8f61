//! The components of all surfaces.

use leptos::prelude::*;

use super::{HERE, Sample, ago, status};
use crate::{
    admin::{
        components::{Copyable, Menu},
        keyboard::sheet::{LetterKeysChoice, ShortcutList},
        model::PaymentMode,
        shell::top_bar::ModeBadge,
    },
    shared::{
        components::{CopyButton, Failure, StatusBadge, Submit, Time},
        error::UiError,
        model::Tone,
    },
};

#[component]
pub(super) fn SharedSamples() -> impl IntoView {
    view! {
        <Sample title="Type">
            <p class="title-1">"Title 1"</p>
            <p class="title-2">"Title 2"</p>
            <p class="title-3">"Title 3"</p>
            <p>"Text with a " <a href=HERE>"link"</a> " and " <code>"code"</code> "."</p>
            <p class="small text-2">"Small text, " <Time when=ago("3 days ago")/></p>
        </Sample>
        <Sample title="Buttons">
            <div class="cluster">
                <button r#type="button" class="button button-accent">"Accent"</button>
                <button r#type="button" class="button">"Plain"</button>
                <button r#type="button" class="button button-danger">"Danger"</button>
                <button r#type="button" class="button button-small">"Small"</button>
                <Submit busy=Signal::derive(|| true)>"Busy"</Submit>
                <CopyButton text="copied from the style guide" words="Copy"/>
                <a class="button" href=HERE>"Link"</a>
            </div>
        </Sample>
        <Sample title="States">
            <div class="cluster">
                <StatusBadge status=status("Active", Tone::Good)/>
                <StatusBadge status=status("Suspended", Tone::Warn)/>
                <StatusBadge status=status("Revoked", Tone::Bad)/>
                <ModeBadge mode=PaymentMode::Live/>
                <ModeBadge mode=PaymentMode::Test/>
                <ModeBadge mode=PaymentMode::Off/>
            </div>
            <Failure error=UiError::Unavailable/>
            <Failure error=UiError::SignedOut/>
        </Sample>
        <Sample title="Menu and id">
            <div class="cluster">
                <Menu label="Menu">
                    <ul class="menu-list">
                        <li><a href=HERE>"First"</a></li>
                        <li><a href=HERE aria-current="true">"Current"</a></li>
                        <li class="menu-off"><span>"Off"</span> <span class="menu-note">"Why it is off"</span></li>
                    </ul>
                </Menu>
                <Copyable text="0190f3c2-0000-7000-8000-000000000000" what="sample id"/>
            </div>
        </Sample>
        <Sample title="Keyboard">
            <ShortcutList/>
            <LetterKeysChoice are_on=Signal::derive(|| true)/>
        </Sample>
    }
}
