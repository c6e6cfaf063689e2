//! The pages, as a browser without script asks for them.

mod account;
mod audit;
mod help;
mod keys;
mod keys_hurried;
mod keys_list;
mod keys_refused;
mod partners;
mod sign_in;
mod start;
mod users;
mod webhooks;
