//! What the command line says when a record is not there, or when what is asked for cannot be.

mod common;

use common::{Database, both};
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
