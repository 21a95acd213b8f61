//! The overview in words and series.

use std::time::Duration;

use latchkey_licensing::{
    money::{Currency, Money},
    time::Timestamp,
};
use latchkey_service::{Attention, DailySeries, MoneySeries, OpenDispute, Overview, OverviewRange};

use crate::{
    admin::{
        model::{
            charts::{Calendar, Gauge, Point, Range, Series},
            lists::LinkTo,
            overview::{AttentionItem, OverviewView},
        },
        present::lists::{Fields, link, parse},
    },
    routes::AdminPage,
    shared::model::Tone,
};

const DAY: Duration = Duration::from_hours(24);

/// The field of the page's address that chooses the range.
const DAYS: &str = "days";

/// The range that an address asks for.
pub(crate) fn range(query: &str) -> OverviewRange {
    let days = parse(query).get(DAYS).and_then(|days| days.parse().ok());
    days.and_then(OverviewRange::of_days).unwrap_or_default()
}

pub(crate) fn overview(overview: &Overview, range: OverviewRange) -> OverviewView {
    let days = range.days();
    let mut series = vec![
        counts("Activations", "activation", &overview.activations),
        counts("New licenses", "license", &overview.new_licenses),
        counts("New customers", "customer", &overview.new_accounts),
    ];
    series.push(Series {
        summary: format!("{} now.", count(overview.gauges.active_machines, "active machine")),
        ..counts("Active machines", "machine", &overview.active_machines)
    });
    OverviewView {
        attention: attention(&overview.attention, &overview.disputes, overview.now),
        ranges: ranges(range),
        gauges: gauges(overview, days),
        series,
        money: overview.money.iter().flat_map(money).collect(),
        expiries: (range == OverviewRange::Days365).then(|| calendar(&overview.expiries)),
    }
}

fn ranges(current: OverviewRange) -> Vec<Range> {
    let range = |range: OverviewRange| Range {
        label: format!("{} days", range.days()),
        href: link(&AdminPage::Overview, &Fields::default().with(DAYS, &range.days().to_string())),
        is_current: range == current,
    };
    OverviewRange::ALL.into_iter().map(range).collect()
}

fn list(page: &AdminPage, query: &str) -> String {
    link(page, &parse(query))
}

fn attention(attention: &Attention, disputes: &[OpenDispute], now: Timestamp) -> Vec<AttentionItem> {
    let mut items: Vec<AttentionItem> = disputes.iter().map(|open| dispute(open, now)).collect();
    let mut add = |number: i64, tone, noun: (&str, &str), href: String, remedy: &str| {
        if number > 0 {
            let words = if number == 1 { noun.0.to_owned() } else { noun.1.replace('#', &thousands(number)) };
            items.push(AttentionItem { tone, link: LinkTo::new(words, href), remedy: remedy.to_owned() });
        }
    };
    add(
        attention.held_orders,
        Tone::Bad,
        ("1 order is held", "# orders are held"),
        list(&AdminPage::Orders, "status=held"),
        "Someone paid and waits: release or refund.",
    );
    add(
        attention.failed_events,
        Tone::Bad,
        ("1 Stripe event failed", "# Stripe events failed"),
        list(&AdminPage::Events, "state=failed"),
        "Read the error, fix its cause, then replay.",
    );
    add(
        attention.stuck_mails,
        Tone::Bad,
        ("1 mail is stuck", "# mails are stuck"),
        list(&AdminPage::Mails, "state=waiting"),
        "Check the mail server: customers wait for keys and links.",
    );
    add(
        attention.failed_mails,
        Tone::Warn,
        ("1 mail was given up this week", "# mails were given up this week"),
        list(&AdminPage::Mails, "state=failed"),
        "Look at the address, and send it again.",
    );
    add(
        attention.outages,
        Tone::Warn,
        ("1 outage this week", "# outages this week"),
        AdminPage::Activations.path(),
        "Apps could not reach this server. Machines were not counted as dead.",
    );
    add(
        attention.expiring_licenses,
        Tone::Warn,
        ("1 license expires within 14 days", "# licenses expire within 14 days"),
        list(&AdminPage::Licenses, "status=active&sort=expiry"),
        "Customers are reminded by mail.",
    );
    items
}

fn dispute(dispute: &OpenDispute, now: Timestamp) -> AttentionItem {
    let remedy = match dispute.due_at {
        Some(due) if due <= now => "The time to answer is over.".to_owned(),
        Some(due) => {
            let days = due.since(now).as_secs() / DAY.as_secs();
            let left = match days {
                0 => "less than a day".to_owned(),
                1 => "1 day".to_owned(),
                days => format!("{days} days"),
            };
            format!("Answer by {}, in {left}, or the money is lost.", due.human_date())
        }
        None => "Waiting for the bank.".to_owned(),
    };
    let words = format!("Dispute over {}: {}", dispute.amount, dispute.reason.replace('_', " "));
    AttentionItem { tone: Tone::Bad, link: LinkTo::new(words, AdminPage::Order(dispute.order).path()), remedy }
}

fn gauges(overview: &Overview, days: u32) -> Vec<Gauge> {
    let gauge =
        |title: &str, value: i64, added: Option<&DailySeries<i64>>, course: &DailySeries<i64>, href: String| Gauge {
            title: title.to_owned(),
            value: thousands(value),
            change: added.map(|added| format!("{} new in {days} days", thousands(added.values.iter().sum()))),
            href: Some(href),
            course: course.values.iter().map(|value| exact(*value)).collect(),
        };
    let (gauges, customers) = (&overview.gauges, list(&AdminPage::Customers, "role=customer"));
    let active = list(&AdminPage::Licenses, "status=active");
    let mut shown = vec![
        gauge("Active licenses", gauges.active_licenses, Some(&overview.new_licenses), &overview.new_licenses, active),
        gauge(
            "Active machines",
            gauges.active_machines,
            Some(&overview.activations),
            &overview.active_machines,
            list(&AdminPage::Machines, "active=yes"),
        ),
        gauge("Customers", gauges.accounts, Some(&overview.new_accounts), &overview.new_accounts, customers),
    ];
    shown.extend(overview.money.iter().map(|money| Gauge {
        title: format!("Sales, {days} days"),
        value: money.total_paid.to_string(),
        change: (money.total_refunded.minor != 0).then(|| format!("{} refunded", money.total_refunded)),
        href: Some(AdminPage::Orders.path()),
        course: money.paid.values.iter().map(|value| exact(*value)).collect(),
    }));
    shown
}

fn counts(title: &str, noun: &str, series: &DailySeries<i64>) -> Series {
    let total: i64 = series.values.iter().sum();
    let most = series.values.iter().copied().max().unwrap_or(0);
    let summary = if total == 0 {
        format!("None in {} days.", series.values.len())
    } else {
        format!("{} in {} days, at most {} on one day.", count(total, noun), series.values.len(), thousands(most))
    };
    Series {
        title: format!("{title} a day"),
        summary,
        period: "Day (UTC)".to_owned(),
        unit: title.to_owned(),
        points: points(series, thousands),
        is_last_open: true,
    }
}

fn money(money: &MoneySeries) -> [Series; 2] {
    let shown = |title: &str, series: &DailySeries<i64>, total: Money| Series {
        title: format!("{title} a day, {}", money.currency.as_str().to_uppercase()),
        summary: format!("{total} in {} days.", series.values.len()),
        period: "Day (UTC)".to_owned(),
        unit: title.to_owned(),
        points: points(series, |minor| in_words(minor, money.currency)),
        is_last_open: true,
    };
    [shown("Sales", &money.paid, money.total_paid), shown("Refunds", &money.refunded, money.total_refunded)]
}

fn in_words(minor: i64, currency: Currency) -> String {
    Money::new(minor, currency).to_string()
}

fn points(series: &DailySeries<i64>, words: impl Fn(i64) -> String) -> Vec<Point> {
    let mut day = series.first_day;
    let mut points = Vec::with_capacity(series.values.len());
    for value in &series.values {
        points.push(Point { label: day.human_date(), value: exact(*value), text: words(*value) });
        day = day.plus(DAY);
    }
    points
}

/// The licenses that expire on the days of a year. The calendar begins on the Monday before the first of them.
fn calendar(series: &DailySeries<i64>) -> Calendar {
    let total: i64 = series.values.iter().sum();
    // 1 January 1970 was a Thursday.
    let first = series.first_day.unix_micros() / 86_400_000_000;
    let since_monday = u32::try_from((first + 3).rem_euclid(7)).unwrap_or(0);
    let begin = series.first_day.minus(DAY * since_monday);
    let padded =
        std::iter::repeat_n(0, usize::try_from(since_monday).unwrap_or(0)).chain(series.values.iter().copied());
    let days = DailySeries { first_day: begin, values: padded.collect() };
    let points = points(&days, |value| count(value, "license"));
    let mut months: Vec<(String, usize)> = Vec::new();
    for (week, chunk) in points.chunks(7).enumerate() {
        let Some(month) = chunk.last().and_then(|day| day.label.split(' ').nth(1)) else { continue };
        let short: String = month.chars().take(3).collect();
        if months.last().is_none_or(|(last, _)| *last != short) {
            months.push((short, week));
        }
    }
    Calendar {
        title: "Licenses that expire in the next 365 days".to_owned(),
        summary: if total == 0 { "None.".to_owned() } else { format!("{} in all.", count(total, "license")) },
        unit: "Licenses".to_owned(),
        days: points,
        months,
    }
}

fn count(number: i64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", thousands(number)) }
}

fn thousands(number: i64) -> String {
    let digits = crate::admin::present::lists::grouped(u32::try_from(number.unsigned_abs()).unwrap_or(u32::MAX));
    if number < 0 { format!("-{digits}") } else { digits }
}

/// Charts draw with floating-point numbers, which are exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts and amounts are far below 2^53")]
fn exact(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(days: usize) -> DailySeries<i64> {
        // A Wednesday.
        let first_day = Timestamp::from_unix_micros(1_796_169_600_000_000);
        DailySeries { first_day, values: (0..days).map(|day| i64::from(day % 5 == 0)).collect() }
    }

    #[test]
    fn calendars_begin_on_a_monday() {
        let calendar = calendar(&series(365));
        let first = calendar.days.iter().position(|day| day.value > 0.0);
        assert_eq!(first, Some(2), "{}", series(1).first_day.rfc3339());
        assert_eq!(calendar.days.len(), 367);
        assert!(calendar.months.len() >= 12, "{:?}", calendar.months);
    }

    #[test]
    fn series_say_what_they_show() {
        let shown = counts("Activations", "activation", &series(30));
        assert_eq!(shown.summary, "6 activations in 30 days, at most 1 on one day.");
        let none = DailySeries { values: vec![0; 7], ..series(0) };
        assert_eq!(counts("Activations", "activation", &none).summary, "None in 7 days.");
    }
}
