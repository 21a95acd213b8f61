//! `/checkout/new/{price}`: what is offered, and the form that leads to the payment.

use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    checkout::{
        components::{PriceLine, SalesOpenSoon, Terms},
        frame::CheckoutFrame,
        model::{Offer, OfferDetail, UpgradableLicense},
        server_fns::read_offer,
    },
    routes::{FormTarget, Page, sign_in_for},
    shared::{
        branding::use_branding,
        components::{HiddenField, Message, PageTitle, Submit},
        error::UiError,
        flash::Flash,
        page_owner::OwnerField,
    },
};

#[component]
pub(crate) fn OfferPage() -> impl IntoView {
    let params = use_params_map();
    let price = move || params.with(|params| params.get("price")).unwrap_or_default();
    let typed = use_query_map().with_untracked(|query| query.get("quantity")).and_then(|text| text.parse().ok());
    let data = PageData::new(price, read_offer);
    view! {
        <PageTitle text="Checkout"/>
        <CheckoutFrame>
            <Suspense fallback=|| ()>
                {move || Suspend::new(async move {
                    match data.await {
                        Ok(detail) => view! { <Detail detail typed/> }.into_any(),
                        Err(error) => view! { <NoOffer error/> }.into_any(),
                    }
                })}
            </Suspense>
        </CheckoutFrame>
    }
}

#[component]
fn NoOffer(error: UiError) -> impl IntoView {
    let title = if error == UiError::OfferNotFound { "Not found" } else { "Something went wrong" };
    let home = use_branding().home.unwrap_or_else(|| Page::Overview.path());
    view! {
        <h1 class="title-1">{title}</h1>
        <p role="alert">{error.text(&use_branding().brand)}</p>
        <p><a class="button" href=home rel="external">"See what is for sale"</a></p>
    }
}

#[component]
fn Detail(
    detail: OfferDetail,
    /// The quantity that was entered before.
    #[prop(optional_no_strip)]
    typed: Option<u32>,
) -> impl IntoView {
    let OfferDetail { offer, account, upgradable, flash } = detail;
    let title = if offer.is_upgrade {
        format!("Upgrade {} to {}", offer.product, offer.policy)
    } else {
        format!("Buy {}", offer.product)
    };
    let policy = (!offer.is_upgrade).then(|| view! { <p class="text-2">{offer.policy.clone()}</p> });
    let form = if !offer.is_for_sale {
        view! { <SalesOpenSoon brand=use_branding().brand/> }.into_any()
    } else if offer.is_upgrade {
        view! { <UpgradeForms offer=offer.clone() is_signed_in=account.is_some() upgradable/> }.into_any()
    } else {
        let is_refused = matches!(flash, Some(Flash::Failed(UiError::QuantityNotAllowed { .. })));
        view! { <BuyForm offer=offer.clone() account typed is_refused/> }.into_any()
    };
    view! {
        <div>
            <h1 class="title-1">{title}</h1>
            {policy}
        </div>
        <PriceLine offer=offer.clone()/>
        <Terms terms=offer.terms/>
        {flash.map(|flash| view! { <Message flash/> })}
        {form}
    }
}

#[component]
fn BuyForm(offer: Offer, account: Option<String>, typed: Option<u32>, is_refused: bool) -> impl IntoView {
    let first = typed.unwrap_or(offer.min_quantity);
    // The form works without script, and then the total is that of the first quantity, which it names.
    let quantity = RwSignal::new(Some(first));
    let price = offer.price.to_string();
    let (min, max) = (offer.min_quantity, offer.max_quantity);
    let here = Page::Offer(offer.price.clone()).path();
    let sign_in = sign_in_for(&here);
    let is_refused = is_refused || typed.is_some_and(|typed| !(min..=max).contains(&typed));
    // With script, the total follows the field.
    let has_script = RwSignal::new(false);
    Effect::new(move |_| has_script.set(true));
    let field = if offer.has_quantity() {
        view! {
            <div class="field">
                <label for="quantity">"Licenses"</label>
                <input
                    id="quantity"
                    name="quantity"
                    r#type="number"
                    inputmode="numeric"
                    min=min.to_string()
                    max=max.to_string()
                    step="1"
                    required
                    value=first.to_string()
                    aria-describedby="quantity-hint"
                    aria-invalid=is_refused.then_some("true")
                    on:input:target=move |event| quantity.set(event.target().value().parse().ok())
                />
                <p class="hint" id="quantity-hint">{format!("From {min} to {max}.")}</p>
            </div>
            <div class="split">
                <p class="price-total">{move || quantity.get().and_then(|quantity| offer.total(quantity))}</p>
                <Show when=move || !has_script.get()>
                    <button r#type="submit" class="button button-small" formmethod="get" formaction=here.clone()>
                        "Update the total"
                    </button>
                </Show>
            </div>
        }
        .into_any()
    } else {
        view! { <HiddenField name="quantity" value=min.to_string()/> }.into_any()
    };
    let receiver = match account {
        Some(email) => view! {
            <p class="small text-2">
                "You are signed in as " <strong class="break-anywhere">{email}</strong> ". The purchase goes to this account."
            </p>
        }
        .into_any(),
        None => view! {
            <p class="small text-2">
                "The license goes to the e-mail address that you enter when you pay. If you already have an account, "
                <a href=sign_in rel="external">"sign in first"</a> "."
            </p>
        }
        .into_any(),
    };
    view! {
        <form method="post" action=FormTarget::Checkout.path() class="stack">
            <OwnerField/>
            <HiddenField name="price" value=price/>
            {field}
            {receiver}
            <Submit class="button button-accent button-wide">"Continue to payment"</Submit>
        </form>
        <p class="small text-2">"You pay at Stripe. Your card details do not reach us."</p>
    }
}

/// A form for each license that the offer upgrades.
#[component]
fn UpgradeForms(offer: Offer, is_signed_in: bool, upgradable: Vec<UpgradableLicense>) -> impl IntoView {
    if !is_signed_in {
        let sign_in = sign_in_for(&Page::Offer(offer.price).path());
        return view! {
            <p>"Sign in with the account that has the license."</p>
            <p><a class="button button-accent" href=sign_in rel="external">"Sign in"</a></p>
        }
        .into_any();
    }
    if upgradable.is_empty() {
        return view! {
            <p class="notice-quiet">"None of your licenses can be upgraded with this offer."</p>
            <p><a class="button" href=Page::Licenses.path() rel="external">"Your licenses"</a></p>
        }
        .into_any();
    }
    let forms = upgradable.into_iter().map(|license| {
        view! {
            <li class="split">
                <span>{license.policy} " " <code>{license.masked_key.clone()}</code></span>
                <form method="post" action=FormTarget::Checkout.path()>
                    <OwnerField/>
                    <HiddenField name="price" value=offer.price.to_string()/>
                    <HiddenField name="quantity" value="1"/>
                    <HiddenField name="license" value=license.id.to_string()/>
                    <Submit class="button button-accent" label=format!("Upgrade {}", license.masked_key)>"Upgrade"</Submit>
                </form>
            </li>
        }
    });
    view! { <ul class="stack plain-list">{forms.collect_view()}</ul> }.into_any()
}
