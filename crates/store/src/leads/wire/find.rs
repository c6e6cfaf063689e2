//! The record that an integration means: by its wire number, then by our own id, then by its name; in reach, or none.

use leadlatch_domain::fault::Fault;
use leadlatch_domain::id::LeadId;
use leadlatch_domain::lead::LeadField;
use leadlatch_domain::text::fold;

use crate::access::Grant;
use crate::engine::{Connection, Row, values};
use crate::{Error, Result, lead_groups, lead_types};

/// No record has this number.
const NO_NUMBER: i64 = -1;

/// A record that answers to what was sent, in one way or another.
struct Candidate {
    id: i64,
    wire_number: Option<i64>,
    name: String,
}

fn candidate(row: &Row<'_>) -> Result<Candidate> {
    Ok(Candidate { id: row.get(0)?, wire_number: row.get(1)?, name: row.get(2)? })
}

fn number(text: &str) -> i64 {
    LeadId::parse(text).map_or(NO_NUMBER, LeadId::get)
}

fn best(candidates: &[Candidate], text: &str) -> Option<i64> {
    let (number, name) = (number(text), fold(text));
    let by = |is: &dyn Fn(&Candidate) -> bool| candidates.iter().find(|one| is(one)).map(|one| one.id);
    by(&|one| one.wire_number == Some(number))
        .or_else(|| by(&|one| one.id == number))
        .or_else(|| by(&|one| one.name == name))
}

/// A lead group, for a Partner key among those that it is linked to.
pub(super) async fn group<A>(db: &mut Connection<'_>, grant: &Grant<A>, text: &str) -> Result<Option<i64>> {
    let sql = format!(
        "SELECT g.id, g.wire_number, g.name_twin FROM lead_groups g WHERE g.account_id = $1{} \
         AND (g.wire_number = $3 OR g.id = $3 OR g.name_twin = $4) ORDER BY g.id",
        lead_groups::linked(grant)
    );
    let bound = values![grant.account(), lead_groups::record(grant), number(text), fold(text)];
    Ok(best(&db.query(&sql, bound, candidate).await?, text))
}

/// A lead group to search by. A Partner key may have leads in one that it is no longer linked to, known by its id.
pub(super) async fn group_of_leads<A>(db: &mut Connection<'_>, grant: &Grant<A>, text: &str) -> Result<Option<i64>> {
    let found = group(db, grant, text).await?;
    Ok(found.or_else(|| LeadId::parse(text).map(LeadId::get).filter(|_| grant.partner().is_some())))
}

/// A lead type of a group, for a Partner key among those that it is linked to.
pub(super) async fn lead_type<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    group: i64,
    text: &str,
) -> Result<Option<i64>> {
    let found = types(db, grant, text).await?;
    let of_group: Vec<Candidate> = found.into_iter().filter(|(of, _)| *of == group).map(|(_, one)| one).collect();
    // A type has no wire number, and its name may be one: the name goes first.
    let name = fold(text);
    let by_name = of_group.iter().find(|one| one.name == name).map(|one| one.id);
    Ok(by_name.or_else(|| best(&of_group, text)))
}

/// Every lead type in reach that answers to the text, whatever its group.
pub(super) async fn types_named<A>(db: &mut Connection<'_>, grant: &Grant<A>, text: &str) -> Result<Vec<i64>> {
    let (name, found) = (fold(text), types(db, grant, text).await?);
    let named: Vec<i64> = found.iter().filter(|(_, one)| one.name == name).map(|(_, one)| one.id).collect();
    let number = number(text);
    Ok(if named.is_empty() { found.iter().map(|(_, one)| one.id).filter(|id| *id == number).collect() } else { named })
}

async fn types<A>(db: &mut Connection<'_>, grant: &Grant<A>, text: &str) -> Result<Vec<(i64, Candidate)>> {
    let linked = lead_types::linked(grant);
    let sql = format!(
        "SELECT t.id, CAST(NULL AS BIGINT), t.name_twin, t.lead_group_id FROM lead_types t WHERE t.account_id = $1{linked} \
         AND (t.id = $3 OR t.name_twin = $4) ORDER BY t.id"
    );
    let bound = values![grant.account(), lead_groups::record(grant), number(text), fold(text)];
    db.query(&sql, bound, |row| Ok((row.get(3)?, candidate(row)?))).await
}

/// A site.
pub(super) async fn site<A>(db: &mut Connection<'_>, grant: &Grant<A>, text: &str) -> Result<Option<i64>> {
    let sql = "SELECT id, wire_number, name_twin FROM sites WHERE account_id = $1 \
               AND (wire_number = $2 OR id = $2 OR name_twin = $3) ORDER BY id";
    let found = db.query(sql, values![grant.account(), number(text), fold(text)], candidate).await?;
    Ok(best(&found, text))
}

/// A user, by id, e-mail address or name; a name that two have does not say who is meant.
pub(super) async fn user<A>(db: &mut Connection<'_>, grant: &Grant<A>, text: &str) -> Result<Option<i64>> {
    let sql = "SELECT id, email_twin, name FROM users WHERE account_id = $1 \
               AND (id = $2 OR email_twin = $3 OR name = $4) ORDER BY id";
    let (number, twin) = (number(text), text.to_lowercase());
    let bound = values![grant.account(), number, twin.as_str(), text];
    let read = |row: &Row<'_>| Ok((row.get::<i64>(0)?, row.get::<String>(1)?, row.get::<String>(2)?));
    let found: Vec<(i64, String, String)> = db.query(sql, bound, read).await?;
    let exact = found.iter().find(|(id, email, _)| *id == number || *email == twin).map(|(id, ..)| *id);
    let mut named = found.iter().filter(|(_, _, name)| name == text).map(|(id, ..)| *id);
    match (exact, named.next(), named.next()) {
        (None, Some(_), Some(_)) => {
            let fault = Fault::new("ambiguous", "Several users have this name: send the number or the e-mail address.");
            Err(Error::Invalid(vec![fault.on(LeadField::UserId.name())]))
        }
        (exact, named, _) => Ok(exact.or(named)),
    }
}

/// A partner record that supplies leads; for a Partner key its own alone.
pub(super) async fn introducer<A>(db: &mut Connection<'_>, grant: &Grant<A>, text: &str) -> Result<Option<i64>> {
    let own = grant.partner().map_or(0, |(record, _)| record.get());
    let sql = "SELECT id, wire_number, '' FROM partner_records WHERE account_id = $1 AND deleted_at IS NULL \
               AND kind IN ('introducer', 'both') AND (wire_number = $2 OR id = $2) \
               AND (CAST($3 AS BIGINT) = 0 OR id = $3) ORDER BY id";
    let found = db.query(sql, values![grant.account(), number(text), own], candidate).await?;
    Ok(best(&found, text))
}
