//! Acts on orders.

use latchkey_licensing::{
    email::EmailAddress,
    ids::OrderId,
    money::Money,
    order::{HoldReason, OrderKind},
};
use latchkey_service::{NoteSubject, OrderDetails, RefundError, ReleaseError};

use crate::{
    admin::{
        acts::{Ask, Call, Completed, Draft, Gate, Problem, Submission, Trouble, note},
        model::{
            lists::LinkTo,
            object_view::{ActContent, ActView},
            objects::{Input, InputKind, Toast},
        },
        present::{
            objects::{
                Needs, count,
                order::{hold_words, obstacle, refundable},
            },
            words,
        },
    },
    routes::{AdminPage, OrderActName as Act},
    shared::model::Tone,
};

/// The field for the address of an order that has none.
const RECEIVER: &str = "receiver";

async fn details(call: &Call<'_>, id: OrderId) -> Result<OrderDetails, Trouble> {
    call.support().order_details(id).await?.ok_or(Trouble::NotFound)
}

pub(super) async fn view(call: &Call<'_>, id: OrderId, act: Act, draft: Option<&Draft>) -> Result<ActView, Trouble> {
    let details = details(call, id).await?;
    let order = &details.view.order;
    let (page, back) = (AdminPage::OrderAct(id, act), AdminPage::Order(id));
    let needs = if matches!(act, Act::Release | Act::Refund) { Needs::Admin } else { Needs::Support };
    let gate =
        Gate { needs, is_sensitive: matches!(act, Act::Release | Act::Refund), obstacle: obstacle(act, &details.view) };
    let content = gate.closed(call, &page, draft).unwrap_or_else(|| match act {
        Act::Note | Act::Evidence => note::ask(&page, &back, draft),
        Act::Release => ActContent::Form(release(&details).version(order.updated_at).form(&page, &back, draft)),
        Act::Refund => ActContent::Form(refund(&details).version(order.updated_at).form(&page, &back, draft)),
    });
    let title = match act {
        Act::Note => "Add a note",
        Act::Evidence => "Evidence for a dispute",
        Act::Release => "Release order",
        Act::Refund => "Refund order",
    };
    let buyer = details.account.as_ref().map(|account| account.email.as_str()).or(order.email.as_deref());
    let name = buyer.map_or_else(|| order.number(), |buyer| format!("{}, {buyer}", order.number()));
    Ok(ActView { title: title.to_owned(), record: LinkTo::new(format!("Order {name}"), back.path()), content })
}

fn buyer(details: &OrderDetails) -> &str {
    let account = details.account.as_ref().map(|account| account.email.as_str());
    account.or(details.view.order.email.as_deref()).unwrap_or("The buyer")
}

fn release(details: &OrderDetails) -> Ask {
    let order = &details.view.order;
    let ask = Ask::new("Release this order?", "Release order");
    let ask = match order.hold {
        Some(reason) => ask.effect(format!("It is held because {}.", hold_words(reason).0)),
        None => ask,
    };
    let ask = if needs_receiver(details) {
        let input = Input::new(RECEIVER, "The buyer's e-mail address", InputKind::Email { value: String::new() });
        ask.inputs(vec![input.hint("Stripe shows it with the payment. The order goes to the account of this address.")])
    } else {
        ask
    };
    let ask = if order.hold == Some(HoldReason::WrongCustomer) {
        ask.effect(format!("It goes to the account that ordered it: {}.", buyer(details)))
            .effects(["The customer at Stripe who paid stays with the other account, which is charged for renewals."])
    } else {
        ask
    };
    let (mail, with) = match order.kind {
        OrderKind::Purchase => ("Purchase", " with the license keys"),
        OrderKind::Upgrade(_) => ("License upgraded", ""),
    };
    ask.effects(["It is delivered in spite of that: the buyer gets what was ordered."])
        .mail(format!("{} gets the mail “{mail}”{with}.", buyer(details)))
}

fn refund(details: &OrderDetails) -> Ask {
    let order = &details.view.order;
    let amount = Money::new(refundable(&details.view), order.currency());
    let licenses: usize = details.view.lines.iter().map(|line| line.licenses.len()).sum();
    let ask = Ask::new("Refund this order?", "Refund order")
        .effect(format!("Stripe returns {amount}. Stripe's fee is not returned."))
        .effect(format!("{} revoked: the app stops at its next check.", is_are(licenses)));
    let ask =
        if order.subscription.is_some() { ask.effects(["The subscription ends and is not renewed."]) } else { ask };
    ask.effects(["This cannot be undone."])
        .irreversible(order.number())
        .mail(format!("{} gets the mail “Refund”.", buyer(details)))
}

fn is_are(licenses: usize) -> String {
    let verb = if licenses == 1 { "is" } else { "are" };
    format!("{} {verb}", count(licenses, "license", "licenses"))
}

/// To whom an order goes whose checkout does not say so.
fn receiver(details: &OrderDetails, form: &Submission) -> Result<Option<EmailAddress>, Problem> {
    let is_needed = needs_receiver(details);
    let text = form.get(RECEIVER).trim();
    if !is_needed || text.is_empty() {
        return Ok(None);
    }
    let address = EmailAddress::parse(text);
    address.map(Some).map_err(|_| Problem::new(RECEIVER, "Enter one e-mail address, such as ada@example.com."))
}

fn needs_receiver(details: &OrderDetails) -> bool {
    details.view.order.hold == Some(HoldReason::NoAddress) && details.account.is_none()
}

pub(super) async fn perform(call: &Call<'_>, id: OrderId, act: Act, form: &Submission) -> Result<Completed, Trouble> {
    let page = AdminPage::Order(id);
    match act {
        Act::Note => return note::add(call, &NoteSubject::Order(id), form, page).await,
        Act::Evidence => return Err(Trouble::NotFound),
        Act::Release | Act::Refund => {}
    }
    let admin = call.admin()?;
    let reason = form.reason()?;
    let admin = admin.because(&reason).if_unchanged_since(form.version()?);
    let details = details(call, id).await?;
    let number = details.view.order.number();
    let text = if act == Act::Release {
        let receiver = receiver(&details, form)?;
        let fresh = call.fresh()?;
        let released = admin.release_order(id, receiver.as_ref(), form.notify(), &fresh).await.map_err(|error| match error {
            ReleaseError::NotFound(_) => Trouble::NotFound,
            ReleaseError::NotHeld(_) => Trouble::Obstacle("The order is not held any more.".to_owned()),
            ReleaseError::Changed => Trouble::Changed,
            ReleaseError::AddressRequired(_) => Problem::new(RECEIVER, "Enter the buyer's e-mail address.").into(),
            ReleaseError::AddressNotNeeded(_) => Trouble::Obstacle("The order goes to its buyer.".to_owned()),
            ReleaseError::AccountDisabled => {
                let text = "The account of this address is disabled. Enable it first, or enter another address.";
                Problem::new(RECEIVER, text).into()
            }
            ReleaseError::NotUpgradable(_) => Trouble::Obstacle(
                "The license cannot be upgraded: it must belong to the buyer, have the policy that is upgraded, and be neither suspended nor revoked. Change the license, or refund the order.".to_owned(),
            ),
            ReleaseError::Refresh(error) => Trouble::Obstacle(format!(
                "The order is released, and is delivered as soon as Stripe can be asked about it: {error}."
            )),
            ReleaseError::Internal(error) => error.into(),
        })?;
        format!("Order {number} was released. It is {} now.", words::order_status(released.status).word.to_lowercase())
    } else {
        form.check_phrase(&number)?;
        let fresh = call.fresh()?;
        admin.refund_order(id, form.notify(), &fresh).await.map_err(|error| match error {
            RefundError::NotFound(_) => Trouble::NotFound,
            RefundError::Changed => Trouble::Changed,
            RefundError::NothingPaid(_) => Trouble::Obstacle("There is nothing left to refund.".to_owned()),
            RefundError::NoKeys => Trouble::Obstacle("There are no Stripe keys in the settings.".to_owned()),
            RefundError::Payments(error) => Trouble::Obstacle(format!(
                "Stripe did not do all of it: {error}. Repeat it: nothing is refunded twice."
            )),
            RefundError::Refresh(_) => Trouble::Obstacle(
                "The money is refunded. The order is brought up to date as soon as Stripe can be asked about it."
                    .to_owned(),
            ),
            RefundError::Internal(error) => error.into(),
        })?;
        format!("Order {number} was refunded.")
    };
    Ok(Completed { toast: Toast { text, tone: Tone::Good, undo: None }, page })
}
