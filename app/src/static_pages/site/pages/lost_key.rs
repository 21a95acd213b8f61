//! `/lost-key`: a sign-in link for those who lost their license key. It says the same whether the address is known or not.

use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    routes::Page,
    sign_in::server_fns::RequestSignIn,
    static_pages::{
        document::render,
        offers::Shop,
        site::{Site, SitePage, shell::SiteDocument},
    },
};

pub fn lost_key(site: &Site) -> String {
    let site = site.clone();
    render(move || {
        let name = site.look.branding.brand.name.clone();
        let form = match &site.shop {
            Shop::Here => view! {
                <form method="post" action=RequestSignIn::url() class="stack">
                    <input r#type="hidden" name="next" value=Page::Licenses.path()/>
                    <div class="field">
                        <label for="email">"E-mail address of your purchase"</label>
                        <input id="email" name="email" r#type="email" autocomplete="email" required maxlength="254"/>
                    </div>
                    <button r#type="submit" class="button button-accent">"Send a sign-in link"</button>
                </form>
            }
            .into_any(),
            Shop::At(_) => {
                let href = site.sign_in();
                view! { <p><a class="button button-accent" href=href>"Sign in to see your key"</a></p> }.into_any()
            }
        };
        view! {
            <SiteDocument
                site
                page=SitePage::LostKey
                title="Lost your license key?"
                description=format!("Get your {name} license key again with the e-mail address of your purchase.")
            >
                <div class="band band-first lost-key">
                    <div class="band-head">
                        <h1 class="display-2">"Lost your license key?"</h1>
                        <p class="lead">
                            "Your key is in your portal, with the computers that use it. Enter the address that you bought with, and we send you a link to sign in. No password is needed."
                        </p>
                    </div>
                    <div class="card stack">{form}</div>
                    <p class="small text-2">
                        "For your privacy, this page says the same whether we know the address or not. If no mail arrives within a few minutes, look in the spam folder, or try another address that you may have used."
                    </p>
                </div>
            </SiteDocument>
        }
    })
}
