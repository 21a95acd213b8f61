//! Charts as SVG, drawn by the server. Each says in a sentence what it shows and has its numbers in a table.

mod data;
mod gauge;
mod geometry;
mod heat_map;
mod series;

pub(crate) use gauge::Gauges;
pub(crate) use heat_map::HeatMap;
pub(crate) use series::{AreaChart, BarChart, Ranges};
