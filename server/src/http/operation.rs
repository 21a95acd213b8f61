//! What operators and load balancers ask: health and metrics.

pub(crate) mod health;
pub(crate) mod metrics;
