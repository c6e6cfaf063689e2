//! Migrations, one process at a time. A schema that is newer than this binary is refused in our own words.

use std::path::Path;

use super::postgres::Postgres;
use super::sqlite::{lock_file, open_writer};
use crate::{Error, Result};

mod sqlite_migrations {
    refinery::embed_migrations!("migrations/sqlite");
}
mod postgres_migrations {
    refinery::embed_migrations!("migrations/postgres");
}

/// The number that PostgreSQL's advisory lock goes by: "leadlatc" as bytes.
const ADVISORY_LOCK: i64 = 0x6c65_6164_6c61_7463;
/// The number of the newest migration that was applied.
pub(crate) const HIGHEST: &str = "SELECT MAX(version) FROM refinery_schema_history";

/// Brings the file up to date, under a lock beside it: without one, processes that start together break each other.
pub(crate) fn sqlite(path: &Path) -> Result<()> {
    let lock = lock_file(path, "migrate.lock")?;
    lock.lock().map_err(|error| Error::Unavailable(error.to_string()))?;
    let mut connection = open_writer(path)?;
    let runner = sqlite_migrations::migrations::runner();
    // A new database has no such table yet; whatever else is wrong, the runner meets it too and says so.
    let applied = connection.query_row(HIGHEST, [], |row| row.get::<_, Option<i64>>(0)).ok().flatten();
    refuse_newer(applied, &runner)?;
    runner.run(&mut connection).map_err(Error::internal)?;
    Ok(())
}

/// Brings the database up to date, under an advisory lock held by the migrating connection.
pub(crate) async fn postgres(postgres: &Postgres) -> Result<()> {
    let mut client = postgres.first().await?;
    client.batch_execute("SET statement_timeout = 0").await?;
    client.execute("SELECT pg_advisory_lock($1)", &[&ADVISORY_LOCK]).await?;
    let runner = postgres_migrations::migrations::runner();
    let applied = client.query_one(HIGHEST, &[]).await.ok().and_then(|row| row.get::<_, Option<i32>>(0));
    let result = match refuse_newer(applied.map(i64::from), &runner) {
        Ok(()) => runner.run_async(&mut **client.as_mut()).await.map(drop).map_err(Error::internal),
        Err(refused) => Err(refused),
    };
    client.execute("SELECT pg_advisory_unlock($1)", &[&ADVISORY_LOCK]).await?;
    // The connection has lost its time limit: it does not go back to the pool.
    drop(deadpool_postgres::Object::take(client));
    result
}

fn refuse_newer(applied: Option<i64>, runner: &refinery::Runner) -> Result<()> {
    let known = runner.get_migrations().iter().map(|migration| i64::from(migration.version())).max().unwrap_or(0);
    match applied {
        Some(applied) if applied > known => Err(Error::Unavailable(format!(
            "the database has schema {applied} and this leadlatch knows {known}: run the newer leadlatch"
        ))),
        _ => Ok(()),
    }
}
