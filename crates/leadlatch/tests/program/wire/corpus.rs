//! The corpus: bodies as old programs send them, each with the answer and the lead that come of it.

use std::path::PathBuf;

use serde_json::Value;

use super::world::{World, element};
use crate::common::{Database, both};

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "program", "wire", "corpus"].iter().collect()
}

fn cases() -> Vec<(String, Vec<u8>, Value)> {
    let names = std::fs::read_dir(folder()).expect("the corpus").map(|entry| entry.expect("a file").path());
    let mut bodies: Vec<PathBuf> = names.filter(|path| path.extension().is_some_and(|kind| kind == "xml")).collect();
    bodies.sort();
    let read = |path: PathBuf| {
        let said = std::fs::read_to_string(path.with_extension("json")).expect("an answer for each body");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read(&path).expect("a body"), serde_json::from_str(&said).expect("JSON"))
    };
    bodies.into_iter().map(read).collect()
}

/// The body with a real key in it.
fn with_key(body: &[u8], key: &str) -> Vec<u8> {
    const PLACE: &[u8] = b"{KEY}";
    let mut whole = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.windows(PLACE.len()).position(|part| part == PLACE) {
        whole.extend([&rest[..at], key.as_bytes()].concat());
        rest = &rest[at + PLACE.len()..];
    }
    whole.extend(rest);
    whole
}

async fn every_case(database: Database) {
    let world = World::build(database);
    let cases = cases();
    assert!(cases.len() > 50, "{}", cases.len());
    for (name, body, expected) in cases {
        let kind = expected["content_type"].as_str().expect("a type");
        let path = expected["path"].as_str().expect("a path");
        let answer = world.post(path, kind, with_key(&body, &world.full)).await;
        assert_eq!(expected["status"], answer.status.as_u16(), "{name}: {}", answer.text);
        let id = element(&answer.text, "id");
        let said = expected["answer"].as_str().expect("an answer").replace("{ID}", &id);
        let same = if said.ends_with("</result>") { answer.text == said } else { answer.text.starts_with(&said) };
        assert!(same, "{name}: expected {said}, got {}", answer.text);
        assert!(!answer.text.contains(&world.full), "{name}: a key is never said again");
        if let Some(fields) = expected["lead"].as_object() {
            let lead = world.json(&id).await;
            for (field, value) in fields {
                assert_eq!(&lead[field], value, "{name}: {field} of {lead}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_body_gets_its_answer_and_makes_its_lead() {
    for database in both() {
        every_case(database).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_known_by_the_numbers_that_clients_hold() {
    for database in both() {
        let world = World::build(database);
        let email = "<email>a@example.com</email>";
        let id = world
            .made(
                &world.full,
                &format!("{email}<leadgroup>40001</leadgroup><site>1203</site><introducer>7702</introducer>"),
            )
            .await;
        let lead = world.json(&id).await;
        let ids = ["lead_group_id", "site_id", "introducer_id"].map(|field| lead[field].to_string());
        assert_eq!(ids, [world.group.clone(), world.site.clone(), world.introducer.clone()]);
        let own = format!("{email}<leadgroup>{}</leadgroup><site>{}</site>", world.group, world.site);
        let lead = world.json(&world.made(&world.full, &own).await).await;
        assert_eq!(lead["lead_group_id"].to_string(), world.group, "our own ids do too");
        // A number that is another record's own id is the wire number's all the same.
        let general = &world.database.run(&["lead-group", "list", "--account", "acme"])[0]["id"];
        let set = |group, number: &str| {
            let line = ["lead-group", "set", "--account", "acme", "--lead-group", group, "--wire-number", number];
            world.database.try_run(&line)
        };
        // As long as that one goes by its id, two would be known by one number.
        let refused = set("Loans", &general.to_string()).expect_err("General goes by it");
        assert!(refused.contains("is the id of another lead group, which has no wire number"), "{refused}");
        set("General", "40002").expect("a number of its own");
        set("Loans", &general.to_string()).expect("nobody goes by it any more");
        let refused = set("General", "off").expect_err("it would go by its id again");
        assert!(refused.contains("which is the wire number of another lead group"), "{refused}");
        let lead =
            world.json(&world.made(&world.full, &format!("{email}<leadgroup>{general}</leadgroup>")).await).await;
        assert_eq!(lead["lead_group_id"].to_string(), world.group);
        set("Loans", "40001").expect("back again");
        set("General", "off").expect("nobody has its id as a number");
        // Sites and partner records are refused alike; what was deleted goes by nothing.
        let site = world.database.id(&["site", "create", "--account", "acme", "--name", "b.example"]);
        let numbered = ["site", "set", "--account", "acme", "--site", "acme.example", "--wire-number", &site];
        assert!(world.database.try_run(&numbered).expect_err("b.example goes by it").contains("another site"));
        let south = world.database.partner("acme", "introducer", "South");
        let numbered = ["partner", "set", "--account", "acme", &world.introducer, "--wire-number", &south];
        let refused = world.database.try_run(&numbered).expect_err("South goes by it");
        assert!(refused.contains("another partner record"), "{refused}");
        world.database.run(&["partner", "delete", "--account", "acme", &south]);
        world.database.run(&numbered);
    }
}

/// What is written is read back, element by element, and sent back as an update it changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn every_field_makes_the_round_trip() {
    for database in both() {
        let world = World::build(database);
        let (_, body, _) = cases().into_iter().find(|(name, ..)| name.ends_with("every-field")).expect("the case");
        let answer = world.post(super::world::CREATE_UPDATE, "text/xml", with_key(&body, &world.full)).await;
        let id = element(&answer.text, "id");
        let read = world.ask(&world.full, &format!("<request>read</request><id>{id}</id>")).await.text;
        for (name, text) in [
            ("id", id.as_str()),
            ("leadgroup", "40001"),
            ("site", "1203"),
            ("introducer", "7702"),
            ("type", "Car"),
            ("status", "Contacted"),
            ("source", "https://example.com/?a=1&amp;b=2"),
            ("cost", "12.50"),
            ("lastname", "O&apos;Brien"),
            ("dobday", "02"),
            ("dobmonth", "03"),
            ("dobyear", "1984"),
            ("contactphone", "Yes"),
            ("contactsms", "No"),
            ("contactfax", "Unknown"),
            ("data2", "line one\nline two"),
            ("data50", "last"),
            ("ipaddress", "192.0.2.7"),
            ("test", "0"),
            ("code", "0"),
            ("message", "OK"),
        ] {
            assert_eq!(element(&read, name), text, "{name} of {read}");
        }
        assert!(read.contains("<dropbox/>"));
        let before = world.json(&id).await;
        let fields = read.trim_start_matches("<result>").trim_end_matches("</result>").to_owned();
        let updated = world.lead(&world.full, &fields).await;
        assert_eq!(element(&updated.text, "message"), "OK", "{}", updated.text);
        assert_eq!(world.json(&id).await, before);
        let changed = world
            .lead(&world.full, &format!("<Id>{id}</Id><request>update</request><towncity>Leeds</towncity><company/>"))
            .await;
        assert_eq!((element(&changed.text, "message").as_str(), element(&changed.text, "id")), ("OK", id.clone()));
        let after = world.json(&id).await;
        assert_eq!((&after["towncity"], &after["company"]), (&"Leeds".into(), &before["company"]));
    }
}
