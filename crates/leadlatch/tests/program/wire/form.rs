//! Forms on web pages: no key, one lead group, and an admin who let them.

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde_json::Value;

use super::world::World;
use crate::common::{Database, both};

const FORM: &str = "/api/APIHTTPPost.php";
const PAGE: &str = "https://www.example.com";

/// What a browser is answered.
#[derive(Debug, PartialEq, Eq)]
struct Led {
    status: u16,
    to: Option<String>,
    text: String,
}

fn browser() -> Client {
    Client::builder().redirect(Policy::none()).build().expect("a client")
}

async fn post(world: &World, body: &str, headers: &[(&str, &str)]) -> Led {
    let mut request = browser().post(format!("{}{FORM}", world.server.base)).body(body.to_owned());
    request = request.header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.expect("an answer");
    let to = answer.headers().get("location").map(|to| to.to_str().expect("a text").to_owned());
    let led = Led { status: answer.status().as_u16(), to, text: String::new() };
    assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    Led { text: answer.text().await.expect("a body"), ..led }
}

impl World {
    fn web_form(&self, more: &[&str]) -> Value {
        self.database.run(&[&["lead-group", "web-form", "--account", "acme", "Loans"], more].concat())
    }

    fn leads(&self) -> i64 {
        self.database.number("SELECT COUNT(*) FROM leads")
    }

    async fn newest(&self) -> Value {
        let page = self.server.get("/api/v1/leads?limit=1&sort=-id", &self.full).await.json();
        page["data"][0].clone()
    }
}

fn switched_on(database: Database) -> World {
    let world = World::build(database);
    let on = world.web_form(&["--on", "--origin", "HTTPS://www.example.com:443", "--redirect-host", "www.example.com"]);
    assert_eq!(on["web_form"]["origins"], serde_json::json!([PAGE]));
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_a_form_is_taken() {
    for database in both() {
        let world = switched_on(database);
        world.web_form(&["--introducer", &world.introducer]);
        let body = "intLeadGroupID=40001&intSiteID=1203&intReferrerBuyerID=7702&strSource=Google+Ads&strMedium=cpc&strTerm=loan\
            &strLeadTitle=Ms&strLeadFirstName=Ren%E9&strLeadLastName=M%C3%BCller&strLeadCompany=A%26B&strLeadJobTitle=Boss\
            &strLeadPhone1=020+7946+0000&strLeadPhone2=07700900123&strLeadFax=02079460001&strLeadEmail=r%40example.com\
            &strLeadAddress=1+High+St&strLeadAddress2=a&strLeadAddress3=b&strLeadTownCity=London&strLeadPostcode=N1+9GU\
            &strLeadData1=x&strLeadData50=y&strLeadData51=z&intDPAStatusPhoneID=1&intDPAStatusSMSID=2&intDPAStatusEmailID=3\
            &intDPAStatusMailID=1&intDPAStatusFaxID=&unknown=1&submit=Send\
            &strAPISuccessURL=https%3A%2F%2Fwww.example.com%2Fthanks%3Fa%3D1&strAPIFailURL=https%3A%2F%2Fwww.example.com%2Fsorry";
        let led = post(&world, body, &[("origin", PAGE)]).await;
        assert_eq!((led.status, led.to.as_deref()), (302, Some("https://www.example.com/thanks?a=1")), "{led:?}");
        let lead = world.newest().await;
        for (field, value) in [
            ("firstname", "René"),
            ("lastname", "Müller"),
            ("company", "A&B"),
            ("email", "r@example.com"),
            ("source", "Google Ads"),
            ("postcode", "N1 9GU"),
            ("contact_phone", "yes"),
            ("contact_sms", "no"),
            ("contact_email", "unknown"),
            ("status", "New"),
        ] {
            assert_eq!(lead[field], value, "{field} of {lead}");
        }
        assert_eq!(lead["data"], serde_json::json!({"data1": "x", "data50": "y"}));
        let ids = ["lead_group_id", "site_id", "introducer_id"].map(|field| lead[field].to_string());
        assert_eq!(ids, [world.group.clone(), world.site.clone(), world.introducer.clone()]);
        let sources = world.server.get("/api/v1/marketing/sources", &world.full).await.text;
        assert!(!sources.contains("Google Ads"), "the account's lists do not grow from what anybody posts: {sources}");
        let history = world.server.get(&format!("/api/v1/leads/{}/history", lead["id"]), &world.full).await.text;
        assert!(history.contains("\"kind\":\"role\""), "{history}");
        // The same by GET.
        let url = format!("{}{FORM}?intLeadGroupID={}&strLeadEmail=get@example.com", world.server.base, world.group);
        let answer = browser().get(&url).send().await.expect("an answer");
        assert_eq!(
            (answer.status(), world.newest().await["email"].as_str()),
            (StatusCode::OK, Some("get@example.com"))
        );
        let before = world.leads();
        assert_eq!(browser().head(&url).send().await.expect("an answer").status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(world.leads(), before);
        assert!(!world.server.log.text().contains("get@example.com"), "a query string is never logged");
    }
}

/// A body of another type than browsers give a form by themselves.
async fn post_as(world: &World, kind: &str, body: impl Into<reqwest::Body>) -> Led {
    let request = browser().post(format!("{}{FORM}", world.server.base)).header("content-type", kind).body(body);
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    Led { status, to: None, text: answer.text().await.expect("a body") }
}

/// As PHP's curl sends an array, and a page with a file to choose.
fn in_parts(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let part = |(name, value): &(&str, &[u8])| {
        let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        [head.as_bytes(), value, b"\r\n"].concat()
    };
    let file = "--b\r\nContent-Disposition: form-data; name=\"strLeadData1\"; filename=\"a.txt\"\r\n\r\nx\r\n--b--\r\n";
    [fields.iter().map(part).collect::<Vec<_>>().concat(), file.into()].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_in_parts_is_taken_and_what_is_no_form_is_told_so() {
    for database in both() {
        let world = switched_on(database);
        let kind = "multipart/form-data; boundary=b";
        let fields: [(&str, &[u8]); 3] = [
            ("intLeadGroupID", b"40001"),
            ("strLeadEmail", b"parts@example.com"),
            ("strleadfirstname", b" Ren\xe9\r\n"),
        ];
        let led = post_as(&world, kind, in_parts(&fields)).await;
        assert_eq!(led.status, 200, "{}", led.text);
        let lead = world.newest().await;
        assert_eq!((&lead["email"], &lead["firstname"]), (&"parts@example.com".into(), &"René".into()), "{lead}");
        assert_eq!(lead["data"], serde_json::json!({}), "a file is no field");
        let before = world.leads();
        let trapped = [&fields[..], &[("honeypot", b"x")]].concat();
        assert_eq!(post_as(&world, kind, in_parts(&trapped)).await, led);
        let foreign = [("intLeadGroupID", &b"999999"[..])];
        assert_eq!(post_as(&world, kind, in_parts(&foreign)).await.status, 403);
        let cut = in_parts(&fields);
        assert_eq!(post_as(&world, kind, cut[..cut.len() - 20].to_vec()).await.status, 400);
        let large = in_parts(&[("strLeadData1", "x".repeat(2 << 20).as_bytes())]);
        assert_eq!(post_as(&world, kind, large).await.status, 413);
        // What is no form is told so, whatever group it means.
        let told = post_as(&world, "application/json", "{\"intLeadGroupID\": 40001}").await;
        assert_eq!(told.status, 415);
        assert!(told.text.contains("Content-Type: application/x-www-form-urlencoded"), "{}", told.text);
        assert_eq!(post_as(&world, "application/json", "{\"intLeadGroupID\": 999999}").await, told);
        assert_eq!(post_as(&world, "text/xml", "<data/>").await, told);
        assert_eq!(world.leads(), before);
        // A program that calls its form what it is not is understood.
        let form = "intLeadGroupID=40001&strLeadEmail=plain@example.com";
        for kind in ["text/plain;charset=UTF-8", "multipart/form-data", "multipart/form-data; boundary=b"] {
            assert_eq!(post_as(&world, kind, form).await.status, 200, "{kind}");
        }
        assert_eq!(world.leads(), before + 3);
        // So is one in parts whose header names no boundary, or another.
        for kind in ["multipart/form-data", "multipart/form-data; boundary=c=d"] {
            assert_eq!(post_as(&world, kind, in_parts(&fields)).await.status, 200, "{kind}");
        }
        assert_eq!(world.leads(), before + 5);
        // What stands beside a form in the address is no form.
        let url = format!("{}{FORM}?{form}", world.server.base);
        let beside = browser().post(&url).header("content-type", "application/json").body("{}");
        assert_eq!(beside.send().await.expect("an answer").status(), StatusCode::OK);
        assert_eq!(world.leads(), before + 6);
        // A form is one also where the address alone names the group.
        let url = format!("{}{FORM}?intLeadGroupID=40001", world.server.base);
        let halves = browser().post(&url).header("content-type", "text/plain").body("strLeadEmail=halves@example.com");
        assert_eq!(halves.send().await.expect("an answer").status(), StatusCode::OK);
        assert_eq!(world.newest().await["email"], "halves@example.com");
    }
}

/// With a second account the forms of the first go by its host name: whoever makes that so is told.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_no_form_reaches_is_named_on_stderr() {
    for database in both() {
        let world = World::build(database);
        let said = |line: &[&str]| {
            let output =
                world.database.command().args(line).args(["--json", "--database", &world.database.url]).output();
            let output = output.expect("the binary runs");
            serde_json::from_slice::<Value>(&output.stdout).expect("stdout is exactly one JSON value");
            String::from_utf8(output.stderr).expect("UTF-8")
        };
        let on = ["lead-group", "web-form", "--account", "acme", "Loans", "--on"];
        assert_eq!(said(&on), "", "one account needs no host");
        let other = ["account", "create", "--name", "o", "--slug"];
        let told = said(&[&other[..], &["other", "--host", "other.example"]].concat());
        assert!(told.starts_with("warning: ") && told.contains(": acme. "), "{told}");
        assert!(said(&on).contains("account set --account acme --host"));
        assert_eq!(said(&[&on[..5], &["--off"]].concat()), "");
        assert_eq!(said(&["account", "set", "--account", "acme", "--host", "acme.example"]), "");
        assert_eq!(said(&on), "");
        assert!(said(&[&other[..], &["third"]].concat()).contains(": third. "));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_foreign_and_switched_off_groups_are_answered_alike() {
    for database in both() {
        let world = World::build(database);
        let lead = "strLeadEmail=a@example.com&strAPISuccessURL=https://www.example.com/&strAPIFailURL=https://www.example.com/&intLeadGroupID=";
        let off = post(&world, &format!("{lead}40001"), &[]).await;
        assert_eq!((off.status, off.to.as_deref()), (403, None));
        assert!(off.text.contains("account admin") && off.text.contains("several accounts"), "{}", off.text);
        for group in ["999999", "", "0", "x", "Loans"] {
            assert_eq!(post(&world, &format!("{lead}{group}"), &[]).await, off, "{group}");
        }
        world.web_form(&["--on", "--origin", PAGE, "--redirect-host", "www.example.com"]);
        assert_eq!(post(&world, &format!("{lead}40001"), &[("origin", PAGE)]).await.status, 302);
        for origin in ["https://evil.example", "null", "http://www.example.com", "https://www.example.com.evil.example"]
        {
            assert_eq!(post(&world, &format!("{lead}40001"), &[("origin", origin)]).await, off, "{origin}");
        }
        assert_eq!(post(&world, &format!("{lead}40001"), &[("referer", "https://evil.example/x")]).await, off);
        assert_eq!(
            post(&world, &format!("{lead}40001"), &[("referer", "https://www.example.com/x")]).await.status,
            302
        );
        // Where there are several accounts, the host name is the account's.
        world.database.run(&["account", "create", "--name", "other", "--slug", "other", "--host", "other.example"]);
        assert_eq!(post(&world, &format!("{lead}40001"), &[("origin", PAGE)]).await, off);
        world.database.run(&["account", "set", "--account", "acme", "--host", "leads.example"]);
        assert_eq!(post(&world, &format!("{lead}40001"), &[("host", "Leads.example:8080")]).await.status, 302);
        assert_eq!(post(&world, &format!("{lead}40001"), &[("host", "other.example")]).await, off);
        world.web_form(&["--off"]);
        assert_eq!(post(&world, &format!("{lead}40001"), &[("host", "leads.example")]).await, off);
        world.web_form(&["--on"]);
        world.database.run(&["account", "suspend", "--account", "acme"]);
        assert_eq!(post(&world, &format!("{lead}40001"), &[("host", "leads.example")]).await, off);
        let audit = world.database.run(&["audit", "list", "--account", "acme"]).to_string();
        assert!(audit.contains("web_form"), "{audit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_leads_on_to_the_group_s_hosts_alone() {
    for database in both() {
        let world = switched_on(database);
        let led = async |email: &str, success: &str, fail: &str| {
            let pairs = [
                ("intLeadGroupID", "40001"),
                ("strLeadEmail", email),
                ("strAPISuccessURL", success),
                ("strAPIFailURL", fail),
            ];
            let body = serde_urlencoded::to_string(pairs).expect("a form");
            let led = post(&world, &body, &[("origin", PAGE)]).await;
            (led.status, led.to)
        };
        let (yes, no) = ("https://www.example.com/yes", "http://www.example.com/no");
        assert_eq!(led("a@example.com", yes, no).await, (302, Some(yes.into())));
        assert_eq!(led("nobody", yes, no).await, (302, Some(no.into())));
        assert_eq!(led("", yes, no).await, (302, Some(no.into())), "nobody could be reached by it");
        assert_eq!(led("a@example.com", "", "").await, (200, None));
        assert_eq!(led("nobody", "", "").await, (422, None));
        for evil in [
            "https://evil.example/",
            "//www.example.com",
            "https://u@www.example.com/",
            "javascript:alert(1)",
            "https://www.example.com\\@evil.example/",
        ] {
            assert_eq!(led("a@example.com", evil, evil).await, (200, None), "{evil}");
            assert_eq!(led("nobody", evil, evil).await, (422, None), "{evil}");
        }
        let page = post(&world, "intLeadGroupID=40001&strLeadEmail=<script>", &[]).await;
        assert!(page.text.contains("strLeadEmail: ") && !page.text.contains("<script"), "{}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_learns_nothing_and_sets_no_more_than_a_form_may() {
    for database in both() {
        let world = switched_on(database);
        world.database.run(&[
            "account",
            "set",
            "--account",
            "acme",
            "--duplicates",
            "all",
            "--duplicate-match",
            "email",
            "--duplicate-outcome",
            "refuse",
        ]);
        let form = "intLeadGroupID=40001&strLeadEmail=a@example.com";
        let first = post(&world, form, &[("origin", PAGE)]).await;
        assert_eq!(post(&world, form, &[("origin", PAGE)]).await, first, "one that is there already is accepted too");
        assert_eq!(first.status, 200);
        let before = world.leads();
        assert_eq!(post(&world, &format!("{form}&strLeadHomepage=http://x"), &[("origin", PAGE)]).await, first);
        assert_eq!(world.leads(), before, "what a program filled in is swallowed");
        // An introducer counts only when it is linked and named in the form's settings.
        let south = world.database.partner("acme", "introducer", "South");
        let named = async |id: &str| {
            let body = format!("intLeadGroupID=40001&strLeadEmail=b{id}@example.com&intReferrerBuyerID={id}");
            assert_eq!(post(&world, &body, &[("origin", PAGE)]).await.status, 200);
            world.newest().await["introducer_id"].to_string()
        };
        assert_eq!(named("7702").await, "null");
        let refused =
            world.database.try_run(&["lead-group", "web-form", "--account", "acme", "Loans", "--introducer", &south]);
        assert!(refused.expect_err("it is not linked").contains("link it first"));
        world.web_form(&["--introducer", &world.introducer]);
        assert_eq!(named("7702").await, world.introducer);
        assert_eq!(named(&south).await, "null");
        world.database.run(&[
            "partner",
            "unlink",
            "--account",
            "acme",
            &world.introducer,
            "--link-lead-group",
            "Loans",
        ]);
        assert_eq!(named(&world.introducer).await, "null", "no longer linked");
        let more = "&status=Closed&user=1&cost=5&value=6&id=1&test=1";
        assert_eq!(
            post(&world, &format!("intLeadGroupID=40001&strLeadEmail=c@example.com{more}"), &[]).await.status,
            200
        );
        let lead = world.newest().await;
        assert_eq!((&lead["status"], &lead["cost"], &lead["test"]), (&"New".into(), &Value::Null, &false.into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_posts_so_often_in_a_minute() {
    for database in both() {
        let world = switched_on(database);
        let mut statuses = Vec::new();
        for _ in 0..62 {
            statuses.push(post(&world, "intLeadGroupID=999", &[]).await.status);
        }
        assert_eq!((statuses[59], statuses[60], statuses[61]), (403, 429, 429), "{statuses:?}");
        let other = post(&world, "intLeadGroupID=40001&strLeadEmail=a@example.com", &[]).await;
        assert_eq!((other.status, other.to), (429, None));
    }
}
