//! Whether a new lead is there already, and what becomes of it then.
//!
//! Refusing and copying look at the caller's own reach alone. A match outside it becomes a link that the caller is never
//! told of. Both are asked for at every creation, in the same statements, whatever they find.

use std::fmt::Write as _;

use leadlatch_domain::account::Country;
use leadlatch_domain::duplicate::{DuplicateOutcome, DuplicateRule, Within};
use leadlatch_domain::lead::history::Action;
use leadlatch_domain::lead::{Lead, LeadField, Twins, Value};
use leadlatch_domain::reach::{RowScope, Rows, Sides};
use leadlatch_domain::scope::Scope;
use sea_query::{Condition, Expr, ExprTrait, Order, Query, Value as Bound};
use sha2::{Digest, Sha256};

use super::test_leads::is_test;
use super::{read, update};
use crate::access::{Grant, Held};
use crate::engine::{Connection, Turn, compose, values};
use crate::scope_sql::{lead as column, leads_in};
use crate::{Error, Result};

const DAY: i64 = 86_400_000_000;

/// What of an account and a lead group a new lead is read and compared by.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// Where numbers without a country code are dialled.
    pub(super) country: Country,
    /// The group's own rule, or the account's.
    pub(super) rule: DuplicateRule,
}

pub(super) async fn settings(db: &mut Connection<'_>, account: i64, group: i64) -> Result<Settings> {
    let sql = "SELECT a.country, COALESCE(g.duplicate_within, a.duplicate_within), \
               COALESCE(g.duplicate_fields, a.duplicate_fields), COALESCE(g.duplicate_outcome, a.duplicate_outcome) \
               FROM lead_groups g JOIN accounts a ON a.id = g.account_id WHERE g.account_id = $1 AND g.id = $2";
    let read = |row: &crate::engine::Row<'_>| {
        let rule = DuplicateRule::from_stored(row.get(1)?, row.get(2)?, &row.get::<String>(3)?);
        let rule = rule.ok_or_else(|| Error::internal("a rule for duplicates is corrupt"))?;
        Ok(Settings { country: Country::parse(&row.get::<String>(0)?).unwrap_or_default(), rule })
    };
    db.query_opt(sql, values![account, group], read).await?.ok_or(Error::NotFound("lead_group_id"))
}

/// A lead that the new one matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) id: i64,
    /// Whether the caller's rows hold it.
    pub(super) in_reach: bool,
}

/// Compares a new lead before it is written: refuses it, or sets `duplicate_of` and copies what the old one lacks.
pub(super) async fn judge<A>(
    db: &mut Connection<'_>,
    grant: &Held<A>,
    rule: &DuplicateRule,
    lead: &mut Lead,
    twins: &Twins,
) -> Result<()> {
    if rule.within == Within::Off {
        return Ok(());
    }
    take_turn(db, grant, rule, lead, twins).await?;
    let key = grant.key().map(|key| key.id.get());
    let compared = Compared { rule, twins, among: if is_test(lead) { Among::TestsOf(key) } else { Among::Live } };
    let found = compared.find(db, grant).await?;
    let Some(old) = found else { return Ok(()) };
    refuse(grant, rule, &old)?;
    lead.set(LeadField::DuplicateOf, Value::Int(old.id));
    if copies(grant, rule) && old.in_reach {
        copy(db, grant, old.id, lead).await?;
    }
    Ok(())
}

/// The caller has a key with the scope, or needs none. A form on a web page makes leads and has no more in its reach.
fn has<A>(grant: &Grant<A>, scope: Scope) -> bool {
    grant.web_form().is_none() && grant.key().is_none_or(|key| key.scopes.contains(scope))
}

/// A Partner key is refused what is its own, a Full key what it may read. The old lead is named to who may read it.
pub(super) fn refuse<A>(grant: &Grant<A>, rule: &DuplicateRule, old: &Match) -> Result<()> {
    let reads = has(grant, Scope::ReadLeads);
    if rule.outcome == DuplicateOutcome::Refuse && old.in_reach && (reads || grant.partner().is_some()) {
        return Err(Error::Duplicate(reads.then_some(old.id)));
    }
    Ok(())
}

/// Only what the caller may update is filled.
pub(super) fn copies<A>(grant: &Grant<A>, rule: &DuplicateRule) -> bool {
    rule.outcome == DuplicateOutcome::LinkAndCopy && has(grant, Scope::UpdateDeleteLeads)
}

/// What the answer to the creation shows of the link: nothing to a Full key that reads no leads.
pub(super) fn shows_link<A>(grant: &Grant<A>) -> bool {
    has(grant, Scope::ReadLeads)
}

/// The first moment of the leads that are compared.
pub(super) fn since(db: &Connection<'_>, rule: &DuplicateRule) -> i64 {
    match rule.within {
        Within::Days(days) => db.now().as_micros().saturating_sub(days.get().saturating_mul(DAY)),
        Within::Off | Within::All => i64::MIN,
    }
}

/// A number of its own for a thing of an account: negative, so that it is no key's gate.
pub(crate) fn number(account: i64, thing: &str) -> i64 {
    let digest = Sha256::new().chain_update(account.to_be_bytes()).chain_update(thing.as_bytes()).finalize();
    let first: [u8; 8] = std::array::from_fn(|place| digest[place]);
    i64::from_be_bytes(first) | i64::MIN
}

/// The number that an import holds alone, and every creation that is compared holds beside others.
pub(super) fn import_turn(account: i64) -> i64 {
    number(account, "import")
}

/// Lets creations of the same lead follow each other, where the earlier one decides about the later. See the decision
/// record 10: what is another partner's is never waited for.
async fn take_turn<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    rule: &DuplicateRule,
    lead: &Lead,
    twins: &Twins,
) -> Result<()> {
    let account = grant.account();
    let own = match grant.partner() {
        Some((record, _)) => Some(record.get()),
        None => lead.int(LeadField::IntroducerId),
    };
    let mut turns = Vec::new();
    for (field, twin) in twins.keys(rule.fields) {
        let everybody = if grant.partner().is_some() { Turn::BesideOrNot } else { Turn::Alone };
        turns.push((everybody, number(account, &format!("{field}={twin}"))));
        if let Some(record) = own {
            turns.push((Turn::Alone, number(account, &format!("{record}:{field}={twin}"))));
        }
    }
    turns.sort_by_key(|(_, number)| *number);
    turns.insert(0, (Turn::Beside, import_turn(account)));
    db.take_turns(&turns).await
}

/// What is held against the account's leads.
struct Compared<'a> {
    rule: &'a DuplicateRule,
    twins: &'a Twins,
    among: Among,
}

/// Live leads are compared with live leads, a key's test leads with its own; those without a key among themselves.
enum Among {
    Live,
    TestsOf(Option<i64>),
}

impl Compared<'_> {
    /// The oldest match in the caller's rows, or else the oldest outside them. A Partner key's two sides are asked for
    /// one by one, since each has its own indexes; then the account, whatever was found.
    async fn find<A>(&self, db: &mut Connection<'_>, grant: &Grant<A>) -> Result<Option<Match>> {
        let own = grant.scope();
        let mut in_reach = None;
        for scope in sides(own) {
            in_reach = older(in_reach, self.oldest(db, &scope).await?);
        }
        let whole = RowScope { rows: Rows::Account, ..own };
        let anywhere = if own == whole { in_reach } else { self.oldest(db, &whole).await? };
        let found = |(_, id): (i64, i64), in_reach| Match { id, in_reach };
        Ok(in_reach.map(|old| found(old, true)).or(anywhere.map(|old| found(old, false))))
    }

    /// When it was received, and its id.
    async fn oldest(&self, db: &mut Connection<'_>, scope: &RowScope) -> Result<Option<(i64, i64)>> {
        let (sql, bound) = self.statement(scope, since(db, self.rule));
        let found = db.query(&sql, bound, |row| Ok((row.get(0)?, row.get(1)?))).await?;
        Ok(found.into_iter().min())
    }

    /// The oldest match by each probe, each found by an index of its own.
    fn statement(&self, scope: &RowScope, since: i64) -> (String, Vec<Bound>) {
        let (mut sql, mut bound) = (String::new(), Vec::new());
        for (name, twin) in self.twins.probes(self.rule.fields) {
            let mut one = Query::select();
            one.column(("leads", "received_at")).column(("leads", "id")).from("leads");
            one.cond_where(leads_in(scope).add(self.kind()));
            one.and_where(column(name).eq(twin.map(str::to_owned)));
            one.and_where(column("received_at").gte(since));
            one.order_by(("leads", "received_at"), Order::Asc).order_by(("leads", "id"), Order::Asc).limit(1);
            let (text, values) = compose(&one);
            let (join, name) = (if sql.is_empty() { "" } else { " UNION ALL " }, bound.len());
            // Writing into a text cannot fail.
            let _ = write!(sql, "{join}SELECT * FROM ({}) AS found{name}", shift(&text, name));
            bound.extend(values);
        }
        (sql, bound)
    }

    fn kind(&self) -> Condition {
        let made_by = || column("created_by_key_id");
        let tests = || Condition::all().add(Expr::cust("leads.test"));
        match self.among {
            Among::Live => Condition::all().add(Expr::cust("NOT leads.test")),
            Among::TestsOf(Some(key)) => tests().add(made_by().eq(key)),
            Among::TestsOf(None) => tests().add(made_by().is_null()),
        }
    }
}

fn older(one: Option<(i64, i64)>, other: Option<(i64, i64)>) -> Option<(i64, i64)> {
    one.into_iter().chain(other).min()
}

/// A scope with both sides as two with one side each.
fn sides(scope: RowScope) -> Vec<RowScope> {
    let Rows::Partner { record, sides } = scope.rows else { return vec![scope] };
    let one = |sides| RowScope { rows: Rows::Partner { record, sides }, ..scope };
    if sides.supplies && sides.buys {
        vec![one(Sides { buys: false, ..sides }), one(Sides { supplies: false, ..sides })]
    } else {
        vec![scope]
    }
}

/// Moves the numbers of a statement's values up, so that it can follow others.
fn shift(sql: &str, by: usize) -> String {
    let (mut shifted, mut rest) = (String::with_capacity(sql.len() + 8), sql);
    while let Some((before, after)) = rest.split_once('$') {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let number: usize = after[..digits].parse().unwrap_or_default();
        // Writing into a text cannot fail.
        let _ = write!(shifted, "{before}${}", number + by);
        rest = &after[digits..];
    }
    shifted + rest
}

/// The contact fields that are filled by themselves.
const CONTACT: [LeadField; 9] = [
    LeadField::Title,
    LeadField::Firstname,
    LeadField::Lastname,
    LeadField::Company,
    LeadField::Jobtitle,
    LeadField::Email,
    LeadField::Phone1,
    LeadField::Phone2,
    LeadField::Fax,
];

/// An address is filled as a whole: half of one and half of another lead nowhere.
const ADDRESS: [LeadField; 5] =
    [LeadField::Address, LeadField::Address2, LeadField::Address3, LeadField::Towncity, LeadField::Postcode];

/// Fills the empty contact fields of the old lead from the new one; what it holds is never replaced.
pub(super) async fn copy<A>(db: &mut Connection<'_>, grant: &Held<A>, id: i64, new: &Lead) -> Result<()> {
    let lock = db.lock_rows(" FOR UPDATE OF leads");
    let Some(before) = read::fetch(db, &grant.scope(), id, lock).await? else { return Ok(()) };
    let mut after = before.lead.clone();
    fill(&mut after, new);
    update::store(db, grant, Action::Copied, id, before, after, |_| false).await.map(drop)
}

/// What [`copy`] makes of the old lead.
pub(super) fn fill(old: &mut Lead, new: &Lead) {
    let whole = ADDRESS.iter().all(|field| old.text(*field).is_none());
    for field in CONTACT.iter().chain(ADDRESS.iter().filter(|_| whole)) {
        let known = new.text(*field).is_some_and(|text| is_number_of(old, *field, text));
        if old.text(*field).is_none() && !known {
            old.set(*field, new.get(*field).clone());
        }
    }
}

/// The second number is not the first one once more.
fn is_number_of(old: &Lead, field: LeadField, text: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let same = |other| old.text(other).is_some_and(|number| digits(number) == digits(text));
    match field {
        LeadField::Phone1 => same(LeadField::Phone2),
        LeadField::Phone2 => same(LeadField::Phone1),
        _ => false,
    }
}

#[cfg(test)]
mod plans;

#[cfg(test)]
mod tests {
    use super::{Lead, LeadField, Value, fill, number, shift};

    fn lead(values: &[(LeadField, &str)]) -> Lead {
        let mut lead = Lead::default();
        for (field, text) in values {
            lead.set(*field, Value::Text((*text).into()));
        }
        lead
    }

    #[test]
    fn empty_fields_are_filled_and_full_ones_stay() {
        use LeadField::{Address, Email, Firstname, Phone1, Phone2, Postcode, Towncity};
        let mut old = lead(&[(Firstname, "Ann"), (Phone1, "020 7946 0000"), (Towncity, "Leeds")]);
        let new = [(Firstname, "Anna"), (Phone2, "02079460000"), (Email, "a@example.com"), (Address, "1 Road")];
        fill(&mut old, &lead(&[&new[..], &[(Postcode, "N1 9GU")]].concat()));
        assert_eq!((old.text(Firstname), old.text(Email)), (Some("Ann"), Some("a@example.com")));
        assert_eq!((old.text(Phone2), old.text(Address), old.text(Postcode)), (None, None, None));
    }

    #[test]
    fn numbers_of_values_move_up() {
        assert_eq!(shift("a = $1 AND b = $12", 3), "a = $4 AND b = $15");
        assert!(number(1, "email=x") < 0 && number(1, "email=x") != number(2, "email=x"));
    }
}
