//! What each kind of key gets: as over the JSON API, and no more.

use leadlatch_api::wire::RULES;
use leadlatch_domain::scope::Scope;
use reqwest::StatusCode;

use super::world::{CREATE_UPDATE, SCOPES, World, element};
use crate::common::callers::strangers;
use crate::common::{Answer, both};

/// What is asked for a line of the rules, about a lead.
fn elements(request: &str, id: &str) -> String {
    match request {
        "create" => "<email>a@example.com</email><leadgroup>40001</leadgroup>".into(),
        "update" => format!("<id>{id}</id><towncity>Leeds</towncity>"),
        "search" => "<request>search</request>".into(),
        request => format!("<request>{request}</request><id>{id}</id>"),
    }
}

async fn ask(world: &World, path: &str, request: &str, key: &str, id: &str) -> Answer {
    let elements = elements(request, id);
    if path == CREATE_UPDATE { world.lead(key, &elements).await } else { world.ask(key, &elements).await }
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), element(&answer.text, "code"))
}

/// The lines of RULES, each with every kind of caller.
#[tokio::test(flavor = "multi_thread")]
async fn every_request_needs_what_its_rule_says() {
    for database in both() {
        let world = World::build(database);
        world.database.account("other");
        let strangers = strangers(&world.database);
        let (_, foreign) = world.database.key("other", None, &SCOPES);
        for line in RULES.iter().filter(|line| line.rule.open_to_keys()) {
            let id = world.made(&world.full, "<email>a@example.com</email>").await;
            for stranger in &strangers {
                let key = stranger.key.clone().unwrap_or_default();
                let answer = ask(&world, line.path, line.request, &key, &id).await;
                let expected = (stranger.status, stranger.status.to_string());
                assert_eq!(code(&answer), expected, "{} {}: {}", line.request, stranger.code, answer.text);
            }
            let scope = line.rule.scope().expect("a scope").as_str();
            let others: Vec<&str> =
                Scope::ALL.iter().map(|scope| scope.as_str()).filter(|other| *other != scope).collect();
            let (_, without) = world.database.key("acme", None, &others);
            let refused = ask(&world, line.path, line.request, &without, &id).await;
            assert_eq!(code(&refused), (403, "403".into()), "{}", line.request);
            assert!(element(&refused.text, "message").contains(scope), "{}", refused.text);
            let elsewhere = ask(&world, line.path, line.request, &foreign, &id).await;
            match line.request {
                // The other account has no such group; its list holds nothing.
                "create" | "update" | "read" | "delete" => assert_eq!(code(&elsewhere), (200, "404".into())),
                _ => assert!(elsewhere.text.contains("<total>0</total>"), "{}", elsewhere.text),
            }
            let (_, only) = world.database.key("acme", None, &[scope]);
            let done = ask(&world, line.path, line.request, &only, &id).await;
            assert_eq!(done.status, StatusCode::OK, "{}: {}", line.request, done.text);
            assert!(!done.text.contains("<status>1</status>"), "{}: {}", line.request, done.text);
            let url = format!("{}?key={}", line.path, world.full);
            let exposed = world.post(&url, "text/xml", "<data/>").await;
            assert_eq!(code(&exposed), (401, "401".into()), "a key in the URL");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_key_reaches_its_own_leads_alone() {
    for database in both() {
        let world = World::build(database);
        let south = world.database.partner("acme", "introducer", "South");
        let (north_key, south_key) =
            (world.partner_key(&world.introducer, &SCOPES), world.partner_key(&south, &SCOPES));
        let own = world.made(&north_key, "<email>north@example.com</email>").await;
        let other = world.made(&south_key, "<email>south@example.com</email>").await;
        assert_eq!(world.json(&own).await["introducer_id"].to_string(), world.introducer);
        for request in ["read", "delete", "update"] {
            let path = if request == "update" { CREATE_UPDATE } else { super::world::LEAD };
            let refused = ask(&world, path, request, &north_key, &other).await;
            assert_eq!(code(&refused), (403, "403".into()), "{request}");
            for missing in ["999999", "0", "x"] {
                let answer = ask(&world, path, request, &north_key, missing).await;
                assert_eq!((answer.status, &answer.text), (refused.status, &refused.text), "{request} {missing}");
            }
        }
        let listed = world.ask(&north_key, "<request>search</request>").await.text;
        assert!(listed.contains("north@example.com") && !listed.contains("south@"), "{listed}");
        assert_eq!(element(&listed, "total"), "1");
        for hidden in ["site", "user", "source", "medium", "term", "cost", "value", "ipaddress"] {
            assert!(!listed.contains(&format!("<{hidden}")), "{hidden}: {listed}");
        }
        for filter in ["<email>south@example.com</email>", "<leadgroup>General</leadgroup>"] {
            let none = world.ask(&north_key, &format!("<request>search</request>{filter}")).await.text;
            assert!(none.contains("<total>0</total><records/>"), "{none}");
        }
        let foreign =
            world.ask(&north_key, &format!("<request>search</request><introducer>{south}</introducer>")).await;
        let missing = world.ask(&north_key, "<request>search</request><introducer>999</introducer>").await;
        assert_eq!((code(&foreign), &foreign.text), ((403, "403".into()), &missing.text));
        let deleted = ask(&world, super::world::LEAD, "delete", &north_key, &own).await;
        assert_eq!(element(&deleted.text, "message"), "OK");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_key_names_linked_records_alone() {
    for database in both() {
        let world = World::build(database);
        let south = world.database.partner("acme", "introducer", "South");
        world.database.run(&["lead-type", "create", "--account", "acme", "--lead-group", "General", "--name", "Boat"]);
        world.database.run(&[
            "lead-group",
            "set",
            "--account",
            "acme",
            "--lead-group",
            "General",
            "--wire-number",
            "40002",
        ]);
        let key = world.partner_key(&world.introducer, &SCOPES);
        let email = "<email>a@example.com</email>";
        let own = world
            .made(&key, &format!("{email}<leadgroup>40001</leadgroup><introducer>7702</introducer><type>Car</type>"))
            .await;
        world.made(&key, &format!("{email}<introducer>{}</introducer>", world.introducer)).await;
        let refused = world.lead(&key, &format!("{email}<leadgroup>999999</leadgroup>")).await;
        assert_eq!(code(&refused), (403, "403".into()));
        for named in [
            "<leadgroup>40002</leadgroup>".to_owned(),
            "<leadgroup>General</leadgroup>".into(),
            "<leadgroup>nonsense</leadgroup>".into(),
            "<type>Boat</type>".into(),
            "<type>nonsense</type>".into(),
            format!("<introducer>{south}</introducer>"),
            "<introducer>999999</introducer>".into(),
            format!("<id>{own}</id><introducer>{south}</introducer>"),
            format!("<id>{own}</id><type>Boat</type>"),
        ] {
            let answer = world.lead(&key, &format!("{email}{named}")).await;
            assert_eq!((answer.status, &answer.text), (refused.status, &refused.text), "{named}");
        }
        // What every client sends is not even looked at.
        let ignored = "<user>nobody</user><site>99</site><cost>x</cost><value>y</value>";
        let lead = world.json(&world.made(&key, &format!("{email}{ignored}")).await).await;
        assert!(["user_id", "site_id", "cost", "value"].iter().all(|field| lead[field].is_null()), "{lead}");
        for denied in ["<source>x</source>", "<ipaddress>192.0.2.1</ipaddress>", "<leadgroup>40001</leadgroup>"] {
            let answer = world.lead(&key, &format!("<id>{own}</id>{denied}")).await;
            assert_eq!(code(&answer), (403, "403".into()), "{denied}: {}", answer.text);
        }
        // Without a group the one that is linked is meant; with several none is named.
        world.database.run(&[
            "partner",
            "link",
            "--account",
            "acme",
            &world.introducer,
            "--link-lead-group",
            "General",
        ]);
        let several = world.lead(&key, email).await;
        assert_eq!(code(&several), (200, "422".into()));
        assert_eq!(element(&several.text, "message"), "leadgroup: Send the number of the lead group.");
    }
}

/// Good leads are stored, bad ones say why; the status of the answer is one of its own only when all were refused alike.
#[tokio::test(flavor = "multi_thread")]
async fn each_lead_of_a_document_stands_alone() {
    for database in both() {
        let world = World::build(database);
        let (_, creates) = world.database.key("acme", None, &["create_leads"]);
        let lead = |elements: &str| format!("<lead>{elements}</lead>");
        let (good, bad, update) = (lead("<email>a@example.com</email>"), lead("<email>x</email>"), lead("<id>1</id>"));
        let send = async |leads: String| {
            world.post(CREATE_UPDATE, "", format!("<data><key>{creates}</key>{leads}</data>")).await
        };
        let codes = |answer: &Answer| -> Vec<String> {
            answer.text.split("<item>").skip(1).map(|item| element(item, "code")).collect()
        };
        let mixed = send([good.as_str(), &bad, &update, &good].concat()).await;
        assert_eq!((mixed.status.as_u16(), codes(&mixed)), (200, ["0", "422", "403", "0"].map(str::to_owned).to_vec()));
        assert_eq!([element(&mixed.text, "status"), element(&mixed.text, "code")], ["1", "0"], "of the first lead");
        let refused = send([update.as_str(), &update].concat()).await;
        assert_eq!((refused.status.as_u16(), codes(&refused).len()), (403, 2));
        assert_eq!(world.database.number("SELECT COUNT(*) FROM leads"), 2);
        let many = send(good.repeat(101)).await;
        assert!(element(&many.text, "message").ends_with("Send at most 100 leads at once."), "{}", many.text);
        assert_eq!(world.database.number("SELECT COUNT(*) FROM leads"), 2, "none of too many");
        let hundred = send(good.repeat(100)).await;
        assert_eq!((element(&hundred.text, "status").as_str(), codes(&hundred).len()), ("0", 100));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_serves_where_no_key_stands_in_the_document_and_two_keys_are_one_too_many() {
    for database in both() {
        let world = World::build(database);
        let (_, another) = world.database.key("acme", None, &SCOPES);
        let send = async |header: &str, value: String, body: String| {
            let url = format!("{}{CREATE_UPDATE}", world.server.base);
            let answer =
                world.server.client.post(url).header(header, value).body(body).send().await.expect("an answer");
            Answer { status: answer.status(), text: answer.text().await.expect("a body") }
        };
        let without = "<data><lead><email>a@example.com</email></lead></data>".to_owned();
        let with = without.replace("<lead>", &format!("<lead><KEY>{}</KEY>", world.full));
        for (header, value, body, status) in [
            ("authorization", format!("Bearer {}", world.full), &without, 200),
            ("x-api-key", world.full.clone(), &without, 200),
            ("x-api-key", world.full.clone(), &with, 200),
            ("x-api-key", another.clone(), &with, 401),
            ("cookie", format!("key={}", world.full), &without, 401),
        ] {
            assert_eq!(send(header, value, body.clone()).await.status.as_u16(), status, "{header} {body}");
        }
        for (header, value) in [
            ("authorization", "Basic Zm9vOmJhcg=="),
            ("authorization", ""),
            ("authorization", "Bearer"),
            ("x-api-key", ""),
        ] {
            assert_eq!(send(header, value.into(), with.clone()).await.status.as_u16(), 200, "{header}: {value}");
            let refused = send(header, value.into(), without.clone()).await;
            assert_eq!(code(&refused), (401, "401".into()), "{header}: {value}");
            let said = element(&refused.text, "message");
            assert!(
                said.contains("Send the access key as &lt;key&gt; inside &lt;lead&gt;"),
                "{header} {value}: {said}"
            );
            let unread = send(header, value.into(), "<data>".into()).await;
            assert_eq!(code(&unread), (200, "400".into()), "who presents nothing is told of the document");
        }
        // Over the JSON API an empty header presents nothing either, and one of another scheme is still refused.
        let bearer = format!("Bearer {}", world.full);
        for (headers, status) in [
            ([("authorization", bearer.as_str()), ("x-api-key", "")], 200),
            ([("authorization", ""), ("x-api-key", world.full.as_str())], 200),
            ([("authorization", ""), ("x-api-key", "")], 401),
            ([("authorization", "Basic Zm9vOmJhcg=="), ("x-api-key", world.full.as_str())], 401),
            ([("authorization", bearer.as_str()), ("x-api-key", another.as_str())], 401),
        ] {
            let mut request = world.server.client.get(format!("{}/api/v1/whoami", world.server.base));
            for (name, value) in headers {
                request = request.header(name, value);
            }
            assert_eq!(request.send().await.expect("an answer").status().as_u16(), status, "{headers:?}");
        }
        let broken = send("x-api-key", "lk_full_x".into(), "<data>".into()).await;
        assert_eq!(code(&broken), (401, "401".into()), "who is not let in is told nothing of the document");
    }
}

/// Used keys count what they did, by the status that the JSON API would have given.
#[tokio::test(flavor = "multi_thread")]
async fn the_wire_is_limited_logged_and_counted_as_the_api_is() {
    for database in both() {
        let world = World::build(database);
        let (id, key) = world.database.key("acme", None, &["create_leads"]);
        world.database.run(&["key", "set", "--account", "acme", &id, "--rate", "3"]);
        let sent = ["<email>a@example.com</email>", "<email>x</email>", "<id>1</id>", "<email>b@example.com</email>"];
        let mut codes = Vec::new();
        for elements in sent {
            codes.push(element(&world.lead(&key, elements).await.text, "code"));
        }
        assert_eq!(codes, ["0", "422", "403", "429"]);
        tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
        let log = world.database.run(&["key", "log", "--account", "acme", &id]);
        let logged: Vec<(String, i64)> = log["entries"]
            .as_array()
            .expect("entries")
            .iter()
            .map(|entry| {
                (entry["route"].as_str().unwrap_or_default().to_owned(), entry["status"].as_i64().unwrap_or_default())
            })
            .collect();
        let mut statuses: Vec<i64> = logged.iter().map(|(_, status)| *status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403, 422, 429], "{log}");
        assert!(logged.iter().all(|(route, _)| route == CREATE_UPDATE), "{log}");
    }
}
