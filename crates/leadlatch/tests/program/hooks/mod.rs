//! Hooks: subscribing, deliveries, receivers that fail, several nodes, and what Zapier asks.

mod delivering;
mod failing;
mod sharing;
mod stopped;
mod subscribing;
mod zapier;
