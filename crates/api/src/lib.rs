//! The HTTP interface: `/api/v1`, its OpenAPI document, the reference at `/docs`, and health.

mod allow;
mod app;
mod body;
mod docs;
mod envelope;
mod exposed;
mod forwarded;
mod idempotency;
mod json;
mod limit;
mod list;
mod meters;
pub mod problem;
mod router;
mod v1;
pub mod wire;

pub use app::App;
pub use envelope::{Peer, Served};
pub use exposed::make_readable;
pub use limit::Limits;
pub use router::{Pages, openapi, router};
