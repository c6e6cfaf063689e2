use leadlatch_store::Connection;

async fn steal(db: &mut Connection<'_>) {
    let _ = db.query_int("SELECT COUNT(*) FROM leads", Vec::new()).await;
}

fn main() {}
