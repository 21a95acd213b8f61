//! What needs attention, above a record.

use leptos::prelude::*;

use crate::{
    admin::model::object_view::Notice,
    shared::{
        components::{Icon, IconName},
        model::Tone,
    },
};

#[component]
pub(crate) fn Notices(notices: Vec<Notice>) -> impl IntoView {
    notices
        .into_iter()
        .map(|Notice { tone, text, link }| {
            let (class, icon) = match tone {
                Tone::Good => ("message message-good", IconName::Check),
                Tone::Warn => ("message message-warn", IconName::Warning),
                Tone::Bad => ("message message-bad", IconName::Warning),
            };
            view! {
                <p class=class>
                    <Icon name=icon/>
                    <span class="break-anywhere">{text} {link.map(|link| view! { " " <a href=link.href>{link.label}</a> })}</span>
                </p>
            }
        })
        .collect_view()
}
