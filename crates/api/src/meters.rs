//! The metrics of answers. Their handles are kept: to find one by its labels again costs more than to count.

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};
use std::time::Duration;

use metrics::{Counter, Histogram, SharedString};

/// Method, route and status: a closed set, since a route is its template.
type Kind = (&'static str, &'static str, u16);

static ANSWERED: LazyLock<RwLock<HashMap<Kind, Counter>>> = LazyLock::new(RwLock::default);
static TOOK: LazyLock<Histogram> = LazyLock::new(|| metrics::histogram!("leadlatch_http_request_seconds"));

/// Counts an answer.
pub(crate) fn answered(method: &'static str, route: &'static str, status: u16, took: Duration) {
    let kind = (method, route, status);
    let known = ANSWERED.read().unwrap_or_else(PoisonError::into_inner).get(&kind).cloned();
    known.unwrap_or_else(|| learn(kind)).increment(1);
    TOOK.record(took.as_secs_f64());
}

fn learn(kind: Kind) -> Counter {
    let (method, route, status) = kind;
    let status = SharedString::from(status.to_string());
    let labels = [("method", method.into()), ("route", route.into()), ("status", status)];
    let counter = metrics::counter!("leadlatch_http_requests_total", &labels);
    ANSWERED.write().unwrap_or_else(PoisonError::into_inner).insert(kind, counter.clone());
    counter
}
