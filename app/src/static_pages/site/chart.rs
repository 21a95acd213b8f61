//! A chart of bars with a crosshair, drawn as SVG.

use leptos::prelude::*;

use super::model::{Bar, Chart};

/// The size of the drawing, in its own units.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 344.0;
/// The space for prices at the right and for times at the bottom.
const PRICES: f64 = 76.0;
const TIMES: f64 = 26.0;
const TOP: f64 = 14.0;
/// The part of the height that volume takes.
const VOLUME: f64 = 0.18;

/// The prices between which marks are drawn, about so many.
const PRICE_MARKS: f64 = 5.0;

/// Maps bars and prices to places.
#[derive(Clone, Copy, Debug)]
struct Scale {
    low: f64,
    high: f64,
    most_volume: f64,
    step: f64,
}

impl Scale {
    fn of(bars: &[Bar]) -> Self {
        let low = bars.iter().map(|bar| bar.low).fold(f64::INFINITY, f64::min);
        let high = bars.iter().map(|bar| bar.high).fold(f64::NEG_INFINITY, f64::max);
        let most_volume = bars.iter().map(|bar| bar.volume).fold(0.0, f64::max);
        let margin = (high - low).max(f64::EPSILON) * 0.08;
        #[expect(clippy::cast_precision_loss, reason = "a chart has a few dozen bars")]
        let count = bars.len().max(1) as f64;
        Self { low: low - margin, high: high + margin, most_volume, step: (WIDTH - PRICES) / count }
    }

    /// The middle of a bar.
    fn x(self, at: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a chart has a few dozen bars")]
        let at = at as f64;
        (at + 0.5) * self.step
    }

    fn y(self, price: f64) -> f64 {
        let share = (self.high - price) / (self.high - self.low);
        TOP + share * (HEIGHT - TIMES - TOP) * (1.0 - VOLUME)
    }

    fn bottom() -> f64 {
        HEIGHT - TIMES
    }

    fn volume_height(self, volume: f64) -> f64 {
        let share = if self.most_volume > 0.0 { volume / self.most_volume } else { 0.0 };
        share * (HEIGHT - TIMES - TOP) * (VOLUME - 0.02)
    }

    /// Round prices to mark, from the lowest.
    fn marks(self) -> Vec<f64> {
        let rough = (self.high - self.low) / PRICE_MARKS;
        let unit = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * unit).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(unit);
        let first = (self.low / step).ceil() * step;
        std::iter::successors(Some(first), |price| Some(price + step)).take_while(|price| *price < self.high).collect()
    }
}

/// `20,412.50`.
pub(super) fn price(number: f64) -> String {
    let text = format!("{number:.2}");
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped}.{cents}")
}

/// The average price by volume up to each bar, with which traders compare the price.
pub(super) fn average_by_volume(bars: &[Bar]) -> Vec<f64> {
    let sums = bars.iter().scan((0.0, 0.0), |(value, volume), bar| {
        *value += (bar.high + bar.low + bar.close) / 3.0 * bar.volume;
        *volume += bar.volume;
        Some(if *volume > 0.0 { *value / *volume } else { bar.close })
    });
    sums.collect()
}

fn coordinate(number: f64) -> String {
    format!("{number:.1}")
}

/// The chart with its crosshair and the numbers of the sources. Its text is in the figure around it.
#[component]
pub(super) fn ChartDrawing(chart: Chart) -> impl IntoView {
    let Chart { bars, crosshair, begins, minutes, sources, .. } = chart;
    let scale = Scale::of(&bars);
    let at_bar = |at: usize| begins.after(u32::try_from(at).unwrap_or_default().saturating_mul(minutes));
    let grid = scale.marks().into_iter().map(|mark| {
        let y = scale.y(mark);
        view! {
            <line class="chart-grid" x1="0" x2=coordinate(WIDTH - PRICES) y1=coordinate(y) y2=coordinate(y)/>
            <text class="chart-label" x=coordinate(WIDTH - PRICES + 8.0) y=coordinate(y + 4.0)>{price(mark)}</text>
        }
    });
    let every = (bars.len() / 6).max(1);
    // The crosshair has a label of its own.
    let is_free = |at: &usize| at.abs_diff(crosshair) > 3;
    let times = (0..bars.len()).step_by(every).skip(1).filter(is_free).map(|at| {
        view! {
            <text class="chart-label" text-anchor="middle" x=coordinate(scale.x(at)) y=coordinate(HEIGHT - 8.0)>{at_bar(at)}</text>
        }
    });
    let candles = bars.iter().enumerate().map(|(at, bar)| {
        let class = if bar.is_up() { "chart-up" } else { "chart-down" };
        let (x, half) = (scale.x(at), (scale.step * 0.32).max(1.0));
        let (top, bottom) = (scale.y(bar.open.max(bar.close)), scale.y(bar.open.min(bar.close)));
        let volume = scale.volume_height(bar.volume);
        view! {
            <g class=class>
                <line x1=coordinate(x) x2=coordinate(x) y1=coordinate(scale.y(bar.high)) y2=coordinate(scale.y(bar.low))/>
                <rect x=coordinate(x - half) y=coordinate(top) width=coordinate(half * 2.0) height=coordinate((bottom - top).max(1.0))/>
                <rect class="chart-volume" x=coordinate(x - half) y=coordinate(Scale::bottom() - volume) width=coordinate(half * 2.0) height=coordinate(volume)/>
            </g>
        }
    });
    let points: Vec<String> = average_by_volume(&bars)
        .into_iter()
        .enumerate()
        .map(|(at, value)| format!("{},{}", coordinate(scale.x(at)), coordinate(scale.y(value))))
        .collect();
    let average = points.join(" ");
    let cursor = bars.get(crosshair).map(|bar| {
        let (x, y) = (scale.x(crosshair), scale.y(bar.high));
        view! {
            <g class="chart-crosshair">
                <line x1=coordinate(x) x2=coordinate(x) y1="0" y2=coordinate(Scale::bottom())/>
                <line x1="0" x2=coordinate(WIDTH - PRICES) y1=coordinate(y) y2=coordinate(y)/>
                <rect x=coordinate(WIDTH - PRICES + 2.0) y=coordinate(y - 10.0) width=coordinate(PRICES - 2.0) height="20" rx="3"/>
                <text x=coordinate(WIDTH - PRICES + 8.0) y=coordinate(y + 4.0)>{price(bar.high)}</text>
                <rect x=coordinate(x - 24.0) y=coordinate(HEIGHT - 22.0) width="48" height="20" rx="3"/>
                <text text-anchor="middle" x=coordinate(x) y=coordinate(HEIGHT - 8.0)>{at_bar(crosshair)}</text>
            </g>
        }
    });
    let marks = sources.iter().enumerate().filter_map(|(number, source)| {
        let bar = bars.get(source.bar)?;
        let (x, y) = (scale.x(source.bar), scale.y(bar.high) - 13.0);
        Some(view! {
            <g class="chart-mark">
                <circle cx=coordinate(x) cy=coordinate(y) r="8"/>
                <text text-anchor="middle" x=coordinate(x) y=coordinate(y + 4.0)>{(number + 1).to_string()}</text>
            </g>
        })
    });
    view! {
        <svg class="chart-drawing" viewBox=format!("0 0 {WIDTH} {HEIGHT}") aria-hidden="true" focusable="false">
            {grid.collect_view()}
            {times.collect_view()}
            {candles.collect_view()}
            <polyline class="chart-average" points=average/>
            {cursor}
            {marks.collect_view()}
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(open: f64, high: f64, low: f64, close: f64, volume: f64) -> Bar {
        Bar { open, high, low, close, volume }
    }

    #[test]
    fn prices_have_separators() {
        for (number, text) in [(0.5, "0.50"), (999.0, "999.00"), (20_412.5, "20,412.50"), (1_234_567.0, "1,234,567.00")]
        {
            assert_eq!(price(number), text);
        }
    }

    #[test]
    fn the_average_weighs_prices_by_volume() {
        let bars = [bar(10.0, 10.0, 10.0, 10.0, 1.0), bar(20.0, 20.0, 20.0, 20.0, 3.0)];
        assert_eq!(average_by_volume(&bars), [10.0, 17.5]);
    }

    #[test]
    fn marks_are_round_and_inside() {
        let scale = Scale::of(&[bar(20_301.0, 20_413.0, 20_299.0, 20_400.0, 1.0)]);
        let marks = scale.marks();
        assert!((3..=7).contains(&marks.len()), "{marks:?}");
        assert!(marks.iter().all(|mark| (scale.low..scale.high).contains(mark) && mark % 10.0 == 0.0), "{marks:?}");
    }
}
