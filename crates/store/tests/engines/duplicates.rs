//! Duplicates: what matches, what becomes of a match, and whose leads a caller is compared with.

use std::sync::Arc;

use crate::common::{ALL, World, both};
use leadlatch_domain::id::AccountId;
use leadlatch_domain::reach::PartnerKind;
use leadlatch_store::Error;
use serde_json::{Value, json};

const EVERY_FIELD: i64 = 31;

#[tokio::test]
async fn any_one_field_that_matches_makes_a_duplicate() {
    for world in both().await {
        let acme = world.account("acme").await;
        let key = world.key(acme, None, ALL).await;
        let first = json!({"firstname": "Mary-Ann", "lastname": "O'Brien", "company": "A.B.C. Ltd", "address": "1, High St",
            "postcode": "N1 9GU", "email": "Mary@Example.com", "phone1": "020 7946 0000"});
        let old = world.made(key, first).await;
        let reach = |extra: Value| {
            let mut body = json!({"phone2": "01632 960999"});
            body.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
            body
        };
        let same = [
            (1, json!({"firstname": "mary ann", "lastname": "OBRIEN"})),
            (2, json!({"company": "abc ltd"})),
            (4, json!({"phone2": "+44 (0)20 7946 0000"})),
            (8, json!({"email": "mary@example.com"})),
            (16, json!({"address": "1 High St.", "postcode": "n19gu"})),
        ];
        for (bits, body) in &same {
            world.rule(acme, -1, *bits, "refuse").await;
            let refused = world.create(key, reach(body.clone())).await;
            assert!(matches!(refused, Err(Error::Duplicate(Some(id))) if id == old), "{bits}: {refused:?}");
            world.rule(acme, -1, EVERY_FIELD - bits, "refuse").await;
            let body = if *bits == 4 { json!({"phone2": "+44 (0)20 7946 0000"}) } else { reach(body.clone()) };
            world.create(key, body).await.expect("what is not compared is no duplicate");
            world.by_hand(&format!("DELETE FROM leads WHERE id > {old}")).await;
        }
        world.rule(acme, 0, EVERY_FIELD, "refuse").await;
        world.made(key, json!({"email": "mary@example.com"})).await;
        world.rule(acme, -1, 1, "refuse").await;
        let halves = [json!({"firstname": "Mary-Ann"}), json!({"lastname": "O'Brien"})];
        for half in halves {
            world.made(key, reach(half)).await;
        }
    }
}

#[tokio::test]
async fn only_the_last_days_count_and_a_group_has_a_rule_of_its_own() {
    for world in both().await {
        let (acme, other) = (world.account("acme").await, world.account("other").await);
        let (key, foreign) = (world.key(acme, None, ALL).await, world.key(other, None, ALL).await);
        world.rule(acme, 30, 8, "refuse").await;
        world.rule(other, -1, 8, "refuse").await;
        let body = json!({"email": "ann@example.com"});
        world.made(foreign, body.clone()).await;
        let old = world.made(key, body.clone()).await;
        world.days_later(30);
        assert!(matches!(world.create(key, body.clone()).await, Err(Error::Duplicate(Some(id))) if id == old));
        world.days_later(1);
        world.made(key, body.clone()).await;
        let sql = format!(
            "UPDATE lead_groups SET duplicate_within = -1, duplicate_fields = 8, duplicate_outcome = 'link' WHERE account_id = {acme}"
        );
        world.by_hand(&sql).await;
        let linked = world.made(key, body.clone()).await;
        assert_eq!(world.lead(acme, linked).await["duplicate_of"], json!(old), "the oldest of all leads");
        world.by_hand(&format!("UPDATE leads SET deleted_at = 1 WHERE account_id = {acme}")).await;
        let alone = world.made(key, body).await;
        assert_eq!(world.lead(acme, alone).await["duplicate_of"], Value::Null, "what is in the bin is not compared");
    }
}

/// The reach rule, line by line.
#[tokio::test]
async fn a_caller_is_refused_only_what_is_in_its_reach() {
    for world in both().await {
        let acme = world.account("acme").await;
        let (north, south) =
            (world.record(acme, PartnerKind::Introducer).await, world.record(acme, PartnerKind::Both).await);
        let north_key = world.key(acme, Some(north), ALL).await;
        let north_blind = world.key(acme, Some(north), "create_leads").await;
        let south_key = world.key(acme, Some(south), ALL).await;
        let (full, full_blind) = (world.key(acme, None, ALL).await, world.key(acme, None, "create_leads").await);
        world.rule(acme, -1, EVERY_FIELD, "refuse").await;
        let body =
            json!({"firstname": "Ann", "lastname": "Lee", "email": "ann@example.com", "phone1": "020 7946 0000"});
        let old = world.made(north_key, body.clone()).await;

        let named = world.create(north_key, body.clone()).await;
        assert!(matches!(named, Err(Error::Duplicate(Some(id))) if id == old), "{named:?}");
        let blind = world.create(north_blind, body.clone()).await;
        assert!(matches!(blind, Err(Error::Duplicate(None))), "refused, and told of no id: {blind:?}");
        assert!(matches!(world.create(full, body.clone()).await, Err(Error::Duplicate(Some(id))) if id == old));

        let before = world.lead(acme, old).await;
        let taken = world.create(south_key, body.clone()).await.expect("another's lead refuses nobody");
        let fresh = world.create(south_key, json!({"email": "nobody@example.com"})).await.expect("a lead");
        let (taken, fresh) = (serde_json::to_value(taken).expect("JSON"), serde_json::to_value(fresh).expect("JSON"));
        let names = |lead: &Value| lead.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&taken), names(&fresh));
        assert!(!names(&taken).contains(&"duplicate_of".into()));
        let id = taken["id"].as_i64().expect("an id");
        assert_eq!(world.lead(acme, id).await["duplicate_of"], json!(old), "an internal link");
        assert!(world.seen(south_key, id).await.expect("its own")["duplicate_of"].is_null());
        assert_eq!(world.lead(acme, old).await, before, "nothing of the other lead has moved");

        let unread = world.create(full_blind, body).await.expect("who reads no leads is never refused");
        let unread = serde_json::to_value(unread).expect("JSON");
        assert_eq!(unread["duplicate_of"], Value::Null, "nor told");
        assert_eq!(world.lead(acme, unread["id"].as_i64().expect("an id")).await["duplicate_of"], json!(old));
    }
}

#[tokio::test]
async fn a_buyer_is_compared_with_what_was_referred_to_it() {
    for world in both().await {
        let acme = world.account("acme").await;
        let (buyer, full) = (world.record(acme, PartnerKind::Both).await, world.key(acme, None, ALL).await);
        let key = world.key(acme, Some(buyer), ALL).await;
        world.rule(acme, -1, 4, "refuse").await;
        let old = world.made(full, json!({"phone1": "020 7946 0000"})).await;
        world.by_hand(&format!("UPDATE leads SET partner_id = {buyer} WHERE id = {old}")).await;
        let again = world.create(key, json!({"phone2": "02079460000"})).await;
        assert!(matches!(again, Err(Error::Duplicate(Some(id))) if id == old), "{again:?}");
        world.by_hand(&format!("UPDATE leads SET partner_ended_at = 1 WHERE id = {old}")).await;
        world.made(key, json!({"phone2": "02079460000"})).await;
    }
}

#[tokio::test]
async fn copying_fills_what_is_empty_where_the_caller_may_update() {
    for world in both().await {
        let acme = world.account("acme").await;
        let (north, south) =
            (world.record(acme, PartnerKind::Introducer).await, world.record(acme, PartnerKind::Introducer).await);
        let (own, other) = (world.key(acme, Some(north), ALL).await, world.key(acme, Some(south), ALL).await);
        let reader = world.key(acme, None, "create_leads,read_leads").await;
        world.rule(acme, -1, 8, "link_and_copy").await;
        let old = world.made(own, json!({"email": "ann@example.com", "firstname": "Ann"})).await;
        let new = json!({"email": "ann@example.com", "firstname": "Anna", "lastname": "Lee", "phone1": "020 7946 0000",
            "address": "1 Road", "postcode": "N1 9GU", "reference": "r2"});
        let before = world.lead(acme, old).await;
        for key in [other, reader] {
            let linked = world.made(key, new.clone()).await;
            assert_eq!(world.lead(acme, linked).await["duplicate_of"], json!(old));
            assert_eq!(world.lead(acme, old).await, before, "a lead that the caller may not update stays");
        }
        world.clock.advance(std::time::Duration::from_secs(5));
        let linked = world.made(own, new).await;
        assert_eq!(world.lead(acme, linked).await["duplicate_of"], json!(old));
        let after = world.lead(acme, old).await;
        assert_eq!(
            (&after["firstname"], &after["lastname"], &after["postcode"]),
            (&json!("Ann"), &json!("Lee"), &json!("N1 9GU"))
        );
        assert_eq!((&after["reference"], &after["phone1"]), (&Value::Null, &json!("020 7946 0000")));
        assert_ne!(after["updated_at"], before["updated_at"]);
        world.rule(acme, -1, 4, "refuse").await;
        let by_phone = world.create(own, json!({"phone2": "+442079460000"})).await;
        assert!(matches!(by_phone, Err(Error::Duplicate(Some(id))) if id == old), "its twins came along: {by_phone:?}");
    }
}

/// Of creations of one lead that run at the same time exactly one wins.
async fn one_wins(world: &Arc<World>, acme: AccountId, keys: &[leadlatch_domain::key_secret::KeyDigest]) {
    for round in 0..6 {
        let creating: Vec<_> = (0..12)
            .map(|number| {
                let (world, key) = (Arc::clone(world), keys[number % keys.len()]);
                // Each shares one field with some of the others, in different orders.
                let body = json!({"email": format!("r{round}@example.com"), "phone1": format!("0207946{round:02}{:02}", number % 3)});
                tokio::spawn(async move { world.create(key, body).await })
            })
            .collect();
        let mut made = 0;
        for creating in creating {
            match creating.await.expect("a task") {
                Ok(_) => made += 1,
                Err(error) => assert!(matches!(error, Error::Duplicate(Some(_))), "{error:?}"),
            }
        }
        assert_eq!(made, 1, "account {acme}, round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_creations_at_the_same_time_one_wins() {
    for world in both().await {
        let world = Arc::new(world);
        let acme = world.account("acme").await;
        let north = world.record(acme, PartnerKind::Introducer).await;
        world.rule(acme, -1, 12, "refuse").await;
        let full = [world.key(acme, None, ALL).await, world.key(acme, None, ALL).await];
        one_wins(&world, acme, &full).await;
        world.by_hand("DELETE FROM leads").await;
        let partner = [world.key(acme, Some(north), ALL).await, world.key(acme, Some(north), ALL).await];
        one_wins(&world, acme, &partner).await;
    }
}

#[tokio::test]
async fn test_leads_are_compared_with_those_of_their_own_key() {
    for world in both().await {
        let acme = world.account("acme").await;
        let (one, other) = (world.key(acme, None, ALL).await, world.key(acme, None, ALL).await);
        world.rule(acme, -1, 8, "refuse").await;
        let live = json!({"email": "ann@example.com"});
        let test = json!({"email": "ann@example.com", "test": true});
        world.made(one, live.clone()).await;
        let first = world.made(one, test.clone()).await;
        assert!(matches!(world.create(one, test.clone()).await, Err(Error::Duplicate(Some(id))) if id == first));
        world.made(other, test).await;
        world.by_hand("DELETE FROM leads WHERE NOT test").await;
        world.made(one, live).await;
    }
}
