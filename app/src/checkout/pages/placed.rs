//! `/checkout/{order}/placed`: what became of an order. While the payment is not confirmed, the page asks again.

use std::time::Duration;

use crate::shared::page_data::PageData;
use latchkey_licensing::order::OrderStatus;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    checkout::{
        frame::CheckoutFrame,
        model::{PlacedKey, PlacedLicense, PlacedOrder},
        server_fns::read_placed_order,
    },
    routes::{Page, sign_in_for},
    shared::{
        branding::{Contact, use_branding},
        components::{CopyButton, Icon, IconName, PageTitle},
        error::UiError,
    },
};

/// How long to wait before asking again, at first and later.
const PAUSES: (Duration, Duration) = (Duration::from_secs(4), Duration::from_secs(30));

/// How often to ask after the first pause.
const QUICK_ROUNDS: u32 = 30;

/// Without script, the browser loads the page again. Within `noscript`, so that it does not with script.
const REFRESH: &str = r#"<meta http-equiv="refresh" content="4">"#;

#[component]
pub(crate) fn OrderPlacedPage() -> impl IntoView {
    let params = use_params_map();
    let id = move || params.with(|params| params.get("order")).unwrap_or_default();
    let rounds = RwSignal::new(0_u32);
    let data = PageData::new(move || (id(), rounds.get()), |(id, _)| read_placed_order(id));
    view! {
        <PageTitle text="Your order"/>
        <CheckoutFrame>
            <Transition fallback=|| ()>
                {move || Suspend::new(async move {
                    match data.await {
                        Ok(order) => view! { <Placed order rounds/> }.into_any(),
                        // The next attempt may succeed.
                        Err(error @ (UiError::NoResponse | UiError::Unavailable)) => {
                            view! { <NotShown error page=in_portal(&id())/> <AskAgain rounds/> }.into_any()
                        }
                        Err(error) => view! { <NotShown error page=in_portal(&id())/> }.into_any(),
                    }
                })}
            </Transition>
        </CheckoutFrame>
    }
}

/// The page of the portal with the order that has this id, or the list of orders if it is none.
fn in_portal(id: &str) -> String {
    id.parse().map_or_else(|_| Page::Orders.path(), |id| Page::Order(id).path())
}

/// Loads the order again after a pause.
#[component]
fn AskAgain(rounds: RwSignal<u32>) -> impl IntoView {
    Effect::new(move |_| {
        let pause = if rounds.get_untracked() < QUICK_ROUNDS { PAUSES.0 } else { PAUSES.1 };
        let timer = set_timeout_with_handle(move || rounds.update(|rounds| *rounds += 1), pause);
        on_cleanup(move || {
            if let Ok(timer) = timer {
                timer.clear();
            }
        });
    });
    view! { <noscript inner_html=REFRESH></noscript> }
}

/// The same for everyone who may not see the order, whether it exists or not. Signing in leads to
/// `page`.
#[component]
pub(crate) fn NotShown(error: UiError, #[prop(into)] page: String) -> impl IntoView {
    let title = if error == UiError::OrderNotShown { "Sign in to see this order" } else { "Something went wrong" };
    let sign_in = sign_in_for(&page);
    let text = if error == UiError::NoResponse {
        "The server did not respond.".to_owned()
    } else {
        error.text(&use_branding().brand)
    };
    view! {
        <h1 class="title-1">{title}</h1>
        <p role="alert">{text}</p>
        <p><a class="button button-accent" href=sign_in rel="external">"Sign in"</a></p>
    }
}

#[component]
fn Placed(order: PlacedOrder, rounds: RwSignal<u32>) -> impl IntoView {
    let asks_again = order.is_waiting().then(|| view! { <AskAgain rounds/> });
    let number = order.number.clone();
    let total = order.total.clone();
    let items = order.items.iter().map(|item| view! { <li>{item.clone()}</li> }).collect_view();
    view! {
        // The element exists before the confirmation, so that screen readers announce it.
        <div class="stack" role="status"><State order/></div>
        <section class="order-facts stack" aria-label="Order">
            <dl class="facts">
                <div><dt>"Order"</dt><dd translate="no">{number}</dd></div>
                <div><dt>"Total"</dt><dd>{total}</dd></div>
            </dl>
            <ul class="list small">{items}</ul>
        </section>
        {asks_again}
    }
}

#[component]
fn State(order: PlacedOrder) -> AnyView {
    match order.status {
        OrderStatus::Open => view! {
            <h1 class="title-1">"Waiting for Stripe"</h1>
            <p>"We are waiting for Stripe to confirm the payment. This page updates by itself."</p>
            <p class="small text-2">
                "If you have not paid yet, nothing was charged: " <a href=order.again rel="external">"back to the offer"</a> "."
            </p>
        }
        .into_any(),
        OrderStatus::Pending => view! { <Pending email=order.email quantity=order.quantity/> }.into_any(),
        OrderStatus::PaymentFailed => view! {
            <h1 class="title-1">"The payment failed"</h1>
            <p>"The bank refused the payment. Nothing was charged, and there is no license."</p>
            <p><a class="button button-accent" href=order.again rel="external">"Try again"</a></p>
        }
        .into_any(),
        OrderStatus::Expired => view! {
            <h1 class="title-1">"This checkout has expired"</h1>
            <p>"It was not paid in time. Nothing was charged."</p>
            <p><a class="button button-accent" href=order.again rel="external">"Back to the offer"</a></p>
        }
        .into_any(),
        OrderStatus::Held => view! { <Held/> }.into_any(),
        OrderStatus::Paid | OrderStatus::PartlyRefunded => view! { <Delivered order/> }.into_any(),
        OrderStatus::Disputed => view! {
            <h1 class="title-1">"The payment is disputed"</h1>
            <p>"The bank has opened a dispute about this payment. Until it is decided, the license is suspended."</p>
            <p><a class="button" href=Page::Order(order.id).path() rel="external">"See the order"</a></p>
        }
        .into_any(),
        OrderStatus::Refunded | OrderStatus::DisputeLost => view! {
            <h1 class="title-1">"This order was refunded"</h1>
            <p>"The money went back, so what was bought no longer works."</p>
            <p><a class="button" href=Page::Order(order.id).path() rel="external">"See the order"</a></p>
        }
        .into_any(),
    }
}

#[component]
fn Pending(email: Option<String>, quantity: u32) -> impl IntoView {
    let to = email.map(|email| view! { " to " <strong class="break-anywhere">{email}</strong> });
    let what = if quantity == 1 { "the license key" } else { "the license keys" };
    view! {
        <h1 class="title-1">"Your payment is on its way"</h1>
        <p>"Your bank confirms this kind of payment later, usually within a few days. You can close this page."</p>
        <p>"When the payment arrives, we will send " {what} {to} "."</p>
    }
}

#[component]
fn Held() -> impl IntoView {
    view! {
        <h1 class="title-1">"We are checking your order"</h1>
        <p>
            "The payment arrived, but a detail of the order does not match, so a person looks at it. You will get an e-mail. If you have questions, "
            <Contact brand=use_branding().brand/> "."
        </p>
    }
}

#[component]
fn Delivered(order: PlacedOrder) -> impl IntoView {
    let receipt = Page::Receipt(order.id).path();
    let count = order.licenses.len();
    let keys_shown = order.licenses.iter().filter_map(PlacedLicense::key).count();
    let (title, intro) = match (order.upgrades, count, keys_shown) {
        (Some(_), ..) => ("Your license is upgraded", "It keeps its key and its computers."),
        (None, _, 0) => ("Your order is complete", "The portal shows what you bought."),
        (None, 1, _) => ("Your license is ready", "The key is also in the e-mail that is on its way to you."),
        (None, ..) => ("Your licenses are ready", "The keys are also in the e-mail that is on its way to you."),
    };
    let keys = (count > 0).then(|| view! { <Keys licenses=order.licenses.clone()/> });
    let is_new = order.upgrades.is_none() && keys_shown > 0;
    let download = use_branding().download_url.filter(|_| is_new);
    let license = order.upgrades.or_else(|| order.licenses.first().map(|license| license.id).filter(|_| count == 1));
    let see = match license {
        Some(license) => (Page::License(license).path(), "see the license and its computers"),
        None => (Page::Licenses.path(), "see the licenses and their computers"),
    };
    let account = if order.is_signed_in {
        view! { <a href=see.0 rel="external">{capital(see.1)}</a> "." }.into_any()
    } else {
        let email = order.email.map(|email| view! { " as " <strong class="break-anywhere">{email}</strong> });
        view! { <a href=sign_in_for(&see.0) rel="external">"Sign in"</a> {email} " at any time to " {see.1} "." }
            .into_any()
    };
    view! {
        <h1 class="title-1">{title}</h1>
        <p>{intro}</p>
        {keys}
        <h2 class="title-2">"Next steps"</h2>
        <ol class="list list-numbered">
            {download.map(|url| view! { <li><a href=url rel="external">"Download the app"</a> "."</li> })}
            {is_new.then(|| view! { <li>"Enter the key in the app."</li> })}
            <li>{account}</li>
            <li><a href=receipt rel="external">"Print the receipt"</a> ", if you need one."</li>
        </ol>
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// How many keys are shown before the others are folded.
const UNFOLDED: usize = 10;

/// The keys, each with a button that copies it, and one for all.
#[component]
fn Keys(licenses: Vec<PlacedLicense>) -> impl IntoView {
    let all: Vec<&str> = licenses.iter().filter_map(PlacedLicense::key).collect();
    let copy_all = (all.len() > 1).then(|| view! { <p><CopyButton text=all.join("\n") words="Copy all keys"/></p> });
    let count = licenses.len();
    let class = if count > 3 { "plain-list key-rows" } else { "stack-small plain-list" };
    let mut first = licenses;
    let folded = if count > UNFOLDED { first.split_off(UNFOLDED) } else { Vec::new() };
    let more = (!folded.is_empty()).then(|| {
        view! {
            <details class="fold">
                <summary>{format!("Show {} more keys", folded.len())}</summary>
                <ul class=class aria-label="More license keys">{key_rows(folded)}</ul>
            </details>
        }
    });
    view! {
        {copy_all}
        <ul class=class aria-label="License keys">{key_rows(first)}</ul>
        {more}
    }
}

fn key_rows(licenses: Vec<PlacedLicense>) -> impl IntoView {
    licenses.into_iter().map(|license| view! { <li>{key_row(license)}</li> }).collect_view()
}

fn key_row(license: PlacedLicense) -> AnyView {
    let page = sign_in_for(&Page::License(license.id).path());
    match license.key {
        PlacedKey::Delivered(key) => view! {
            <div class="key-row">
                <Icon name=IconName::Key/>
                <code class="key key-shown" translate="no">{key.clone()}</code>
                <CopyButton text=key words="Copy"/>
            </div>
        }
        .into_any(),
        PlacedKey::Replaced => view! {
            <p>"The key of this license was replaced. " <a href=page rel="external">"See it in the portal"</a> "."</p>
        }
        .into_any(),
        PlacedKey::Revoked => view! {
            <p>
                "This license was revoked, so its key no longer works. "
                <a href=page rel="external">"See the license in the portal"</a> "."
            </p>
        }
        .into_any(),
    }
}
