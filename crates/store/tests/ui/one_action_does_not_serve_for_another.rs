use leadlatch_domain::matrix::ReadStatuses;
use leadlatch_store::{Connection, Grant, leads};

async fn read(db: &mut Connection<'_>, grant: &Grant<ReadStatuses>) {
    let _ = leads::get(db, grant, 1).await;
}

fn main() {}
