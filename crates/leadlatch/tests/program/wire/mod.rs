//! The field's existing integrations against the real binary: what they send, how they send it, and what each kind of key
//! gets of it.

mod access;
mod clear;
mod clients;
mod corpus;
mod form;
mod messages;
mod property;
mod search;
mod sockets;
mod tester;
mod world;
