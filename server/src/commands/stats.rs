//! `stats`

use latchkey_licensing::time::Timestamp;
use latchkey_service::{DailySeries, Operator, Overview, OverviewRange, Service};
use serde_json::{Value, json};

use crate::{cli::lists::Stats, console, startup::Failure};

pub(crate) async fn stats(service: &Service, options: &Stats, as_json: bool) -> Result<(), Failure> {
    let range = OverviewRange::of_days(options.days).ok_or_else(|| {
        let known: Vec<String> = OverviewRange::ALL.iter().map(|range| range.days().to_string()).collect();
        Failure::Usage(format!("--days {} is not a range: use one of {}", options.days, known.join(", ")))
    })?;
    let overview = service.admin(Operator::Host).overview(range, !options.test_mode).await?;
    if as_json {
        console::json(&overview_json(&overview));
    } else {
        print(&overview, range.days());
    }
    Ok(())
}

fn print(overview: &Overview, days: u32) {
    let Overview { attention, gauges, .. } = overview;
    let needs = [
        (attention.failed_events, "events of Stripe could not be handled"),
        (attention.held_orders, "orders are held"),
        (attention.open_disputes, "disputes are open"),
        (attention.stuck_mails, "mails wait for longer than they should"),
        (attention.failed_mails, "mails were given up in the last 7 days"),
        (attention.outages, "outages in the last 7 days"),
        (attention.expiring_licenses, "licenses expire in the next 14 days"),
    ];
    for (count, what) in needs.into_iter().filter(|(count, _)| *count > 0) {
        console::line(&format!("Attention: {count} {what}"));
    }
    for dispute in &overview.disputes {
        let due = dispute.due_at.map_or_else(|| "-".to_owned(), Timestamp::human);
        console::line(&format!("  {}  {}  {}  answer by {due}", dispute.id, dispute.amount, dispute.reason));
    }
    console::line(&format!("Customers        {}", gauges.accounts));
    console::line(&format!("Licenses         {} ({} active)", gauges.licenses, gauges.active_licenses));
    console::line(&format!("Active machines  {}", gauges.active_machines));
    console::line(&format!("In the last {days} days:"));
    console::line(&format!("  New customers  {}", total(&overview.new_accounts)));
    console::line(&format!("  New licenses   {}", total(&overview.new_licenses)));
    console::line(&format!("  Activations    {}", total(&overview.activations)));
    for money in &overview.money {
        console::line(&format!("  Sales          {}, refunds {}", money.total_paid, money.total_refunded));
    }
    console::line(&format!("Licenses that expire in the next {days} days: {}", total(&overview.expiries)));
}

fn total(series: &DailySeries<i64>) -> i64 {
    series.values.iter().sum()
}

fn series_json(series: &DailySeries<i64>) -> Value {
    json!({ "first_day": series.first_day.rfc3339(), "values": series.values })
}

fn overview_json(overview: &Overview) -> Value {
    let Overview { attention, gauges, .. } = overview;
    let disputes: Vec<Value> = overview
        .disputes
        .iter()
        .map(|dispute| {
            json!({
                "id": dispute.id,
                "order": dispute.order.to_string(),
                "amount_minor": dispute.amount.minor,
                "currency": dispute.amount.currency.as_str(),
                "state": dispute.state.as_str(),
                "reason": dispute.reason,
                "due_at": dispute.due_at.map(Timestamp::rfc3339),
            })
        })
        .collect();
    let money: Vec<Value> = overview
        .money
        .iter()
        .map(|money| {
            json!({
                "currency": money.currency.as_str(),
                "paid_minor": money.total_paid.minor,
                "refunded_minor": money.total_refunded.minor,
                "paid": series_json(&money.paid),
                "refunded": series_json(&money.refunded),
            })
        })
        .collect();
    json!({
        "attention": {
            "failed_events": attention.failed_events,
            "held_orders": attention.held_orders,
            "open_disputes": attention.open_disputes,
            "stuck_mails": attention.stuck_mails,
            "failed_mails": attention.failed_mails,
            "outages": attention.outages,
            "expiring_licenses": attention.expiring_licenses,
        },
        "disputes": disputes,
        "customers": gauges.accounts,
        "licenses": gauges.licenses,
        "active_licenses": gauges.active_licenses,
        "active_machines": gauges.active_machines,
        "daily": {
            "new_customers": series_json(&overview.new_accounts),
            "new_licenses": series_json(&overview.new_licenses),
            "activations": series_json(&overview.activations),
            "active_machines": series_json(&overview.active_machines),
            "expiries": series_json(&overview.expiries),
        },
        "money": money,
        "now": overview.now.rfc3339(),
    })
}
