//! The bar above the pages: the palette, the payment mode, help and the user's menu.

use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    admin::{
        components::{AdminIcon, AdminIconName, Menu},
        keyboard::{Keyboard, palette::PaletteButton},
        model::{Frame, PaymentMode},
    },
    routes::{AdminPage, Page},
    shared::{
        branding::{HelpLine, use_branding},
        page_owner::OwnerField,
    },
    sign_in::server_fns::SignOut,
    theme::ThemeChoice,
};

#[component]
pub(crate) fn TopBar(frame: Frame, keyboard: Keyboard) -> impl IntoView {
    let Frame { email, role, mode, .. } = frame;
    let portal = use_branding().in_portal(&Page::Overview);
    view! {
        <header class="top-bar">
            <PaletteButton keyboard/>
            <div class="top-bar-end cluster">
                <ModeBadge mode/>
                <a class="button button-small" href=AdminPage::Shortcuts.path()>
                    <AdminIcon name=AdminIconName::Help/>
                    <span class="top-bar-words">"Help"</span>
                </a>
                <Menu label=role.word() class="menu-right">
                    <p class="menu-note break-anywhere">{email}</p>
                    <ul class="menu-list">
                        <li><a href=Page::Account.path() rel="external">"Your account"</a></li>
                        <li><a href=portal rel="external">"The customer portal"</a></li>
                    </ul>
                    <ThemeChoice/>
                    <div class="menu-end"><HelpLine brand=use_branding().brand/></div>
                    <form method="post" action=SignOut::url() class="menu-end">
                        <OwnerField/>
                        <button r#type="submit" class="button button-small button-wide">"Sign out"</button>
                    </form>
                </Menu>
            </div>
        </header>
    }
}

/// Whether sales are real, as an icon and a word.
#[component]
pub(crate) fn ModeBadge(mode: PaymentMode) -> impl IntoView {
    let (class, word, means) = match mode {
        PaymentMode::Live => ("badge badge-good", "Live", "Sales are real."),
        PaymentMode::Test => ("badge badge-warn", "Test mode", "Stripe is in test mode: no money is moved."),
        PaymentMode::Off => ("badge", "No payments", "This instance has no keys of Stripe, so nothing is sold."),
    };
    view! {
        <span class=class title=means>
            <AdminIcon name=AdminIconName::Dot/>
            {word}
        </span>
    }
}
