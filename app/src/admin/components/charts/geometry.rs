//! Where the points of a chart are, in units of its view box.

/// A chart's box: its width and height, and the space around the plot for labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plot {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Plot {
    pub(super) const CHART: Self =
        Self { width: 460.0, height: 180.0, left: 8.0, right: 80.0, top: 16.0, bottom: 24.0 };
    pub(super) const SPARKLINE: Self =
        Self { width: 120.0, height: 32.0, left: 1.0, right: 4.0, top: 4.0, bottom: 2.0 };

    pub(super) fn floor(self) -> f64 {
        self.height - self.bottom
    }

    fn inner_width(self) -> f64 {
        self.width - self.left - self.right
    }

    fn inner_height(self) -> f64 {
        self.height - self.top - self.bottom
    }

    /// The height of a value above a baseline of zero.
    pub(super) fn y(self, value: f64, most: f64) -> f64 {
        let share = if most > 0.0 { (value / most).clamp(0.0, 1.0) } else { 0.0 };
        self.floor() - share * self.inner_height()
    }

    /// The points of a line. A single value is a level line.
    pub(super) fn line(self, values: &[f64], most: f64) -> Vec<(f64, f64)> {
        let steps = count(values.len().saturating_sub(1)).max(1.0);
        let point =
            |(at, value): (usize, &f64)| (self.left + self.inner_width() * count(at) / steps, self.y(*value, most));
        let mut points: Vec<_> = values.iter().enumerate().map(point).collect();
        if let &[(_, y)] = points.as_slice() {
            points.push((self.left + self.inner_width(), y));
        }
        points
    }

    /// The bars as `(x, y, width, height)`, with a quarter of each place left empty.
    pub(super) fn bars(self, values: &[f64], most: f64) -> Vec<(f64, f64, f64, f64)> {
        let place = self.inner_width() / count(values.len()).max(1.0);
        let bar = |(at, value): (usize, &f64)| {
            let y = self.y(*value, most);
            (self.left + place * (count(at) + 0.125), y, place * 0.75, self.floor() - y)
        };
        values.iter().enumerate().map(bar).collect()
    }
}

/// The end of the scale: the next number of the form 1, 2, 2.5 or 5 times a power of ten.
pub(super) fn scale_end(values: &[f64]) -> f64 {
    let most = values.iter().copied().fold(0.0, f64::max);
    if most <= 0.0 || !most.is_finite() {
        return 1.0;
    }
    let power = 10.0_f64.powf(most.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|end| *end >= most).unwrap_or(most)
}

/// The class of a day in a calendar: 0 for nothing, then four levels up to the most.
pub(super) fn level(value: f64, most: f64) -> u8 {
    if value <= 0.0 || most <= 0.0 {
        return 0;
    }
    match value / most {
        share if share <= 0.25 => 1,
        share if share <= 0.5 => 2,
        share if share <= 0.75 => 3,
        _ => 4,
    }
}

/// The points of an SVG path, with one decimal.
pub(super) fn path(points: &[(f64, f64)]) -> String {
    let part = |(at, (x, y)): (usize, &(f64, f64))| format!("{}{x:.1} {y:.1}", if at == 0 { 'M' } else { 'L' });
    points.iter().enumerate().map(part).collect()
}

#[expect(clippy::cast_precision_loss, reason = "charts have few points")]
pub(super) fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Plot = Plot { width: 100.0, height: 50.0, left: 0.0, right: 0.0, top: 0.0, bottom: 10.0 };

    #[test]
    fn scales_end_at_round_numbers() {
        for (values, end) in [
            (vec![], "1"),
            (vec![0.0, 0.0], "1"),
            (vec![1.0], "1"),
            (vec![3.0, 7.0], "10"),
            (vec![11.0], "20"),
            (vec![21.0], "25"),
            (vec![480.0], "500"),
            (vec![0.3], "0.5"),
            (vec![f64::INFINITY], "1"),
        ] {
            assert_eq!(scale_end(&values).to_string(), end, "{values:?}");
        }
    }

    #[test]
    fn lines_span_the_plot_and_start_at_zero() {
        assert_eq!(path(&BOX.line(&[0.0, 5.0, 10.0], 10.0)), "M0.0 40.0L50.0 20.0L100.0 0.0");
        assert_eq!(path(&BOX.line(&[5.0], 10.0)), "M0.0 20.0L100.0 20.0");
        assert_eq!(path(&BOX.line(&[], 10.0)), "");
        // Values outside of the scale stay in the plot.
        assert_eq!(path(&BOX.line(&[-5.0, 20.0], 10.0)), "M0.0 40.0L100.0 0.0");
    }

    #[test]
    fn bars_stand_on_the_baseline() {
        let bars = BOX.bars(&[10.0, 0.0], 10.0);
        let shown: Vec<String> = bars.iter().map(|(x, y, w, h)| format!("{x:.2} {y:.2} {w:.2} {h:.2}")).collect();
        assert_eq!(shown, ["6.25 0.00 37.50 40.00", "56.25 40.00 37.50 0.00"]);
    }

    #[test]
    fn days_have_five_levels() {
        let levels = [0.0, 0.1, 2.5, 2.6, 5.0, 7.5, 7.6, 10.0].map(|value| level(value, 10.0));
        assert_eq!(levels, [0, 1, 1, 2, 2, 3, 4, 4]);
        assert_eq!(level(1.0, 0.0), 0);
    }
}
