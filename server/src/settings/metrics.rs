//! Section `metrics`: where Prometheus reads the metrics.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::field::{Field, field};

pub(super) const FIELDS: &[Field] = &[field(
    "metrics.listen",
    "Address and port where Prometheus reads /metrics; without it there are no metrics. It must not be public.",
)];

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    pub listen: Option<SocketAddr>,
}
