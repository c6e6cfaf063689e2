//! Searching, reading and deleting.

use super::world::{World, element};
use crate::common::both;

/// Every id of a page of records.
fn ids(xml: &str) -> Vec<String> {
    xml.split("<record>").skip(1).map(|record| element(record, "id")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_numbered_newest_first_and_counted() {
    for database in both() {
        let world = World::build(database);
        let mut made = Vec::new();
        for number in 0..12 {
            made.push(world.made(&world.full, &format!("<email>a{number}@example.com</email>")).await);
        }
        made.reverse();
        let search = async |more: &str| world.ask(&world.full, &format!("<request>search</request>{more}")).await.text;
        let all = search("").await;
        assert_eq!(ids(&all), made);
        assert_eq!(["status", "page", "perpage", "total"].map(|name| element(&all, name)), ["0", "1", "100", "12"]);
        let first = search("<page>1</page><perpage>10</perpage>").await;
        let second = search("<page>2</page><perpage>10</perpage>").await;
        assert_eq!([ids(&first), ids(&second)].concat(), made);
        assert_eq!(element(&second, "total"), "12");
        let third = search("<page>3</page><perpage>10</perpage>").await;
        assert!(third.contains("<total>12</total><records/>"), "{third}");
        assert_eq!(ids(&search("<page>3</page><perpage>5</perpage>").await), made[10..]);
        assert_eq!(ids(&search("<perpage>1000</perpage>").await), made);
        for (wrong, name) in [
            ("<page>0</page>", "page"),
            ("<perpage>1001</perpage>", "perpage"),
            ("<startdate>31/02/2026</startdate>", "startdate"),
            ("<email>nobody</email>", "email"),
        ] {
            let answer = search(wrong).await;
            assert!(element(&answer, "message").starts_with(&format!("{name}: ")), "{answer}");
            assert_eq!([element(&answer, "status"), element(&answer, "code")], ["1", "422"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_are_found_by_what_they_hold() {
    for database in both() {
        let world = World::build(database);
        let one = world.made(&world.full, "<email>One@example.com</email><phone1>020 7946 0001</phone1><reference>R1</reference><leadgroup>40001</leadgroup><type>car</type><introducer>7702</introducer><status>closed</status>").await;
        let two = world.made(&world.full, "<email>two@example.com</email>").await;
        let test = world.made(&world.full, "<email>two@example.com</email><test>1</test>").await;
        for (filter, found) in [
            ("<email>one@EXAMPLE.com</email>", vec![&one]),
            ("<phone>+44 20 7946 0001</phone>", vec![&one]),
            ("<reference>R1</reference>", vec![&one]),
            ("<leadgroup>40001</leadgroup>", vec![&one]),
            ("<leadgroup>999</leadgroup>", vec![]),
            ("<type>CAR</type>", vec![&one]),
            ("<leadgroup>40001</leadgroup><type>Car</type>", vec![&one]),
            ("<type>Boat</type>", vec![]),
            ("<introducer>7702</introducer>", vec![&one]),
            ("<introducer>7703</introducer>", vec![]),
            ("<status>Closed</status>", vec![&one]),
            ("<status>New</status>", vec![&two]),
            ("<status>nonsense</status>", vec![]),
            ("<test>1</test>", vec![&test]),
            ("<email></email><page/>", vec![&two, &one]),
        ] {
            let answer = world.ask(&world.full, &format!("<request>Search</request>{filter}")).await.text;
            assert_eq!(ids(&answer).iter().collect::<Vec<_>>(), found, "{filter}: {answer}");
        }
    }
}

/// A day is one of the account's zone, and both ends belong to the span.
#[tokio::test(flavor = "multi_thread")]
async fn days_are_the_account_s_own() {
    for database in both() {
        let world = World::build(database);
        let id = world.made(&world.full, "<email>a@example.com</email>").await;
        // 23:30 UTC on 30 June is half past midnight on 1 July in London.
        let moment = 1_782_862_200_000_000_i64;
        world.database.sql(&format!("UPDATE leads SET received_at = {moment} WHERE id = {id}"));
        for (span, found) in [
            ("<startdate>01/07/2026</startdate><enddate>01/07/2026</enddate>", true),
            ("<startdate>1/7/2026</startdate>", true),
            ("<startdate>30/06/2026</startdate><enddate>30/06/2026</enddate>", false),
            ("<enddate>2026-06-30</enddate>", false),
            ("<startdate>02/07/2026</startdate>", false),
        ] {
            let answer = world.ask(&world.full, &format!("<request>search</request>{span}")).await.text;
            assert_eq!(!ids(&answer).is_empty(), found, "{span}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_deleted_and_then_is_none() {
    for database in both() {
        let world = World::build(database);
        let id = world.made(&world.full, "<email>a@example.com</email>").await;
        let delete = format!("<request>delete</request><id>{id}</id>");
        let again = "<Request>delete</Request>";
        for twice in ["<request>read</request>", "<request>delete</request>", "<request/>"] {
            for both in [format!("{twice}{again}"), format!("{again}{twice}")] {
                let answer = world.ask(&world.full, &format!("{both}<id>{id}</id>")).await.text;
                assert!(answer.contains("<code>422</code><message>request: This element stands twice"), "{answer}");
            }
        }
        assert_eq!(world.json(&id).await["id"].to_string(), id, "nothing was deleted");
        let deleted = world.ask(&world.full, &delete).await.text;
        let item = format!("<code>0</code><message>OK</message><id>{id}</id>");
        assert_eq!(deleted, format!("<result><status>0</status>{item}<item><record>1</record>{item}</item></result>"));
        for request in ["delete", "read"] {
            let gone = world.ask(&world.full, &format!("<request>{request}</request><id>{id}</id>")).await;
            assert_eq!((gone.status.as_u16(), element(&gone.text, "code").as_str()), (200, "404"), "{}", gone.text);
        }
        for wrong in
            ["", "<request>drop</request>", "<request>read</request>", "<request>read</request><id>1</id><ID>2</ID>"]
        {
            let answer = world.ask(&world.full, wrong).await;
            assert_eq!((answer.status.as_u16(), element(&answer.text, "code").as_str()), (200, "422"), "{wrong}");
        }
    }
}
