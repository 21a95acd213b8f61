//! Opening and ending checkout sessions.

use std::collections::HashMap;

use latchkey_service::ports::payments::{NewCheckout, OpenedCheckout};
use latchkey_stripe::{metadata, objects::CheckoutSession};
use serde::de::IgnoredAny;
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionAutomaticTax, CreateCheckoutSessionCustomerCreation,
    CreateCheckoutSessionCustomerUpdate, CreateCheckoutSessionCustomerUpdateAddress,
    CreateCheckoutSessionCustomerUpdateName, CreateCheckoutSessionInvoiceCreation,
    CreateCheckoutSessionInvoiceCreationInvoiceData, CreateCheckoutSessionLineItems,
    CreateCheckoutSessionPaymentIntentData, CreateCheckoutSessionSubscriptionData,
    CreateCheckoutSessionTaxIdCollection,
};
use stripe_client_core::{RequestBuilder, StripeRequest};
use stripe_shared::{CheckoutSessionBillingAddressCollection, CheckoutSessionMode};

use crate::settings::{BillingAddress, Stripe};

use super::api::{Api, CallError};

pub(super) async fn open(api: &Api, settings: &Stripe, checkout: &NewCheckout) -> Result<OpenedCheckout, CallError> {
    // Opening a checkout moves no money. A deterministic key would return an expired session to a buyer who comes back.
    let key = checkout.idempotency_key.to_string();
    let session: CheckoutSession = api.send(&request(settings, checkout), &key).await?;
    let url = session.url.ok_or_else(|| CallError::unreadable("the checkout session has no URL"))?;
    Ok(OpenedCheckout { id: session.id, url })
}

pub(super) async fn expire(api: &Api, id: &str) -> Result<(), CallError> {
    let session: CheckoutSession = api.object(&["checkout", "sessions", id]).await?;
    if session.status.as_deref() != Some("open") {
        return Ok(());
    }
    let ended = api.post::<IgnoredAny>(&["checkout", "sessions", id, "expire"], &[], None).await;
    let Err(refused) = ended else { return Ok(()) };
    // The buyer may have paid in the meantime.
    let session: CheckoutSession = api.object(&["checkout", "sessions", id]).await?;
    if session.status.as_deref() == Some("open") { Err(refused) } else { Ok(()) }
}

fn request(settings: &Stripe, checkout: &NewCheckout) -> RequestBuilder {
    let order = checkout.order.to_string();
    let tags = HashMap::from([(metadata::ORDER.to_owned(), order.clone())]);
    let lines: Vec<CreateCheckoutSessionLineItems> = checkout
        .lines
        .iter()
        .map(|line| CreateCheckoutSessionLineItems {
            price: Some(line.price.clone()),
            quantity: Some(u64::from(line.quantity)),
            ..CreateCheckoutSessionLineItems::new()
        })
        .collect();
    let mut session = CreateCheckoutSession::new()
        .client_reference_id(order)
        .metadata(tags.clone())
        .line_items(lines)
        .success_url(checkout.success_url.clone())
        .cancel_url(checkout.cancel_url.clone())
        .expires_at(checkout.expires_at.unix_micros().div_euclid(1_000_000))
        .allow_promotion_codes(settings.promotion_codes)
        .automatic_tax(CreateCheckoutSessionAutomaticTax::new(settings.automatic_tax))
        .tax_id_collection(CreateCheckoutSessionTaxIdCollection::new(settings.tax_id_collection))
        .billing_address_collection(match settings.billing_address {
            BillingAddress::Auto => CheckoutSessionBillingAddressCollection::Auto,
            BillingAddress::Required => CheckoutSessionBillingAddressCollection::Required,
        });
    session = if checkout.is_subscription {
        let data = CreateCheckoutSessionSubscriptionData {
            metadata: Some(tags),
            ..CreateCheckoutSessionSubscriptionData::new()
        };
        session.mode(CheckoutSessionMode::Subscription).subscription_data(data)
    } else {
        let payment = CreateCheckoutSessionPaymentIntentData {
            metadata: Some(tags.clone()),
            ..CreateCheckoutSessionPaymentIntentData::new()
        };
        let invoice = CreateCheckoutSessionInvoiceCreation {
            invoice_data: Some(CreateCheckoutSessionInvoiceCreationInvoiceData {
                metadata: Some(tags),
                ..CreateCheckoutSessionInvoiceCreationInvoiceData::new()
            }),
            ..CreateCheckoutSessionInvoiceCreation::new(true)
        };
        session.mode(CheckoutSessionMode::Payment).payment_intent_data(payment).invoice_creation(invoice)
    };
    with_customer(session, settings, checkout).build()
}

fn with_customer(session: CreateCheckoutSession, settings: &Stripe, checkout: &NewCheckout) -> CreateCheckoutSession {
    if let Some(customer) = &checkout.customer {
        // A known customer's address and name are only replaced by what the buyer types if that is asked for, and tax
        // cannot be calculated without it.
        let update = CreateCheckoutSessionCustomerUpdate {
            address: settings.automatic_tax.then_some(CreateCheckoutSessionCustomerUpdateAddress::Auto),
            name: settings.tax_id_collection.then_some(CreateCheckoutSessionCustomerUpdateName::Auto),
            ..CreateCheckoutSessionCustomerUpdate::new()
        };
        let session = session.customer(customer.clone());
        let is_needed = settings.automatic_tax || settings.tax_id_collection;
        return if is_needed { session.customer_update(update) } else { session };
    }
    // Guests would have no customer that invoices and the customer portal could refer to. Subscriptions always make one.
    let session = if checkout.is_subscription {
        session
    } else {
        session.customer_creation(CreateCheckoutSessionCustomerCreation::Always)
    };
    match &checkout.email {
        Some(email) => session.customer_email(email.as_str()),
        None => session,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use latchkey_licensing::{email::EmailAddress, ids::OrderId, time::Timestamp};
    use latchkey_service::ports::payments::NewCheckoutLine;

    use super::*;

    fn checkout() -> NewCheckout {
        NewCheckout {
            order: OrderId::new(Timestamp::from_unix_micros(1), [7; 10]),
            is_subscription: false,
            lines: vec![
                NewCheckoutLine { price: "price_1".to_owned(), quantity: 3 },
                NewCheckoutLine { price: "price_2".to_owned(), quantity: 1 },
            ],
            customer: None,
            email: Some(EmailAddress::parse("ada+x@example.com").expect("an address")),
            success_url: "https://portal.example/thanks?session={CHECKOUT_SESSION_ID}".to_owned(),
            cancel_url: "https://portal.example/cancelled".to_owned(),
            expires_at: Timestamp::from_unix_micros(1_790_000_000_500_000),
            idempotency_key: uuid::Uuid::from_bytes([5; 16]),
        }
    }

    fn fields(settings: &Stripe, checkout: &NewCheckout) -> BTreeMap<String, String> {
        let request = request(settings, checkout);
        assert_eq!(request.path, "/checkout/sessions");
        url::form_urlencoded::parse(request.body.expect("a form").as_bytes()).into_owned().collect()
    }

    fn expected(checkout: &NewCheckout, more: &[(&str, &str)]) -> BTreeMap<String, String> {
        let order = checkout.order.to_string();
        let always = [
            ("client_reference_id", order.as_str()),
            ("metadata[latchkey_order]", &order),
            ("line_items[0][price]", "price_1"),
            ("line_items[0][quantity]", "3"),
            ("line_items[1][price]", "price_2"),
            ("line_items[1][quantity]", "1"),
            ("success_url", &checkout.success_url),
            ("cancel_url", &checkout.cancel_url),
            ("expires_at", "1790000000"),
        ];
        always.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn st_24_a_guests_checkout_names_prices_and_makes_a_customer_and_an_invoice() {
        let checkout = checkout();
        let order = checkout.order.to_string();
        let more = [
            ("mode", "payment"),
            ("allow_promotion_codes", "true"),
            ("automatic_tax[enabled]", "false"),
            ("tax_id_collection[enabled]", "false"),
            ("billing_address_collection", "auto"),
            ("payment_intent_data[metadata][latchkey_order]", &order),
            ("invoice_creation[enabled]", "true"),
            ("invoice_creation[invoice_data][metadata][latchkey_order]", &order),
            ("customer_creation", "always"),
            ("customer_email", "ada+x@example.com"),
        ];
        assert_eq!(fields(&Stripe::default(), &checkout), expected(&checkout, &more));
    }

    #[test]
    fn st_29_a_customers_subscription_follows_the_settings() {
        let checkout = NewCheckout { is_subscription: true, customer: Some("cus_1".to_owned()), ..checkout() };
        let order = checkout.order.to_string();
        let settings = Stripe {
            promotion_codes: false,
            automatic_tax: true,
            tax_id_collection: true,
            billing_address: BillingAddress::Required,
            ..Stripe::default()
        };
        let more = [
            ("mode", "subscription"),
            ("allow_promotion_codes", "false"),
            ("automatic_tax[enabled]", "true"),
            ("tax_id_collection[enabled]", "true"),
            ("billing_address_collection", "required"),
            ("subscription_data[metadata][latchkey_order]", &order),
            ("customer", "cus_1"),
            ("customer_update[address]", "auto"),
            ("customer_update[name]", "auto"),
        ];
        assert_eq!(fields(&settings, &checkout), expected(&checkout, &more));
    }
}
