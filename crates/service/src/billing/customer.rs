//! The orders of the signed-in customer. For orders of others, the result is the same as if they did not exist.

use latchkey_licensing::{
    ids::{LicenseId, OrderId},
    order::{Order, OrderedLicense},
    portal_paths,
};

use crate::{
    billing::{placed::is_expected_by, view::OrderView},
    error::{Internal, internal_errors},
    identity::actors::{Customer, CustomerView},
    ports::payments::{PaymentsError, ReceiptLinks},
};

/// Why a customer's use case of an order failed.
#[derive(Debug, thiserror::Error)]
pub enum CustomerOrderError {
    /// The order does not exist or belongs to someone else.
    #[error("there is no such order")]
    NotFound,
    /// The provider has no such document or page for this order.
    #[error("there is no such document for this order")]
    NoDocument,
    /// The provider cannot be reached now, or there are no keys for it.
    #[error("Stripe cannot be reached")]
    Unavailable,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(CustomerOrderError);

impl From<PaymentsError> for CustomerOrderError {
    fn from(error: PaymentsError) -> Self {
        match error {
            PaymentsError::NotFound(_) => Self::NoDocument,
            PaymentsError::Unavailable(_) | PaymentsError::Unreadable(_) | PaymentsError::Refused(_) => {
                tracing::error!(%error, "the provider did not answer a customer's request: {error}");
                Self::Unavailable
            }
        }
    }
}

impl CustomerView<'_> {
    /// The orders that the customer received, the newest first.
    pub async fn orders(&self) -> Result<Vec<OrderView>, Internal> {
        let mut reader = self.service().store().read().await?;
        let mut orders = reader.list_orders_of(self.account().id).await?;
        // An abandoned checkout is no order for the customer.
        orders.retain(|order| order.status.is_visible());
        self.service().view_orders(&mut reader, orders).await
    }

    /// One of the customer's orders, or one that the customer made without signing in and has yet to receive.
    pub async fn order(&self, id: OrderId) -> Result<OrderView, CustomerOrderError> {
        let account = self.account();
        self.order_if(id, |order| order.account == Some(account.id) || is_expected_by(order, account)).await
    }

    async fn order_if(
        &self,
        id: OrderId,
        is_shown: impl FnOnce(&Order) -> bool,
    ) -> Result<OrderView, CustomerOrderError> {
        let mut reader = self.service().store().read().await?;
        let order = reader.find_order(id).await?.filter(is_shown);
        let order = order.ok_or(CustomerOrderError::NotFound)?;
        let view = self.service().view_orders(&mut reader, vec![order]).await?.pop();
        view.ok_or(CustomerOrderError::NotFound)
    }

    /// The customer's order by which a license was bought, and what was decided about the license since.
    pub async fn order_of_license(&self, license: LicenseId) -> Result<Option<(Order, OrderedLicense)>, Internal> {
        let mut reader = self.service().store().read().await?;
        let Some(ordered) = reader.find_order_license(license).await? else {
            return Ok(None);
        };
        let order = reader.find_order(ordered.order).await?;
        let order = order.filter(|order| order.account == Some(self.account().id));
        Ok(order.map(|order| (order, ordered)))
    }
}

impl Customer<'_> {
    /// One of the orders that the account received.
    async fn received_order(&self, id: OrderId) -> Result<OrderView, CustomerOrderError> {
        self.order_if(id, |order| order.account == Some(self.account().id)).await
    }

    /// Links to the provider's receipt and invoice for a payment of an order. They are credentials.
    pub async fn receipt_links(&self, id: OrderId, payment: &str) -> Result<ReceiptLinks, CustomerOrderError> {
        let view = self.received_order(id).await?;
        let known = view.payments.iter().find(|known| known.id == payment);
        let known = known.ok_or(CustomerOrderError::NotFound)?;
        let payments = self.service().payments().ok_or(CustomerOrderError::Unavailable)?;
        Ok(payments.receipt_links(&known.id).await?)
    }

    /// The provider's page on which the customer of an order manages cards, address and tax ids. It is a credential.
    pub async fn payment_settings(&self, id: OrderId) -> Result<String, CustomerOrderError> {
        let view = self.received_order(id).await?;
        let customer = view.order.customer.ok_or(CustomerOrderError::NoDocument)?;
        // An order that names somebody else's customer is held and never delivered, but the binding decides.
        let mut reader = self.service().store().read_without_snapshot().await?;
        let bound = reader.find_account_of_stripe_customer(&customer).await?;
        if bound != Some(self.who().account.id) {
            return Err(CustomerOrderError::NoDocument);
        }
        let payments = self.service().payments().ok_or(CustomerOrderError::Unavailable)?;
        let return_url = format!("{}{}", self.service().0.options.portal_url, portal_paths::order(id));
        Ok(payments.customer_portal(&customer, &return_url).await?)
    }
}
