//! Metrics of the database in Prometheus's text format, on a listener of their own.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::{
    fmt::{self, Write},
    sync::Arc,
};

use axum::{Router, extract::State, http::header, middleware, response::IntoResponse, routing::get};
use latchkey_service::Service;
use latchkey_store::{Counters, DURATION_BOUNDS_US, QueryStats};

use crate::http::layers::headers;

const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The metrics need no sign-in, so they are not among the surfaces.
pub(crate) fn router(service: Service) -> Router {
    let headers = Arc::new(headers::plain_headers(false));
    Router::new()
        .route("/metrics", get(metrics))
        .with_state(service)
        .layer(middleware::from_fn_with_state(headers, headers::secure))
}

async fn metrics(State(service): State<Service>) -> impl IntoResponse {
    let store = service.store();
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut text, store.counters(), &store.query_stats());
    ([(header::CONTENT_TYPE, FORMAT)], text)
}

fn write_all(text: &mut String, counters: Counters, queries: &[QueryStats]) -> fmt::Result {
    for (name, help, value) in [
        ("latchkey_statements_total", "Queries run.", counters.statements),
        ("latchkey_begins_total", "Write transactions begun; those that share a commit count once.", counters.begins),
        (
            "latchkey_commits_total",
            "Write transactions committed; those that share a commit count once.",
            counters.commits,
        ),
        ("latchkey_snapshots_total", "Snapshots taken for reading.", counters.snapshots),
    ] {
        writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}")?;
    }
    let name = "latchkey_query_duration_seconds";
    writeln!(text, "# HELP {name} How long queries took.\n# TYPE {name} histogram")?;
    for query in queries.iter().filter(|query| query.count() > 0) {
        let labels = format!("table=\"{}\",query=\"{}\"", query.table, query.method);
        let mut count = 0;
        // The last bucket has no bound of its own.
        for (bound, calls) in DURATION_BOUNDS_US.iter().zip(query.buckets) {
            count += calls;
            let seconds = Seconds(*bound);
            writeln!(text, "{name}_bucket{{{labels},le=\"{seconds}\"}} {count}")?;
        }
        let all = query.count();
        writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {all}")?;
        writeln!(text, "{name}_sum{{{labels}}} {}", query.total.as_secs_f64())?;
        writeln!(text, "{name}_count{{{labels}}} {all}")?;
    }
    Ok(())
}

/// Microseconds, written as seconds.
struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn metrics_are_in_prometheus_format() {
        let counters = Counters { statements: 5, begins: 2, commits: 1, snapshots: 0 };
        let mut buckets = [0; 15];
        (buckets[0], buckets[8], buckets[14]) = (2, 1, 1);
        let total = Duration::from_micros(6_020_100);
        let query = |method, buckets| QueryStats { table: "machines", method, total, buckets };
        let mut text = String::new();
        let queries = [query("insert_machine", buckets), query("never_called", [0; 15])];
        write_all(&mut text, counters, &queries).expect("written");
        let lines: Vec<&str> = text.lines().collect();
        for line in [
            "# TYPE latchkey_commits_total counter",
            "latchkey_commits_total 1",
            "latchkey_statements_total 5",
            "# TYPE latchkey_query_duration_seconds histogram",
            "latchkey_query_duration_seconds_bucket{table=\"machines\",query=\"insert_machine\",le=\"0.00005\"} 2",
            "latchkey_query_duration_seconds_bucket{table=\"machines\",query=\"insert_machine\",le=\"0.025\"} 3",
            "latchkey_query_duration_seconds_bucket{table=\"machines\",query=\"insert_machine\",le=\"5\"} 3",
            "latchkey_query_duration_seconds_bucket{table=\"machines\",query=\"insert_machine\",le=\"+Inf\"} 4",
            "latchkey_query_duration_seconds_sum{table=\"machines\",query=\"insert_machine\"} 6.0201",
            "latchkey_query_duration_seconds_count{table=\"machines\",query=\"insert_machine\"} 4",
        ] {
            assert!(lines.contains(&line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("never_called"));
    }
}
