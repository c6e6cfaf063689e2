//! Servers as child processes.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::cpu::Reading;
use crate::output::{Failure, Outcome};

/// A running server; it is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a server and waits for the line of its log with `address=`.
    pub(crate) fn start(mut command: Command) -> Outcome<Self> {
        command.env("NO_COLOR", "1").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let name = command.get_program().to_string_lossy().into_owned();
        let mut process = command.spawn().map_err(|error| Failure::of(&name, error))?;
        let mut lines = BufReader::new(process.stderr.take().expect("a pipe was asked for")).lines();
        let mut said = String::new();
        while let Some(Ok(line)) = lines.next() {
            if let Some(address) = line.split_once("address=").and_then(|(_, address)| address.trim().parse().ok()) {
                // The pipe is read to its end, or the server would block on a full one.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(Self { process, address });
            }
            said.push_str(&line);
        }
        let _ = process.wait();
        Err(Failure::of(&name, format!("it does not listen: {said}")))
    }

    /// What it has used so far.
    pub(crate) fn cpu(&self) -> Outcome<Reading> {
        Reading::of(self.process.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// This program again, as one of its own servers.
pub(crate) fn own(arguments: &[&str]) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments);
    Ok(command)
}
