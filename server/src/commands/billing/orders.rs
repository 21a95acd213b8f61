//! `order …`

use latchkey_licensing::{
    email::EmailAddress,
    ids::OrderId,
    money::Money,
    order::{HoldReason, Order, OrderStatus, SubscriptionState, number_bytes},
    time::Timestamp,
};
use latchkey_service::{Operator, OrderView, RefundError, ReleaseError, Service};
use latchkey_store::OrderSearch;
use serde_json::{Value, json};

use crate::{
    cli::Orders,
    commands::{
        licenses::notify,
        terminal::{
            arguments::address,
            confirmation::{Answer, confirm},
            describe::with,
        },
    },
    console,
    startup::Failure,
};

impl From<ReleaseError> for Failure {
    fn from(error: ReleaseError) -> Self {
        match error {
            ReleaseError::Internal(error) => Self::Internal(error),
            refusal => Self::Refused(refusal.to_string()),
        }
    }
}

impl From<RefundError> for Failure {
    fn from(error: RefundError) -> Self {
        match error {
            RefundError::Internal(error) => Self::Internal(error),
            refusal => Self::Refused(refusal.to_string()),
        }
    }
}

pub(crate) async fn orders(service: &Service, command: Orders, as_json: bool) -> Result<(), Failure> {
    let admin = service.admin(Operator::Host);
    match command {
        Orders::List { status, email, limit } => {
            let filter = OrderSearch {
                status: status.as_deref().map(parse_status).transpose()?,
                email: email.as_deref().map(address).transpose()?,
            };
            let page = admin.orders(&filter, None, limit).await?;
            if as_json {
                console::json(&page.items.iter().map(order_json).collect::<Value>());
            } else if page.items.is_empty() {
                console::line("No orders.");
            } else {
                page.items.iter().for_each(|order| console::line(&order_line(order)));
                if page.next.is_some() {
                    console::line(&format!("These are the newest {limit} orders; --limit shows more."));
                }
            }
        }
        Orders::Show { id } => show(service, find(service, &id).await?, as_json).await?,
        Orders::Release { id, email, yes, no_mail } => {
            let id = find(service, &id).await?;
            let email = email.as_deref().map(address).transpose()?;
            if confirm(yes, "Deliver this order although it does not match its payment?")? == Answer::No {
                return Ok(());
            }
            let fresh = Operator::Host.fresh();
            let released = admin.release_order(id, email.as_ref(), notify(no_mail), &fresh).await?;
            show_decided(service, id, &released.mailed_to, as_json).await?;
            if released.status == OrderStatus::Held {
                return Err(Failure::Refused(
                    "the order is still held: what prevents its delivery cannot be overridden. Refund it (`order refund`), and \
                     issue a license by hand if the buyer should have one (`license issue`)"
                        .to_owned(),
                ));
            }
        }
        Orders::Refund { id, yes, no_mail } => {
            let id = find(service, &id).await?;
            if confirm(yes, "Refund all payments of this order and revoke what it bought?")? == Answer::No {
                return Ok(());
            }
            let mailed_to = admin.refund_order(id, notify(no_mail), &Operator::Host.fresh()).await?;
            show_decided(service, id, &mailed_to, as_json).await?;
        }
    }
    Ok(())
}

/// The id of the order with a number or an id.
async fn find(service: &Service, text: &str) -> Result<OrderId, Failure> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    if number_bytes(text).is_none() {
        return Err(Failure::Usage(format!(
            "`{text}` is neither the number of an order, such as 7F3K-9QXM, nor an id: `latchkey order list` shows both"
        )));
    }
    match service.admin(Operator::Host).orders_with_number(text).await?.as_slice() {
        [] => Err(Failure::Refused(format!(
            "there is no order with the number {text}: `latchkey order list` lists the orders with their numbers"
        ))),
        [id] => Ok(*id),
        several => {
            let ids: Vec<String> = several.iter().map(ToString::to_string).collect();
            Err(Failure::Refused(format!(
                "several orders have the number {text}: use the id, one of {}",
                ids.join(", ")
            )))
        }
    }
}

fn parse_status(text: &str) -> Result<OrderStatus, Failure> {
    OrderStatus::parse(text).ok_or_else(|| {
        let known: Vec<&str> = OrderStatus::ALL.iter().map(|status| status.as_str()).collect();
        Failure::Usage(format!("`{text}` is no status: use one of {}", known.join(", ")))
    })
}

async fn view(service: &Service, id: OrderId) -> Result<OrderView, Failure> {
    let view = service.admin(Operator::Host).order(id).await?;
    view.ok_or_else(|| Failure::Refused(format!("there is no order with the id {id}")))
}

async fn show(service: &Service, id: OrderId, as_json: bool) -> Result<(), Failure> {
    let view = view(service, id).await?;
    if as_json {
        console::json(&view_json(&view));
    } else {
        print(&view);
    }
    Ok(())
}

/// Shows an order after a decision about it, and who gets a mail about that.
async fn show_decided(
    service: &Service,
    id: OrderId,
    mailed_to: &[EmailAddress],
    as_json: bool,
) -> Result<(), Failure> {
    let view = view(service, id).await?;
    if as_json {
        let mailed_to: Vec<&str> = mailed_to.iter().map(EmailAddress::as_str).collect();
        console::json(&with(view_json(&view), [("mailed_to", json!(mailed_to))]));
        return Ok(());
    }
    print(&view);
    for address in mailed_to {
        console::line(&format!("A mail is on its way to {address}."));
    }
    if mailed_to.is_empty() {
        console::line("Nobody gets a mail.");
    }
    Ok(())
}

fn print(view: &OrderView) {
    let order = &view.order;
    console::line(&order_line(order));
    if let Some(reason) = order.hold.filter(|_| order.status == OrderStatus::Held) {
        console::line(&format!("Held: {}", reason.as_str()));
    }
    for line in &view.lines {
        let unit = Money::new(line.line.unit_minor, order.currency());
        console::line(&format!("{} x {}, {} at {unit}", line.line.quantity, line.product.name, line.policy.name));
        line.licenses.iter().for_each(|license| console::line(&format!("  License {license}")));
    }
    for payment in &view.payments {
        let paid = Money::new(payment.paid_minor, order.currency());
        console::line(&format!("Paid {paid} on {}: {}", payment.paid_at.human(), payment.id));
        for refund in &payment.refunds {
            let amount = Money::new(refund.amount_minor, order.currency());
            console::line(&format!("  Refund {amount}, {}: {}", refund.state.as_str(), refund.id));
        }
        for dispute in &payment.disputes {
            let amount = Money::new(dispute.amount_minor, order.currency());
            console::line(&format!("  Dispute {amount}, {}: {}", dispute.state.as_str(), dispute.id));
        }
    }
}

fn order_line(order: &Order) -> String {
    let email = order.email.as_deref().unwrap_or("-");
    format!(
        "{}  {}  {}  {}  {}  {email}",
        order.id,
        order.number(),
        order.created_at.human(),
        order.status.as_str(),
        order.total()
    )
}

fn order_json(order: &Order) -> Value {
    json!({
        "id": order.id.to_string(),
        "number": order.number(),
        "status": order.status.as_str(),
        "hold": order.hold.map(HoldReason::as_str),
        "email": order.email,
        "account_id": order.account.map(|account| account.to_string()),
        "is_live": order.is_live,
        "currency": order.currency().as_str(),
        "subtotal_minor": order.subtotal.minor,
        "total_minor": order.total_minor,
        "tax_minor": order.tax_minor,
        "discount_minor": order.discount_minor,
        "paid_minor": order.paid_minor,
        "refunded_minor": order.refunded_minor,
        "has_fraud_warning": order.has_fraud_warning,
        "stripe_checkout": order.checkout,
        "stripe_customer": order.customer,
        "stripe_subscription": order.subscription.as_ref().map(|subscription| &subscription.id),
        "subscription": order.subscription_state().map(SubscriptionState::as_str),
        "created_at": order.created_at.rfc3339(),
        "paid_at": order.paid_at.map(Timestamp::rfc3339),
        "delivered_at": order.delivered_at.map(Timestamp::rfc3339),
    })
}

fn view_json(view: &OrderView) -> Value {
    let lines: Vec<Value> = view
        .lines
        .iter()
        .map(|line| {
            json!({
                "price": line.line.price_code,
                "policy": line.policy.code,
                "product": line.product.code,
                "quantity": line.line.quantity,
                "unit_minor": line.line.unit_minor,
                "licenses": line.licenses.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        })
        .collect();
    let payments: Vec<Value> = view
        .payments
        .iter()
        .map(|payment| {
            let refunds: Vec<Value> = payment
                .refunds
                .iter()
                .map(|refund| json!({ "id": refund.id, "amount_minor": refund.amount_minor, "state": refund.state.as_str() }))
                .collect();
            let disputes: Vec<Value> = payment
                .disputes
                .iter()
                .map(|dispute| {
                    json!({
                        "id": dispute.id,
                        "amount_minor": dispute.amount_minor,
                        "state": dispute.state.as_str(),
                        "reason": dispute.reason,
                        "due_at": dispute.due_at.map(Timestamp::rfc3339),
                    })
                })
                .collect();
            json!({
                "id": payment.id,
                "paid_minor": payment.paid_minor,
                "paid_at": payment.paid_at.rfc3339(),
                "period_ends_at": payment.period_ends_at.map(Timestamp::rfc3339),
                "refunds": refunds,
                "disputes": disputes,
            })
        })
        .collect();
    with(order_json(&view.order), [("lines", json!(lines)), ("payments", json!(payments))])
}
