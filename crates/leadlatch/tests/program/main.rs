//! The real program, by command line, by HTTP and by its pages, on SQLite and on PostgreSQL. All of it is one test
//! program: as fifty, each with the whole server in it, they took more disk than a checking machine has.

mod common;
mod hooks;
mod keys;
mod leads;
mod operator;
mod web;
mod wire;
