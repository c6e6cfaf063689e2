//! Every operation of the OpenAPI document with every kind of caller. What is expected of each is read from the
//! document; an operation on records that the walk does not know makes it fail.

use std::collections::BTreeSet;

use crate::common::callers::{Foreign, Keys, Stranger, strangers};
use crate::common::operation::{Operation, document, operations, rows};
use crate::common::world::{ACME, Ids, Partner, World, hook, ident};
use crate::common::{Answer, Database};
use serde_json::Value;

/// Parts of a path that name no record; the last are no number, and no text.
const MISSING: [&str; 4] = ["999999", "0", "x%20y", "%ff"];

#[test]
fn the_document_that_is_checked_in_is_the_one_that_the_code_gives() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/openapi.json");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("the file")).expect("JSON");
    assert!(kept == document(), "write it anew: cargo run -- openapi > openapi/openapi.json");
    assert_eq!(kept["openapi"], "3.1.0");
}

fn assert_refused(answer: &Answer, status: u16, code: &str, what: &str) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{what}: {}", answer.text);
}

/// In means in: done, or nothing amiss but the empty body.
fn assert_in(operation: &Operation, answer: &Answer, what: &str) {
    let unprocessable = operation.has_body && answer.status == 422;
    assert!(answer.status.is_success() || unprocessable, "{what}: {answer:?}");
    let whole = operation.method == "get" && operation.path.ends_with("/{id}");
    assert!(!whole || what.ends_with(&format!("/{}", ident(&answer.json()))), "{what}: {}", answer.text);
}

fn assert_lists(operation: &Operation, answer: &Answer, ids: &[String], what: &str) {
    if operation.is_list {
        let listed: BTreeSet<String> = rows(answer).iter().map(ident).collect();
        assert_eq!(listed, ids.iter().cloned().collect(), "{what}");
    }
}

async fn strangers_are_refused(world: &World, strangers: &[Stranger], operation: &Operation) {
    let path = operation.paths(world, &world.all).swap_remove(0);
    for Stranger { key, status, code } in strangers {
        let what = format!("{} {path}", operation.method);
        assert_refused(&operation.ask(world, &path, key.as_deref()).await, *status, code, &what);
    }
    let in_url = format!("{path}?key={}", world.full);
    assert_refused(&operation.ask(world, &in_url, Some(&world.full)).await, 401, "key_in_url", &path);
}

async fn keys_without_the_scope_are_refused(world: &World, keys: &Keys, operation: &Operation) {
    let Some(scope) = operation.scope.as_deref() else { return };
    let code = "insufficient_scope";
    for path in operation.paths(world, &world.all) {
        assert_refused(&operation.ask(world, &path, Some(&keys.without[scope])).await, 403, code, &path);
        let open = operation.partner != "No access, 403";
        if let Some(key) = keys.partner_without.get(scope).filter(|_| open) {
            assert_refused(&operation.ask(world, &path, Some(key)).await, 403, code, &path);
        }
    }
}

/// What may be deleted without anybody missing it: the key that asks, and the path.
async fn disposable(world: &World, keys: &Keys, operation: &Operation, of: Option<&Partner>) -> (String, String) {
    let (record, lead_type) = match of {
        Some(partner) => (Some(partner.record.as_str()), &partner.own["lead-types"][0]),
        None => (None, &world.all["lead-types"][0]),
    };
    let scope = operation.scope.as_deref().unwrap_or("voice");
    match operation.resource.as_str() {
        "hooks" => {
            let key = of.map_or(&world.full, |partner| &partner.key);
            (key.clone(), operation.at(&hook(&world.server, key).await))
        }
        "whoami" => (world.database.key(ACME, record, &["read_leads"]).1, operation.path.clone()),
        "introducers" | "partners" => {
            let record = world.database.partner(ACME, operation.resource.trim_end_matches('s'), "Gone");
            (keys.only["manage_partners"].clone(), operation.at(&record))
        }
        "leads" => {
            let maker = of.map_or(&world.full, |partner| &partner.key);
            let lead = world.server.lead_of_type(maker, lead_type).await;
            let asker = of.map_or(&keys.only[scope], |partner| &partner.key);
            (asker.clone(), operation.at(&lead))
        }
        resource => panic!("say how to make one of {resource} that may be deleted"),
    }
}

async fn a_full_key_with_the_scope_gets_in(world: &World, keys: &Keys, operation: &Operation) {
    // What each key made is its own, whatever its kind: to every other key it does not exist.
    let made = operation.partner == "Only what the key made";
    let key = if made { &world.full } else { &keys.only[operation.scope.as_deref().unwrap_or("voice")] };
    let reach = if made { &world.made } else { &world.all };
    if operation.names_a_record() {
        for missing in MISSING {
            assert_refused(&operation.ask(world, &operation.at(missing), Some(key)).await, 404, "not_found", missing);
        }
    }
    if operation.method == "delete" {
        let (key, path) = disposable(world, keys, operation, None).await;
        return assert_in(operation, &operation.ask(world, &path, Some(&key)).await, &path);
    }
    for path in operation.paths(world, reach) {
        let answer = operation.ask(world, &path, Some(key)).await;
        assert_in(operation, &answer, &path);
        if operation.is_list {
            assert_lists(operation, &answer, world.ids(reach, &operation.resource), &path);
        }
    }
    for path in operation.paths(world, &world.all).iter().filter(|_| made && operation.names_a_record()) {
        let answer = operation.ask(world, path, Some(&keys.only["read_leads"])).await;
        assert_refused(&answer, 404, "not_found", path);
    }
}

async fn a_partner_key_gets_what_is_its_own(world: &World, keys: &Keys, partner: &Partner, operation: &Operation) {
    let Some(reach) = operation.in_reach(world, partner) else {
        for path in operation.paths(world, &world.all) {
            let answer = operation.ask(world, &path, Some(&partner.key)).await;
            if operation.dropdown.is_some() {
                assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "[]"), "{} {path}", partner.company);
                continue;
            }
            assert_refused(&answer, 403, "not_for_partner_keys", &format!("{} {path}", partner.company));
        }
        return;
    };
    if operation.method == "delete" {
        let (key, path) = disposable(world, keys, operation, Some(partner)).await;
        assert_in(operation, &operation.ask(world, &path, Some(&key)).await, &path);
    } else {
        for path in operation.paths(world, reach) {
            let answer = operation.ask(world, &path, Some(&partner.key)).await;
            let what = format!("{} {path}", partner.company);
            assert_in(operation, &answer, &what);
            if operation.is_list {
                assert_lists(operation, &answer, world.ids(reach, &operation.resource), &what);
            }
        }
    }
    others_look_missing(world, partner, operation, reach).await;
}

/// A record of another company gets the very answer that one gets that does not exist.
async fn others_look_missing(world: &World, partner: &Partner, operation: &Operation, reach: &Ids) {
    if !operation.names_a_record() {
        return;
    }
    let missing = operation.ask(world, &operation.at(MISSING[0]), Some(&partner.key)).await;
    assert_refused(&missing, 403, "out_of_reach", &operation.path);
    let own = operation.paths(world, reach);
    let others = operation.paths(world, &world.all).into_iter().filter(|path| !own.contains(path));
    for path in others.chain(MISSING.map(|missing| operation.at(missing))) {
        let answer = operation.ask(world, &path, Some(&partner.key)).await;
        assert_eq!(answer.without_id(), missing.without_id(), "{} {} {path}", partner.company, operation.method);
        assert_eq!(answer.text.len(), missing.text.len(), "{path}");
    }
}

async fn another_account_sees_nothing(world: &World, foreign: &Foreign, operation: &Operation) {
    if operation.names_a_record() {
        for path in operation.paths(world, &world.all) {
            let answer = operation.ask(world, &path, Some(&foreign.full)).await;
            assert_refused(&answer, 404, "not_found", &format!("{} {path}", operation.method));
            let answer = operation.ask(world, &path, Some(&foreign.partner)).await;
            assert_eq!(answer.status, 403, "{} {path}", operation.method);
        }
    }
    if operation.is_list {
        let answer = operation.ask(world, &operation.path, Some(&foreign.full)).await;
        let all = world.ids(&world.all, &operation.resource);
        assert!(!rows(&answer).iter().any(|row| all.contains(&ident(row))), "{}", answer.text);
    }
}

async fn walk(database: Database) {
    let world = World::build(database).await;
    let (strangers, keys, foreign) = (strangers(&world.database), Keys::make(&world), Foreign::make(&world.database));
    for operation in operations() {
        strangers_are_refused(&world, &strangers, &operation).await;
        keys_without_the_scope_are_refused(&world, &keys, &operation).await;
        another_account_sees_nothing(&world, &foreign, &operation).await;
        a_full_key_with_the_scope_gets_in(&world, &keys, &operation).await;
        for partner in &world.partners {
            a_partner_key_gets_what_is_its_own(&world, &keys, partner, &operation).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    walk(crate::common::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql() {
    walk(crate::common::postgresql()).await;
}
