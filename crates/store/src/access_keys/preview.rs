//! What a key would see, before it is made: read through the very proofs and reductions that the key itself would get.

use leadlatch_domain::id::{KeyId, PartnerId};
use leadlatch_domain::key_secret::{KeyDigest, KeyKind};
use leadlatch_domain::lead::{LeadField, LeadFilter, LeadSort};
use leadlatch_domain::matrix::{
    Action, PreviewKeys, ReadIntroducers, ReadLeadGroups, ReadLeadTypes, ReadLeads, ReadMarketing, ReadPartners,
    ReadStatuses, ReadUserGroups, ReadUsers,
};
use leadlatch_domain::problem::Code;
use leadlatch_domain::scope::ScopeSet;

use super::create::sides_of;
use crate::access::{Access, Caller, Grant, KeyFacts, Visible};
use crate::engine::Connection;
use crate::marketing::Kind;
use crate::partner_records::Side;
use crate::{
    COUNTED, Error, Page, Result, lead_groups, lead_types, leads, marketing, partner_records, statuses, user_groups,
    users,
};

/// Leads that are shown.
const ROWS: u32 = 3;

/// A key that somebody thinks of.
#[derive(Debug, Clone, Copy)]
pub struct Wished {
    /// The record, for a Partner key.
    pub partner: Option<PartnerId>,
    /// What it may do.
    pub scopes: ScopeSet,
}

/// What it would see.
#[derive(Debug)]
pub struct Preview {
    /// Leads.
    pub leads: PreviewCount,
    /// The other lists, in the order of the access matrix.
    pub lists: Vec<(&'static str, PreviewCount)>,
    /// The first leads; none where it may not read them.
    pub rows: Vec<PreviewLead>,
}

/// How many rows of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviewCount {
    /// So many, of so many in the account.
    Seen(Counted, Counted),
    /// The list is refused.
    Refused(Code),
}

/// A number that is counted to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Exactly so many.
    Exactly(i64),
    /// More than can be counted while somebody waits.
    Over(i64),
}

impl Counted {
    /// Of what was counted up to one more than [`COUNTED`].
    const fn of(counted: i64) -> Self {
        if counted > COUNTED { Self::Over(COUNTED) } else { Self::Exactly(counted) }
    }
}

/// A lead as the key would see it.
#[derive(Debug)]
pub struct PreviewLead {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: String,
}

/// What a key would see.
pub async fn preview(db: &mut Connection<'_>, grant: &Grant<PreviewKeys>, wished: Wished) -> Result<Visible<Preview>> {
    let key = would_be(db, grant, wished).await?;
    let whole = would_be(db, grant, Wished { partner: None, scopes: ScopeSet::all() }).await?;
    let mut lists = Vec::new();
    for list in List::ALL {
        let seen = counted(list.count(db, &key).await)?;
        let of = counted(list.count(db, &whole).await)?;
        lists.push((list.words(), beside(seen, of)));
    }
    let seen = counted(count_leads(db, &key).await)?;
    let of = counted(count_leads(db, &whole).await)?;
    let rows = if seen.is_ok() { first_leads(db, &key).await? } else { Vec::new() };
    Ok(Visible(Preview { leads: beside(seen, of), lists, rows }))
}

/// The caller that the key would be. It is never let in: no row has its digest, and nothing writes with it.
async fn would_be(db: &mut Connection<'_>, grant: &Grant<PreviewKeys>, wished: Wished) -> Result<Access> {
    let (sides, partner_active) = sides_of(db, grant.account(), wished.partner, "").await?;
    let id = KeyId::new((1 << 53) - 1).ok_or_else(|| Error::internal("the last id is none"))?;
    let facts = KeyFacts {
        id,
        digest: KeyDigest::from_bytes([0; 32]),
        version: 0,
        kind: if wished.partner.is_some() { KeyKind::Partner } else { KeyKind::Full },
        record: wished.partner,
        sides,
        scopes: wished.scopes,
        partner_active,
        address_ranges: None,
        per_minute: None,
        root: id,
        ends_predecessor: false,
    };
    Ok(Access { account: grant.account_id(), caller: Caller::Key(facts), from: None })
}

type Answered = std::result::Result<Counted, Code>;

/// A refusal is an answer here; what fails otherwise fails the preview.
fn counted(count: Result<Counted>) -> Result<Answered> {
    match count {
        Ok(count) => Ok(Ok(count)),
        Err(Error::Denied(denied)) => Ok(Err(denied.code)),
        Err(other) => Err(other),
    }
}

fn beside(seen: Answered, of: Answered) -> PreviewCount {
    match (seen, of) {
        (Ok(seen), Ok(of)) => PreviewCount::Seen(seen, of),
        (Err(code), _) | (_, Err(code)) => PreviewCount::Refused(code),
    }
}

fn proof<A: Action>(access: &Access) -> Result<Grant<A>> {
    access.clone().permit()
}

async fn count_leads(db: &mut Connection<'_>, access: &Access) -> Result<Counted> {
    leads::total(db, &proof::<ReadLeads>(access)?, &LeadFilter::default()).await.map(Counted::of)
}

async fn first_leads(db: &mut Connection<'_>, access: &Access) -> Result<Vec<PreviewLead>> {
    let query = leads::ListQuery { filter: LeadFilter::default(), sort: LeadSort::default() };
    let slice = leads::list(db, &proof::<ReadLeads>(access)?, &query, &Page::new(ROWS, None)).await?;
    let row = |lead: &Visible<leadlatch_domain::lead::LeadView>| PreviewLead {
        id: lead.id().unwrap_or_default(),
        name: lead.in_words(LeadField::Fullname),
        status: lead.in_words(LeadField::Status),
    };
    Ok(slice.rows.iter().map(row).collect())
}

/// The lists beside leads.
#[derive(Debug, Clone, Copy)]
enum List {
    LeadGroups,
    LeadTypes,
    Statuses,
    Introducers,
    Partners,
    Users,
    UserGroups,
    Marketing,
}

impl List {
    const ALL: [Self; 8] = [
        Self::LeadGroups,
        Self::LeadTypes,
        Self::Statuses,
        Self::Introducers,
        Self::Partners,
        Self::Users,
        Self::UserGroups,
        Self::Marketing,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::LeadGroups => "Lead groups",
            Self::LeadTypes => "Lead types",
            Self::Statuses => "Statuses",
            Self::Introducers => "Introducers",
            Self::Partners => "Partners",
            Self::Users => "Users",
            Self::UserGroups => "User groups",
            Self::Marketing => "Marketing lists",
        }
    }

    async fn count(self, db: &mut Connection<'_>, access: &Access) -> Result<Counted> {
        // Only the count is wanted.
        let page = &Page { limit: 1, after: None, counted: true };
        let total = match self {
            Self::LeadGroups => lead_groups::list(db, &proof::<ReadLeadGroups>(access)?, page).await?.total,
            Self::LeadTypes => lead_types::list(db, &proof::<ReadLeadTypes>(access)?, None, page).await?.total,
            Self::Statuses => statuses::list(db, &proof::<ReadStatuses>(access)?, page).await?.total,
            Self::Introducers => {
                let grant = proof::<ReadIntroducers>(access)?;
                partner_records::list(db, &grant, Side::Supplies, page).await?.total
            }
            Self::Partners => {
                let grant = proof::<ReadPartners>(access)?;
                partner_records::list(db, &grant, Side::Buys, page).await?.total
            }
            Self::Users => users::list(db, &proof::<ReadUsers>(access)?, page).await?.total,
            Self::UserGroups => user_groups::list(db, &proof::<ReadUserGroups>(access)?, page).await?.total,
            Self::Marketing => {
                let grant = proof::<ReadMarketing>(access)?;
                let mut all = 0;
                for kind in [Kind::Source, Kind::Medium, Kind::Term] {
                    all += marketing::list(db, &grant, kind, "", page).await?.total.unwrap_or_default();
                }
                Some(all)
            }
        };
        Ok(Counted::of(total.unwrap_or_default()))
    }
}
