//! What an operator runs and relies on: commands, configuration, backups, crashes, limits of the machine.

mod audit;
mod backup;
mod command_line;
mod configuration;
mod crash;
mod disk_full;
mod log;
mod proxies;
mod restore;
mod said;
mod settings;
mod silence;
mod stopping;
mod tls;
