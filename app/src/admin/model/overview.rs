//! The overview, as the server sends it.

use serde::{Deserialize, Serialize};

use crate::admin::model::{
    charts::{Calendar, Gauge, Range, Series},
    lists::LinkTo,
};
use crate::shared::model::Tone;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OverviewView {
    /// What a person should look at, the most urgent first.
    pub attention: Vec<AttentionItem>,
    pub ranges: Vec<Range>,
    pub gauges: Vec<Gauge>,
    pub series: Vec<Series>,
    /// Payments and refunds by currency.
    pub money: Vec<Series>,
    /// Licenses that expire on the next days. `None` for ranges that are too short for a calendar.
    pub expiries: Option<Calendar>,
}

/// Something that needs attention, with the page that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttentionItem {
    pub tone: Tone,
    pub link: LinkTo,
    /// What to do about it.
    pub remedy: String,
}
