//! The log: one event a line on stderr. `docs/logging.md` says what never stands in it.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts it. What libraries say of themselves is never taken below `info`: there they quote headers and values.
pub(crate) fn start(level: LevelFilter) {
    let levels = Targets::new().with_target("leadlatch", level).with_default(level.min(LevelFilter::INFO));
    tracing_subscriber::registry().with(fmt::layer().with_writer(std::io::stderr)).with(levels).init();
}
