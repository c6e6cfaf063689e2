//! A proof that a person's session gave is worth what the live rows say when it is used, not when it was made.

use crate::common::places;
use leadlatch_domain::contact::Email;
use leadlatch_domain::matrix::{CreateLeads, ManageUsers, ReadLeads};
use leadlatch_domain::random::Randomness;
use leadlatch_domain::text::Name;
use leadlatch_domain::time::Clock;
use leadlatch_store::sign_in::Visit;
use leadlatch_store::users::{self, UserChange};
use leadlatch_store::{Access, Connection, Error, Opened, Store, confirm, password, user_groups};

const ANN: &str = "ann@example.com";

fn email(text: &str) -> Email {
    Email::parse(text).expect("an e-mail")
}

/// An account with two admins, of whom Ann is signed in.
async fn ann(url: &str) -> (Opened, Access, Access) {
    let opened = Store::open_with(url, Clock::system(), Randomness::system()).await.expect("a store");
    let account = crate::common::account(&opened, "acme").await;
    let admin = opened.operator.admin_of(account);
    for address in [ANN, "ben@example.com"] {
        let hash = password::hash(&"a long password".into()).expect("a hash");
        let name = Name::parse("Someone").expect("a name");
        let job = async move |db: &mut Connection<'_>, grant| {
            users::create(db, grant, name, email(address), "admin", hash).await
        };
        opened.store.write(admin.clone().permit::<ManageUsers>().expect("a proof"), job).await.expect("a user");
    }
    let candidate = opened.store.candidate(&email(ANN)).await.expect("a candidate");
    let verified = candidate.verify(&"a long password".into()).expect("the password");
    let signed_in = opened.store.sign_in(verified, Visit::default()).await.expect("a session");
    let access = opened.store.authenticate_session(signed_in.token.digest(), None).await.expect("Ann");
    (opened, admin, access)
}

async fn set(opened: &Opened, admin: &Access, change: UserChange) {
    let job = async move |db: &mut Connection<'_>, grant| users::set(db, grant, &email(ANN), change).await;
    opened.store.write(admin.clone().permit::<ManageUsers>().expect("a proof"), job).await.expect("a change");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_of_a_write_whose_person_was_demoted_or_deactivated() {
    for place in places() {
        let (opened, admin, access) = ann(place.url()).await;
        let group = async |name: &'static str| {
            let proof = access.clone().permit::<ManageUsers>().expect("Ann was an admin");
            let job = async move |db: &mut Connection<'_>, grant| {
                user_groups::create(db, grant, Name::parse(name).expect("a name")).await.map(drop)
            };
            opened.store.write(proof, job).await
        };
        group("before").await.expect("an admin makes groups");
        set(&opened, &admin, UserChange { role: Some("member"), ..UserChange::default() }).await;
        assert!(matches!(group("demoted").await, Err(Error::Denied(_))));
        let reads = access.clone().permit::<ReadLeads>().expect("a proof");
        opened.store.read(async |db| confirm(db, &reads).await).await.expect("a member reads leads");
        set(&opened, &admin, UserChange { active: Some(false), ..UserChange::default() }).await;
        assert!(matches!(group("deactivated").await, Err(Error::SignedOut)));
        let confirmed = opened.store.read(async |db| confirm(db, &reads).await).await;
        assert!(matches!(confirmed, Err(Error::SignedOut)));
        assert!(matches!(opened.store.again(&reads).await, Err(Error::SignedOut)));
        assert!(access.clone().permit::<CreateLeads>().is_ok(), "the old proof itself knows nothing of it");
    }
}
