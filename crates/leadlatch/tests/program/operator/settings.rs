//! Settings by the command line: what is set holds, what is in use stays, and all of it is audited.

use crate::common::{Answer, Database, both};
use reqwest::StatusCode;
use serde_json::{Value, json};

const ALL: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];

/// Runs a command that must be refused, and gives what it said.
fn refused(database: &Database, line: &[&str]) -> String {
    match database.try_run(line) {
        Ok(done) => panic!("{line:?} should be refused: {done}"),
        Err(said) => said.trim().to_owned(),
    }
}

/// The newest audit entries of an event, newest last, as (changed, details).
fn audited(database: &Database, account: &str, event: &str) -> Vec<(Value, Value)> {
    let listed = database.run(&["audit", "list", "--account", account]);
    let entries = listed["entries"].as_array().expect("entries").iter().filter(|entry| entry["event"] == event);
    let details = |entry: &Value| match &entry["details"] {
        Value::String(text) => serde_json::from_str(text).expect("details"),
        other => other.clone(),
    };
    entries.map(|entry| (entry["changed"].clone(), details(entry))).collect()
}

fn ids(answer: &Answer) -> Vec<i64> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()["data"].as_array().expect("rows").iter().map(|row| row["id"].as_i64().expect("an id")).collect()
}

#[test]
fn an_accounts_settings_change_and_are_audited() {
    for database in both() {
        let (acme, other) = (database.account("acme"), database.account("other"));
        let set = |line: &[&str]| database.run(&[&["account", "set", "--account", acme], line].concat());
        let refuse = |line: &[&str]| refused(&database, &[&["account", "set", "--account", acme], line].concat());
        let after = set(&["--name", "Acme Ltd", "--time-zone", "america/new_york", "--currency", "usd"]);
        assert_eq!(
            (&after["name"], &after["time_zone"], &after["currency"], &after["country"]),
            (&json!("Acme Ltd"), &json!("America/New_York"), &json!("USD"), &json!("GB"))
        );
        set(&["--name", "Acme Ltd"]);
        let audited = audited(&database, acme, "account.changed");
        assert_eq!(audited.len(), 1, "what changes nothing leaves no entry: {audited:?}");
        assert_eq!(audited[0].0, json!(["name", "time_zone", "currency"]));
        assert_eq!(audited[0].1["before"], json!({"name": "acme", "time_zone": "Europe/London", "currency": "GBP"}));
        assert_eq!(audited[0].1["after"]["name"], "Acme Ltd");

        let after = set(&["--host", "Leads.Example.com", "--bin-days", "7", "--request-log-days", "90"]);
        assert_eq!((&after["host"], &after["bin_days"]), (&json!("leads.example.com"), &json!(7)));
        assert_eq!((&after["request_log_days"], &after["audit_details_days"]), (&json!(90), &json!(730)));
        let taken = refused(&database, &["account", "set", "--account", other, "--host", "leads.example.com"]);
        assert_eq!(taken, "The host name leads.example.com belongs to another account.");
        assert_eq!(set(&["--host", "leads.example.com"])["host"], "leads.example.com", "its own is no conflict");
        assert_eq!(set(&["--no-host"])["host"], Value::Null);
        database.run(&["account", "set", "--account", other, "--host", "leads.example.com"]);

        for line in [
            ["--time-zone", "Etc/Unknown"],
            ["--country", "XX"],
            ["--bin-days", "0"],
            ["--audit-details-days", "36501"],
            ["--duplicates", "inherit"],
            ["--duplicate-match", "fax"],
            ["--default-lead-group", "Nowhere"],
        ] {
            refuse(&line);
        }
        database.run(&["audit", "verify"]);
    }
}

#[test]
fn duplicates_and_retention_are_set_on_accounts_and_groups() {
    for database in both() {
        let acme = database.account("acme");
        let account = database.run(&["account", "set", "--account", acme, "--duplicates", "30"]);
        let rule = json!({"within": "30", "match": ["phone", "email"], "outcome": "link"});
        assert_eq!(account["duplicates"], rule);
        let group = |line: &[&str]| {
            let name = ["lead-group", "set", "--account", acme, "--lead-group", "general"];
            database.run(&[&name, line].concat())
        };
        assert_eq!(group(&["--retention-days", "400"])["duplicates"], Value::Null, "the account's holds");
        let own = group(&["--duplicate-match", "name,address", "--duplicate-outcome", "refuse"]);
        assert_eq!(own["duplicates"], json!({"within": "30", "match": ["name", "address"], "outcome": "refuse"}));
        assert_eq!(own["retention_days"], 400);
        database.run(&["account", "set", "--account", acme, "--duplicates", "off"]);
        assert_eq!(group(&["--duplicates", "all"])["duplicates"]["within"], "all", "its own from now on");
        assert_eq!(group(&["--duplicates", "inherit"])["duplicates"], Value::Null);
        assert_eq!(group(&["--retention-days", "off"])["retention_days"], Value::Null);
        let mixed = ["--duplicates", "inherit", "--duplicate-outcome", "link"];
        refused(
            &database,
            &[&["lead-group", "set", "--account", acme, "--lead-group", "General"], &mixed[..]].concat(),
        );

        let status = ["status", "set", "--account", acme, "--status", "Closed", "--retention-days", "90"];
        assert_eq!(database.run(&status)["retention_days"], 90);
        let listed = database.run(&["status", "list", "--account", acme]);
        assert_eq!(listed[6]["retention_days"], 90);
        assert_eq!(audited(&database, acme, "lead_group.changed").len(), 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_country_reads_the_numbers_of_leads_anew() {
    for database in both() {
        let acme = database.account("acme");
        let (_, full) = database.key(acme, None, &ALL);
        let server = database.serve();
        let mut made = Vec::new();
        for phone in ["020 7946 0000", "+44 20 7946 0000"] {
            let answer = server.create(&full, json!({"phone1": phone})).await;
            made.push(answer.json()["id"].as_i64().expect("an id"));
        }
        let find = async |phone: &str| ids(&server.get(&format!("/api/v1/leads?sort=id&phone={phone}"), &full).await);
        assert_eq!(find("02079460000").await, made, "in Britain both are one number");
        database.run(&["account", "set", "--account", acme, "--country", "DE"]);
        assert_eq!(find("02079460000").await, made[..1], "in Germany the first is another");
        assert_eq!(find("%2B442079460000").await, made[1..]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_added_replaced_and_removed_beside_what_leads_hold() {
    for database in both() {
        let acme = database.account("acme");
        let north = database.partner(acme, "introducer", "North");
        let (_, full) = database.key(acme, None, &ALL);
        let (_, partner) = database.key(acme, Some(&north), &ALL);
        let field = |line: &[&str]| {
            let name = ["lead-group", "field", "--account", acme, "--lead-group", "General"];
            database.try_run(&[&name, line].concat())
        };
        let group =
            field(&["data1=Loan:text", "data2=Colour:choice:choices=Red|Blue:partner=none"]).expect("two fields");
        assert_eq!(group["fields"].as_array().map(Vec::len), Some(2));
        assert_eq!(group["fields"][1]["partner"], "none");
        let server = database.serve();
        for (loan, colour) in [("100", "red"), ("much", "Blue"), ("more", "Blue")] {
            let body = json!({"email": "x@example.com", "data": {"data1": loan, "data2": colour}});
            assert_eq!(server.create(&full, body).await.status, StatusCode::CREATED);
        }
        let blue = server.get(&format!("/api/v1/leads?lead_group_id={}&data2=BLUE", group["id"]), &full).await;
        assert_eq!(ids(&blue).len(), 2, "a choice is found whatever its case");
        let said = field(&["data1=Loan:number"]).expect_err("two leads hold words");
        assert!(said.contains("2 leads hold in data1 what is no number"), "{said}");
        let said = field(&["data2=Colour:choice:choices=Red|Green"]).expect_err("two leads are blue");
        assert!(said.contains("2 leads hold in data2 what is no choice"), "{said}");
        field(&["data1=Loan size:number", "--force"]).expect("forced");
        field(&["data2=Colour:choice:choices=Red|Blue|Green", "data3=Note:long_text:required"]).expect("wider");
        let changed = audited(&database, acme, "lead_group.changed");
        assert_eq!(changed.len(), 3, "what was refused left nothing");
        assert!(changed.iter().all(|(names, _)| *names == json!(["fields"])));

        // A lead that lacks what is required since is changed as ever; what it has is not taken away.
        let old = format!("/api/v1/leads/{}", ids(&blue)[0]);
        let none = json!({"data3": null});
        for (data, status) in [
            (json!({}), 200),
            // Whoever takes it away learns nothing of whether it was there.
            (none.clone(), 422),
            (json!({"data3": "kept"}), 200),
            (json!({"data3": "new"}), 200),
            (none, 422),
        ] {
            let body = json!({"title": "Ms", "data": data});
            let changed = server.send("PATCH", &old, Some(&full), Some(body)).await;
            assert_eq!(changed.status.as_u16(), status, "{data}: {}", changed.text);
        }

        let seen = server.get("/api/v1/lead-groups", &partner).await.json();
        let keys: Vec<_> = seen["data"][0]["fields"].as_array().expect("fields").iter().map(|f| &f["key"]).collect();
        assert_eq!(keys, ["data1", "data3"]);
        let body = json!({"email": "y@example.com", "data": {"data1": "many"}});
        let answer = server.create(&partner, body).await;
        let faults = answer.json()["errors"].as_array().map(Vec::len);
        assert_eq!((answer.status, faults), (StatusCode::UNPROCESSABLE_ENTITY, Some(2)), "{}", answer.text);

        let group = field(&["--remove", "data1", "--remove", "data3"]).expect("removed");
        assert_eq!(group["fields"].as_array().map(Vec::len), Some(1));
        let leads = server.get("/api/v1/leads?sort=id", &full).await.json();
        assert_eq!(leads["data"][1]["data"]["data1"], "much", "what leads hold stays");
        for line in
            [&["--remove", "data9"][..], &["data4=A:text", "data4=B:text"], &["data4=A:text", "--remove", "data4"], &[]]
        {
            field(line).expect_err("refused");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_use_stays_and_says_by_what() {
    for database in both() {
        let acme = database.account("acme");
        let run = |line: &str| database.run(&line.split(' ').collect::<Vec<_>>());
        let refuse = |line: &str| refused(&database, &line.split(' ').collect::<Vec<_>>());
        run("lead-group create --account acme --name Loans");
        let lead_type = run("lead-type create --account acme --lead-group Loans --name Car")["id"].clone();
        let site = run("site create --account acme --name Shop")["id"].clone();
        let team = run("user-group create --account acme --name Team")["id"].clone();
        let status = run("status create --account acme --name Quoted --point qualified")["id"].clone();
        let buyer = database.partner(acme, "partner", "Buyer");
        run(&format!("partner link --account acme {buyer} --link-lead-type Loans/Car --link-lead-group Loans"));
        let (_, full) = database.key(acme, None, &ALL);
        let server = database.serve();
        let groups = server.get("/api/v1/lead-groups", &full).await;
        let loans = ids(&groups)[1];
        let body = json!({"email": "x@example.com", "lead_group_id": loans, "lead_type_id": lead_type, "site_id": site,
            "user_group_id": team, "status_id": status});
        let mut made = Vec::new();
        for _ in 0..3 {
            let answer = server.create(&full, body.clone()).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
            made.push(answer.json()["id"].clone());
        }
        server.send("DELETE", &format!("/api/v1/leads/{}", made[0]), Some(&full), None).await;

        assert_eq!(
            refuse("status delete --account acme --status quoted"),
            "status Quoted is in use: 3 leads (1 in the bin)"
        );
        assert_eq!(
            refuse("lead-group delete --account acme --lead-group Loans"),
            "lead group Loans is in use: 3 leads (1 in the bin), 1 lead type, 1 linked partner"
        );
        assert_eq!(
            refuse("lead-type delete --account acme --lead-group Loans --lead-type Car"),
            "lead type Car is in use: 3 leads (1 in the bin), 1 linked partner"
        );
        assert_eq!(refuse("site delete --account acme --site Shop"), "site Shop is in use: 3 leads (1 in the bin)");
        assert!(
            refuse("user-group delete --account acme --user-group Team").contains("user group Team is in use: 3 leads")
        );
        let default = refuse("lead-group delete --account acme --lead-group General");
        assert!(default.contains("1 linked partner"), "{default}");
        assert_eq!(audited(&database, acme, "status.deleted"), []);
        run("status create --account acme --name Spare --point closed");
        run("site create --account acme --name Spare");
        for line in ["status delete --account acme --status Spare", "site delete --account acme --site SPARE"] {
            assert_eq!(run(line)["name"], "Spare");
            let (what, name) = (line.split(' ').next(), line.split(' ').next_back());
            assert_eq!(refuse(line), format!("there is no {} {}", what.expect("a word"), name.expect("a word")));
        }
        assert_eq!(audited(&database, acme, "site.deleted")[0].1["before"]["name"], "Spare");
        run("lead-group create --account acme --name Empty");
        run("lead-type create --account acme --lead-group Empty --name One");
        assert!(refuse("lead-group delete --account acme --lead-group Empty").ends_with("in use: 1 lead type"));
        run("lead-type set --account acme --lead-group Empty --lead-type One --name Two");
        run("lead-type delete --account acme --lead-group Empty --lead-type two");
        run("lead-group set --account acme --lead-group Empty --default");
        assert!(refuse("lead-group delete --account acme --lead-group Empty").contains("default lead group"));
        run("account set --account acme --default-lead-group General");
        run("lead-group delete --account acme --lead-group Empty");
        run("audit verify --account acme");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_keep_their_order_and_one_at_the_point_new() {
    for database in both() {
        let acme = database.account("acme");
        let (_, full) = database.key(acme, None, &ALL);
        let server = database.serve();
        let lead = server.lead(&full, "ann").await;
        let set = |name: &str, line: &[&str]| {
            database.try_run(&[&["status", "set", "--account", acme, "--status", name], line].concat())
        };
        let last = "New is the last status at the point new, and new leads need one.";
        assert_eq!(set("New", &["--point", "closed"]).expect_err("the last").trim(), last);
        let names = || {
            let listed = database.run(&["status", "list", "--account", acme]);
            let names = listed.as_array().expect("statuses").iter().enumerate().map(|(place, status)| {
                assert_eq!(status["position"], place + 1, "no gaps");
                status["name"].as_str().expect("a name").to_owned()
            });
            names.collect::<Vec<_>>().join(" ")
        };
        set("Closed", &["--name", "Lost", "--position", "2"]).expect("moved up");
        assert_eq!(names(), "New Lost Validated Contacted Qualified Converted Invalidated");
        set("Lost", &["--position", "7", "--point", "new"]).expect("moved down");
        assert_eq!(names(), "New Validated Contacted Qualified Converted Invalidated Lost");
        set("new", &["--name", "Contacted"]).expect_err("taken");
        set("New", &["--name", "NEW"]).expect("its own name in another case");
        for position in ["0", "8", "-1"] {
            set("Lost", &[&format!("--position={position}")]).expect_err(position);
        }
        database.run(&["status", "delete", "--account", acme, "--status", "Contacted"]);
        assert_eq!(names(), "NEW Validated Qualified Converted Invalidated Lost");
        let seen = server.get(&format!("/api/v1/leads/{lead}"), &full).await.json();
        assert_eq!(seen["status"], "NEW", "the lead has the status, not its old name");
        let (changed, details) = audited(&database, acme, "status.changed").swap_remove(0);
        assert_eq!(changed, json!(["name", "position"]));
        assert_eq!(details["before"], json!({"name": "Closed", "position": 7}));
        let (_, partner) = database.key(acme, Some(&database.partner(acme, "introducer", "North")), &ALL);
        let statuses = server.get("/api/v1/statuses", &partner).await.json();
        assert!(statuses["data"][0].get("retention_days").is_none(), "retention is not for keys");
    }
}

#[test]
fn users_and_their_groups_change() {
    for database in both() {
        let acme = database.account("acme");
        let run = |line: &str| database.run(&line.split(' ').collect::<Vec<_>>());
        let refuse = |line: &str| refused(&database, &line.split(' ').collect::<Vec<_>>());
        let mut create = std::process::Command::new(env!("CARGO_BIN_EXE_leadlatch"));
        create.args([
            "user",
            "create",
            "--account",
            acme,
            "--email",
            "ann@example.com",
            "--name",
            "Ann",
            "--role",
            "member",
        ]);
        create
            .args(["--database", &database.url])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null());
        let mut create = create.spawn().expect("the binary runs");
        let mut password = create.stdin.take().expect("a pipe");
        std::io::Write::write_all(&mut password, b"correct horse\n").expect("a password");
        drop(password);
        assert!(create.wait().expect("an end").success());

        let user = run("user set --account acme --email ANN@example.com --role admin --inactive");
        assert_eq!((&user["role"], &user["active"], &user["name"]), (&json!("admin"), &json!(false), &json!("Ann")));
        assert_eq!(run("user set --account acme --email ann@example.com --active")["active"], true);
        refuse("user set --account acme --email ben@example.com --active");
        refuse("user set --account acme --email ann@example.com --active --inactive");
        let team = run("user-group create --account acme --name Team")["id"].clone();
        let add = "user-group add --account acme --user-group team --email ann@example.com";
        assert_eq!(run(add)["user_group_ids"], json!([team]));
        assert_eq!(run(add)["user_group_ids"], json!([team]), "twice is once");
        assert_eq!(refuse("user-group delete --account acme --user-group Team"), "user group Team is in use: 1 user");
        assert_eq!(run("user-group set --account acme --user-group Team --name Crew")["name"], "Crew");
        run("user-group remove --account acme --user-group Crew --email ann@example.com");
        run("user-group delete --account acme --user-group Crew");
        let changed: Vec<_> = audited(&database, acme, "user.changed").into_iter().map(|(names, _)| names).collect();
        assert_eq!(
            changed,
            [json!(["role", "active"]), json!(["active"]), json!(["user_group_ids"]), json!(["user_group_ids"])]
        );
        assert_eq!(audited(&database, acme, "user_group.changed")[0].1["before"]["name"], "Team");
        assert_eq!(audited(&database, acme, "user_group.deleted")[0].1["before"]["name"], "Crew");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_records_new_kind_narrows_what_its_keys_reach() {
    for database in both() {
        let acme = database.account("acme");
        let north = database.partner(acme, "introducer", "North");
        let (_, full) = database.key(acme, None, &[&ALL[..], &["manage_partners"]].concat());
        let (_, key) = database.key(acme, Some(&north), &ALL);
        let server = database.serve();
        let supplied = server.lead(&key, "ann").await;
        let set = |line: &[&str]| database.run(&[&["partner", "set", "--account", acme, &north], line].concat());

        set(&["--kind", "partner"]);
        assert_eq!(ids(&server.get("/api/v1/leads", &key).await), [] as [i64; 0], "it no longer supplies");
        let answer = server.create(&key, json!({"email": "x@example.com"})).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, "out_of_reach"));
        assert_eq!(ids(&server.get("/api/v1/partners", &key).await), [] as [i64; 0], "the key never bought");
        let (_, bought) = database.key(acme, Some(&north), &ALL);
        let other = server.lead(&full, "ben").await;
        database.run(&["lead", "refer", "--account", acme, &other.to_string(), "--partner", &north]);
        assert_eq!(ids(&server.get("/api/v1/leads", &bought).await), [other]);
        assert_eq!(ids(&server.get("/api/v1/leads", &key).await), [] as [i64; 0], "nor does it by the new kind");

        set(&["--kind", "both"]);
        assert_eq!(ids(&server.get("/api/v1/leads", &key).await), [supplied], "it has its side again, and no more");
        assert_eq!(ids(&server.get("/api/v1/leads", &bought).await), [other]);

        let record = set(&[
            "--company",
            "North Ltd",
            "--contact-name",
            "Ann",
            "--email",
            "ann@north.example",
            "--phone",
            "020 7946 0000",
        ]);
        assert_eq!((&record["contact_name"], &record["kind"]), (&json!("Ann"), &json!("both")));
        let seen = server.get(&format!("/api/v1/introducers/{north}"), &key).await.json();
        assert_eq!((&seen["company"], &seen["email"]), (&json!("North Ltd"), &json!("ann@north.example")));
        assert_eq!(set(&["--email", ""])["email"], Value::Null);
        refused(&database, &["partner", "set", "--account", acme, &north, "--email", "nobody"]);
        refused(&database, &["partner", "set", "--account", acme, "999999", "--company", "X"]);
        let changed: Vec<_> = audited(&database, acme, "partner.changed").into_iter().map(|(names, _)| names).collect();
        let contact = json!(["company", "contact_name", "email", "phone"]);
        assert_eq!(changed, [json!(["kind"]), json!(["kind"]), contact, json!(["email"])]);
        database.run(&["audit", "verify", "--account", acme]);
    }
}
