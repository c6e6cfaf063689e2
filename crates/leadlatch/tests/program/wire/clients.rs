//! Client programs as the field has them, in its languages and with its libraries, against the real binary. What they
//! need is installed by scripts/test; without it this fails, and is never left out.

use std::path::PathBuf;
use std::process::Command;

use super::world::World;
use crate::common::both;

fn clients() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "program", "wire", "clients"].iter().collect()
}

fn run(world: &World, program: &str, file: &str) {
    let mut command = Command::new(program);
    command.arg(clients().join(file)).args([&world.server.base, &world.full]);
    let output = command.output().unwrap_or_else(|error| panic!("{program} is needed, see scripts/test: {error}"));
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "ok\n", "{file}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Python with requests: the system's own, or one in a folder of its own.
fn python() -> String {
    std::env::var("LEADLATCH_TEST_PYTHON").unwrap_or_else(|_| "python3".into())
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_of_the_field_work_as_they_are() {
    let node = clients().join("node/node_modules/axios");
    assert!(node.exists(), "npm ci in {} is needed, see scripts/test", clients().join("node").display());
    for database in both() {
        let world = World::build(database);
        let on = ["lead-group", "web-form", "--account", "acme", "Loans", "--on", "--redirect-host", "www.example.com"];
        world.database.run(&on);
        run(&world, "php", "simplexml.php");
        run(&world, "php", "domdocument.php");
        run(&world, &python(), "client.py");
        run(&world, "node", "node/client.js");
    }
}
