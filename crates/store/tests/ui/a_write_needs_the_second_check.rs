use leadlatch_domain::matrix::DeleteLeads;
use leadlatch_store::{Connection, Grant, leads};

async fn delete(db: &mut Connection<'_>, grant: Grant<DeleteLeads>) {
    let _ = leads::delete(db, grant, 1).await;
}

fn main() {}
