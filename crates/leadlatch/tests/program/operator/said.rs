//! What the command line says when a record is not there, or when what is asked for cannot be.

use crate::common::{Database, both};
use serde_json::json;

fn said(database: &Database, line: &[&str]) -> String {
    database.try_run(line).expect_err("it is refused")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named() {
    for database in both() {
        let acme = database.account("acme");
        let partner = ["--kind", "both", "--company", "North"];
        for (line, wanted) in [
            (&["key", "list", "--account", "acmee"][..], "there is no account acmee"),
            (&["account", "suspend", "--account", "acmee"], "there is no account acmee"),
            (&["audit", "verify", "--account", "acmee"], "there is no account acmee"),
            (&["lead-group", "delete", "--account", acme, "--lead-group", "Loans"], "there is no lead group Loans"),
            (&["status", "delete", "--account", acme, "--status", "Won"], "there is no status Won"),
            (&["site", "delete", "--account", acme, "--site", "x.example"], "there is no site x.example"),
            (
                &["user", "set", "--account", acme, "--email", "a@b.example", "--inactive"],
                "there is no user a@b.example",
            ),
            (&["partner", "deactivate", "--account", acme, "99"], "there is no partner 99"),
            (&["partner", "set", "--account", acme, "99", "--company", "x"], "there is no partner 99"),
            (&["key", "show", "--account", acme, "99"], "there is no key 99"),
            (&["key", "set", "--account", acme, "99", "--rate", "1"], "there is no key 99"),
            (&["lead", "show", "--account", acme, "99"], "there is no lead 99"),
            (&["lead", "history", "--account", acme, "99"], "there is no lead 99"),
            (&["lead", "restore", "--account", acme, "99"], "there is no lead 99"),
            (&["lead", "unrefer", "--account", acme, "99"], "there is no lead 99"),
        ] {
            assert_eq!(said(&database, line).trim(), wanted, "{line:?}");
        }
        let create = [&["partner", "create", "--account", acme][..], &partner].concat();
        let link = |link: [&str; 2]| said(&database, &[&create[..], &link].concat());
        assert!(link(["--link-lead-type", "Mortgages"]).contains("write Group/Type"));
        assert_eq!(link(["--link-lead-type", "General/Car"]).trim(), "there is no lead type General/Car");
        let key = ["key", "create", "--account", acme, "--kind", "partner", "--name", "x", "--scope", "read_leads"];
        assert_eq!(said(&database, &[&key[..], &["--partner", "99"]].concat()).trim(), "there is no partner 99");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_leads_the_one_that_cannot_be_is_named() {
    for database in both() {
        let acme = database.account("acme");
        let (_, key) = database.key(acme, None, &["create_leads"]);
        let server = database.serve();
        let one = server.lead(&key, "Ann").await.to_string();
        let two = server.lead(&key, "Ben").await.to_string();
        let lead = |what: &str, ids: &[&str]| database.try_run(&[&["lead", what, "--account", acme][..], ids].concat());
        assert_eq!(lead("restore", &[&one]).expect_err("not there").trim(), format!("lead {one} is not in the bin"));
        for what in ["delete", "erase"] {
            let said = lead(what, &[&one, "99999", &two]).expect_err("one is missing");
            assert_eq!(said.trim(), "there is no lead 99999\nnothing was done");
        }
        assert_eq!(lead("show", &[&one]).expect("a lead")["deleted_at"], json!(null));
        lead("delete", &[&one]).expect("deleted");
        let said = lead("delete", &[&two, &one]).expect_err("one is in the bin");
        assert_eq!(said.trim(), format!("lead {one} is in the bin already\nnothing was done"));
        lead("restore", &[&one]).expect("put back");
        assert!(lead("delete", &[&two, &two]).expect_err("twice").contains("named twice"));
    }
}

#[test]
fn what_cannot_be_is_refused_before_it_is_done() {
    for database in both() {
        let acme = database.account("acme");
        let twice = ["--field", "data1=Loan:currency", "--field", "data1=Purpose:text"];
        let line = [&["lead-group", "create", "--account", acme, "--name", "Loans"][..], &twice].concat();
        assert_eq!(said(&database, &line).trim(), "data1 is named twice.");
        for position in ["0", "99"] {
            let line = ["status", "create", "--account", acme, "--name", "Won", "--point", "closed"];
            let said = said(&database, &[&line[..], &["--position", position]].concat());
            assert!(said.contains("Give a position from 1 to 8."), "{said}");
        }
        for line in [
            &["account", "set", "--account", acme][..],
            &["partner", "set", "--account", acme, "1"],
            &["user", "set", "--account", acme, "--email", "ann@acme.example"],
            &["status", "set", "--account", acme, "--status", "New"],
            &["lead-group", "set", "--account", acme, "--lead-group", "General"],
        ] {
            assert!(said(&database, line).contains("were not provided"), "{line:?}");
        }
        let named = said(&database, &["partner", "deactivate", "--account", acme, "North"]);
        assert!(named.contains("see `leadlatch partner list`"), "{named}");
    }
}

#[test]
fn a_key_is_made_with_a_note_and_never_over_already() {
    for database in both() {
        let acme = database.account("acme");
        let line = ["key", "create", "--account", acme, "--kind", "full", "--name", "web", "--scope", "read_leads"];
        let over = said(&database, &[&line[..], &["--expires", "2020-01-01"]].concat());
        assert!(over.contains("2020-01-01 is over") && over.contains("midnight UTC"), "{over}");
        assert_eq!(database.run(&["key", "list", "--account", acme]), json!([]));
        let made = database.run(&[&line[..], &["--note", " asked by Ann ", "--expires", "2999-01-01"]].concat());
        assert_eq!((&made["note"], made["secret"].is_string()), (&json!("asked by Ann"), true));
        assert_eq!(made["expires_at"], "2999-01-01T00:00:00.000Z");
        let unknown = said(&database, &[&line[..], &["--scope", "read_lead"]].concat());
        assert!(unknown.contains("read_leads") && unknown.contains("manage_partners"), "{unknown}");
        let help = database.lines(&["key", "create", "--help"]).join("\n");
        for scope in leadlatch_domain::scope::Scope::ALL {
            assert!(help.contains(scope.as_str()) && help.contains(scope.label()), "{help}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_for_people_have_the_columns_that_they_look_for() {
    for database in both() {
        let acme = database.account("acme");
        let north = database.partner(acme, "introducer", "North");
        let (_, key) = database.key(acme, Some(&north), &["create_leads", "read_leads"]);
        let fields = ["--field", "data1=Loan:currency:required", "--field", "data2=Colour:text:partner=none"];
        database.run(&[&["lead-group", "create", "--account", acme, "--name", "Loans"][..], &fields].concat());
        let server = database.serve();
        let (ann, ben) = (server.lead(&key, "Ann").await.to_string(), server.lead(&key, "Ben").await.to_string());
        database.run(&["lead", "delete", "--account", acme, &ben]);
        let of = |line: &[&str]| database.lines(&[line, &["--account", acme]].concat());
        let heading = |lines: &[String]| lines[0].split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");

        let keys = of(&["key", "list"]);
        assert_eq!(heading(&keys), "ID NAME KIND PARTNER SCOPES STATE LAST USED WARNINGS");
        assert!(keys[1].contains(&format!("{north} North")) && keys[1].contains("create_leads read_leads"), "{keys:?}");
        let groups = of(&["lead-group", "list"]);
        assert_eq!(heading(&groups), "ID NAME DEFAULT RETENTION DAYS DUPLICATES FIELDS");
        assert!(groups[2].ends_with("data1 Loan currency required rw; data2 Colour text none"), "{groups:?}");
        let history = of(&["lead", "history", &ben]);
        assert_eq!(heading(&history), "AT ACTION BY CHANGED");
        assert!(history[1].contains("deleted") && history[1].contains("command_line"), "{history:?}");
        assert!(history[2].contains("created") && history[2].contains("key "), "{history:?}");

        let ids = |line: &[&str]| {
            let found = database.run(&[line, &["--account", acme]].concat());
            found.as_array().expect("leads").iter().map(|lead| lead["id"].to_string()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&["lead", "list"]), [ann.as_str()]);
        assert_eq!(ids(&["lead", "list", "--deleted"]), [ben.as_str()]);
        let bin = of(&["lead", "list", "--deleted"]);
        assert_eq!((heading(&bin).as_str(), bin.len()), ("ID MADE NAME STATUS IN THE BIN SINCE", 2));
        assert!(bin[1].contains("Ben"), "{bin:?}");
        database.run(&["lead", "delete", "--account", acme, &ann]);
        assert_eq!(ids(&["lead", "list", "--deleted", "--limit", "1"]), [ann.as_str()], "the last deleted first");
        assert_eq!(of(&["lead", "list"]), ["none"]);
        let other = database.account("other");
        assert_eq!(database.run(&["lead", "list", "--account", other, "--deleted"]), json!([]));
        let trail = of(&["audit", "list"]);
        assert_eq!(heading(&trail), "NUMBER AT BY EVENT TARGET CHANGED DETAILS");
        assert!(trail.iter().any(|line| line.contains("key.created") && line.contains("kind partner")), "{trail:?}");
    }
}
