//! Two nodes with a file each: what one deletes the other's file learns, and what a restore revives dies on either.

use std::path::{Path, PathBuf};

use leadlatch_domain::account::{Country, CurrencyCode, Slug, ZoneName};
use leadlatch_domain::id::AccountId;
use leadlatch_domain::key_limits::KeyLimits;
use leadlatch_domain::scope::ScopeSet;
use leadlatch_domain::text::Name;
use leadlatch_store::access_keys::{self, NewKey};
use leadlatch_store::accounts::{self, NewAccount};
use leadlatch_store::deletions::{self, Swept};
use leadlatch_store::{Beside, Connection, Opened, Store};
use leadlatch_testkit::postgres;

async fn account(opened: &Opened) -> AccountId {
    let new = NewAccount {
        name: Name::parse("Acme").expect("it goes well"),
        slug: Slug::parse("acme").expect("it goes well"),
        country: Country::default(),
        time_zone: ZoneName::parse("Europe/London").expect("it goes well"),
        currency: CurrencyCode::parse("GBP").expect("it goes well"),
        host: None,
    };
    let operator = opened.operator.clone();
    let job = async move |db: &mut Connection<'_>| accounts::create(db, &operator, new).await;
    opened.store.operate(&opened.operator, job).await.expect("it goes well").id
}

async fn deleted_key(opened: &Opened, account: AccountId) {
    let new = NewKey {
        name: Name::parse("k").expect("it goes well"),
        note: None,
        partner: None,
        scopes: ScopeSet::all(),
        expires_at: None,
        limits: KeyLimits::default(),
    };
    let admin = opened.operator.admin_of(account);
    let grant = admin.clone().permit().expect("it goes well");
    let (key, _) = opened
        .store
        .write(grant, async move |db, grant| access_keys::create(db, grant, new).await)
        .await
        .expect("it goes well");
    let (id, grant) = (key.id, admin.permit().expect("it goes well"));
    let job = async move |db: &mut Connection<'_>, grant| access_keys::delete(db, grant, vec![id], None).await;
    opened.store.write(grant, job).await.expect("it goes well");
}

async fn revive(url: &str) {
    const SQL: &str = "UPDATE access_keys SET deleted_at = NULL";
    if let Some(path) = url.strip_prefix("sqlite:") {
        rusqlite::Connection::open(path).expect("it goes well").execute_batch(SQL).expect("it goes well");
        return;
    }
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("it goes well");
    let driver = tokio::spawn(connection);
    client.batch_execute(SQL).await.expect("it goes well");
    driver.abort();
}

fn listed(path: &Path) -> usize {
    deletions::read(path).expect("it goes well").deletions.len()
}

async fn story(url: &str, folder: &Path) {
    let files: [PathBuf; 2] = ["one", "other"].map(|name| folder.join(name));
    let [one, other] = [
        Store::open_keeping(url, Beside { deletions: Some(&files[0]), sealing_key: None }).await.expect("it goes well"),
        Store::open_keeping(url, Beside { deletions: Some(&files[1]), sealing_key: None }).await.expect("it goes well"),
    ];
    let (acme, began) = (account(&one).await, other.store.clock().now());
    // More than one block of the database's answers.
    for _ in 0..502 {
        deleted_key(&one, acme).await;
    }
    assert_eq!((listed(&files[0]), listed(&files[1])), (502, 0));
    let learnt = other.store.sweep_new(&other.operator, began).await.expect("it goes well");
    assert_eq!(learnt, Swept { written: 502, ..Swept::default() });
    assert_eq!(listed(&files[1]), 502);
    for node in [&one, &other] {
        assert_eq!(
            node.store.sweep_new(&node.operator, began).await.expect("it goes well"),
            Swept::default(),
            "nothing twice"
        );
        assert_eq!(node.store.sweep(&node.operator).await.expect("it goes well"), Swept::default(), "nothing twice");
    }
    revive(url).await;
    // The end of the file shows it, and then everything is gone through.
    let swept = other.store.sweep_new(&other.operator, other.store.clock().now()).await.expect("it goes well");
    assert_eq!(swept.keys, 502);
    assert_eq!(one.store.sweep(&one.operator).await.expect("it goes well").keys, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_on_postgresql() {
    let folder = tempfile::tempdir().expect("it goes well");
    story(&postgres::server().fresh_database(), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_sqlite() {
    let folder = tempfile::tempdir().expect("it goes well");
    story(&format!("sqlite:{}", folder.path().join("leadlatch.db").display()), folder.path()).await;
}
