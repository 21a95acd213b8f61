//! Billing periods: whole days, weeks, months and years from an anchor.

use jiff::{Span, Timestamp, tz::TimeZone};

/// The start of the period with this number, counted from the anchor. Months that are too short end earlier, and later
/// ones return to the anchor's day.
pub(crate) fn start_of_period(anchor: i64, interval: &str, interval_count: i64, number: i64) -> i64 {
    let units = interval_count.max(1) * number;
    let span = match interval {
        "day" => Span::new().days(units),
        "week" => Span::new().weeks(units),
        "year" => Span::new().years(units),
        _ => Span::new().months(units),
    };
    let anchor = Timestamp::from_second(anchor).expect("a time of a test").to_zoned_datetime(TimeZone::UTC);
    anchor.checked_add(span).expect("a time of a test").timestamp().as_second()
}

#[cfg(test)]
mod tests {
    use super::start_of_period;

    #[test]
    fn periods_return_to_the_day_of_the_anchor() {
        // 31 January 2027, noon UTC.
        let anchor = 1_801_396_800;
        assert_eq!(start_of_period(anchor, "month", 1, 1), anchor + 28 * 86_400, "28 February");
        assert_eq!(start_of_period(anchor, "month", 1, 2), anchor + 59 * 86_400, "31 March");
        assert_eq!(start_of_period(anchor, "year", 1, 1), anchor + 365 * 86_400);
        assert_eq!(start_of_period(anchor, "week", 2, 1), anchor + 14 * 86_400);
    }
}
