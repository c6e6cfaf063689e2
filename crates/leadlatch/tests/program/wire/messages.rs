//! What clients send beside what they mean, and what they are told when it is refused: words that a person can act on,
//! with nothing in them that only the JSON API has.

use super::world::{CREATE_UPDATE, SCOPES, World, element};
use crate::common::both;

/// A partner's client sends every element that it knows, whatever fields the group has.
#[tokio::test(flavor = "multi_thread")]
async fn a_partner_s_lead_is_not_lost_by_elements_that_its_group_does_not_define() {
    for database in both() {
        let world = World::build(database);
        let fields = ["data3=Boat:text", "data7=Margin:text:partner=none"];
        let line = ["lead-group", "field", "--account", "acme", "--lead-group", "Loans"];
        world.database.run(&[&line[..], &fields].concat());
        let key = world.partner_key(&world.introducer, &SCOPES);
        let element_of = |number: u8| format!("<data{number}>v</data{number}>");
        let all = |except: u8| {
            let elements: Vec<_> = (1..=50).filter(|number| *number != except).map(element_of).collect();
            elements.concat()
        };
        let id = world.made(&key, &format!("<email>a@example.com</email>{}", all(7))).await;
        assert_eq!(world.json(&id).await["data"], serde_json::json!({"data3": "v"}));
        let updated = world.lead(&key, &format!("<id>{id}</id><data3>w</data3><data9>w</data9>")).await;
        assert_eq!(element(&updated.text, "code"), "0", "{}", updated.text);
        assert_eq!(world.json(&id).await["data"], serde_json::json!({"data3": "w"}));
        let closed = world.lead(&key, &format!("<email>b@example.com</email>{}", all(0))).await;
        assert_eq!((closed.status.as_u16(), element(&closed.text, "code").as_str()), (403, "403"), "{}", closed.text);
        let whole = world.made(&world.full, &format!("<email>c@example.com</email>{}", all(0))).await;
        assert_eq!(
            world.json(&whole).await["data"].as_object().expect("fields").len(),
            50,
            "from a Full key all is kept"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_to_change_in_the_words_of_the_wire() {
    for database in both() {
        let world = World::build(database);
        let (_, creates) = world.database.key("acme", None, &["create_leads"]);
        let said = async |key: &str, elements: &str| element(&world.lead(key, elements).await.text, "message");
        assert_eq!(
            said(&creates, "<id>1</id><towncity>Leeds</towncity>").await,
            "The access key lacks a scope that this needs. Ask an account admin for a key that has update_delete_leads."
        );
        let twice = format!("<data><key>{creates}</key><lead><key>{}</key></lead></data>", world.full);
        let twice = world.post(CREATE_UPDATE, "", twice).await;
        assert_eq!(
            element(&twice.text, "message"),
            "Two different access keys were presented. Send one access key: the same in every &lt;key&gt;, and no other \
             in a header."
        );
        let rule = ["account", "set", "--account", "acme", "--duplicates", "30", "--duplicate-match", "email"];
        world.database.run(&[&rule[..], &["--duplicate-outcome", "refuse"]].concat());
        let email = "<email>a@example.com</email>";
        let id = world.made(&world.full, email).await;
        assert_eq!(
            said(&world.full, email).await,
            format!("The account has this lead already. Update lead {id} instead, or leave it at that.")
        );
        let partner = world.partner_key(&world.introducer, &["create_leads"]);
        world.made(&partner, "<email>own@example.com</email>").await;
        assert_eq!(
            said(&partner, "<email>own@example.com</email>").await,
            "The account has this lead already. Leave it at that.",
            "who reads no leads learns no number"
        );
        for email in ["jo@acme.example", "jo.ann@acme.example"] {
            let user =
                ["user", "create", "--account", "acme", "--email", email, "--name", "Jo Ann", "--role", "member"];
            world.database.run_with(&user, "a long password");
        }
        assert_eq!(
            said(&world.full, "<email>b@example.com</email><user>Jo Ann</user>").await,
            "user: Several users have this name: send the number or the e-mail address."
        );
        let named = "<email>b@example.com</email><user>jo@acme.example</user>";
        assert_eq!(said(&world.full, named).await, "OK");
        assert_eq!(
            said(&world.full, "<email>c@example.com</email><type>Car</type>").await,
            "No such record exists. Check type: there is no Car in this lead group."
        );
        let url = format!("{CREATE_UPDATE}?key={}", world.full);
        let exposed = element(&world.post(&url, "", "<data/>").await.text, "message");
        assert!(exposed.contains("Send the key as &lt;key&gt; inside &lt;lead&gt;"), "{exposed}");
        let read = world.ask(&world.full, &format!("<request>read</request><id>{id}</id>")).await;
        assert_eq!(element(&read.text, "progress"), "New");
        let none = world.ask(&world.full, "<request>search</request><introducer>0</introducer>").await;
        assert_eq!(element(&none.text, "total"), "3", "0 is no introducer: {}", none.text);
    }
}
