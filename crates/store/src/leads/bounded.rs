//! Which lists an index holds in their order, so that their limit bounds what is visited: those run where the request
//! is, all others apart.

use leadlatch_domain::lead::filter::SortBy;
use leadlatch_domain::lead::{FieldRights, LeadFilter};

use super::ListQuery;

/// Whether an index of the caller's own rows holds the list in its order.
pub fn is_bounded(query: &ListQuery, rights: &FieldRights) -> bool {
    let (filter, sort) = (&query.filter, query.sort.by);
    one_side(rights) && !is_scanned(filter) && found_in_order(filter, sort, rights)
}

/// A record that supplies and buys has its leads in two indexes; together they are in no order.
const fn one_side(rights: &FieldRights) -> bool {
    match rights {
        FieldRights::Full => true,
        FieldRights::Partner { sides, .. } => !(sides.supplies && sides.buys),
    }
}

/// Filters that no index holds: rows are visited until enough of them match, which may be all. A telephone number has
/// two indexes, one for each of the lead's numbers, and neither is in a list's order; the two ways to name a status may
/// name different ones, of which an index finds one alone.
const fn is_scanned(filter: &LeadFilter) -> bool {
    filter.conversion_point.is_some()
        || filter.lead_group_id.is_some()
        || filter.lead_type_id.is_some()
        || filter.introducer_id.is_some()
        || filter.partner_id.is_some()
        || filter.phone.is_some()
        || filter.reference.is_some()
        || filter.status.is_some() && filter.status_id.is_some()
}

/// Whether one index has the filters first and the order after them.
fn found_in_order(filter: &LeadFilter, sort: SortBy, rights: &FieldRights) -> bool {
    let status = filter.status.is_some() || filter.status_id.is_some();
    let email = filter.email.is_some();
    let received = filter.received_from.is_some() || filter.received_to.is_some();
    let updated = filter.updated_since.is_some();
    match sort {
        // By received, of which a span is a part; by status and received; by email and received. Beside a span
        // SQLite may take the index of the span, and pass by every other status and e-mail in it.
        SortBy::ReceivedAt => !updated && [status, email, received].into_iter().filter(|named| *named).count() <= 1,
        // By updated alone.
        SortBy::UpdatedAt => !status && !email && !received,
        // A side's own index. The account's would pass by what lies in the bin, of which there may be any number.
        SortBy::Id => !matches!(rights, FieldRights::Full) && !status && !email && !received && !updated,
    }
}

#[cfg(test)]
mod tests {
    use leadlatch_domain::id::{AccountId, KeyId, PartnerId};
    use leadlatch_domain::key_secret::{KeyKind, KeySecret};
    use leadlatch_domain::lead::{LeadFilter, LeadSort};
    use leadlatch_domain::matrix::ReadLeads;
    use leadlatch_domain::random::Randomness;
    use leadlatch_domain::reach::PartnerKind;
    use leadlatch_domain::scope::ScopeSet;

    use super::is_bounded;
    use crate::access::{Access, Caller, Grant, KeyFacts};
    use crate::engine::compose;
    use crate::leads::row::Columns;
    use crate::leads::{ListQuery, read};
    use crate::{Page, Store};

    fn caller(kind: Option<PartnerKind>) -> Grant<ReadLeads> {
        let facts = KeyFacts {
            id: KeyId::new(1).unwrap(),
            digest: KeySecret::generate(KeyKind::Full, &Randomness::seeded(1)).digest(),
            version: 1,
            kind: if kind.is_some() { KeyKind::Partner } else { KeyKind::Full },
            record: kind.and(PartnerId::new(7)),
            sides: kind.map(PartnerKind::sides).unwrap_or_default(),
            scopes: ScopeSet::all(),
            partner_active: true,
            address_ranges: None,
            per_minute: None,
            root: KeyId::new(1).unwrap(),
            ends_predecessor: false,
        };
        Access { account: AccountId::new(1).unwrap(), caller: Caller::Key(facts), from: None }.permit().unwrap()
    }

    fn query(list: &[(&str, &str)], grant: &Grant<ReadLeads>) -> ListQuery {
        let pairs: Vec<_> = list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (filter, sort): (LeadFilter, LeadSort) = LeadFilter::parse(&pairs, &grant.fields()).unwrap();
        ListQuery { filter, sort }
    }

    async fn plan(store: &Store, grant: &Grant<ReadLeads>, query: &ListQuery) -> String {
        let page = Page::new(50, Some((9, 9)));
        let read = store.read(async |db| {
            let narrowed = read::narrow(db, grant, &query.filter).await?.unwrap();
            let (sql, bound) = compose(&read::page_of(&grant.scope(), Columns::Seen, query, narrowed, &page));
            db.query(&format!("EXPLAIN QUERY PLAN {sql}"), bound, |row| row.get::<String>(3)).await
        });
        read.await.unwrap().join("\n")
    }

    /// Every list that is said to be bounded is found in order by the index that is meant for it: nothing is sorted, and
    /// a partner's index begins with its own reach.
    #[tokio::test]
    async fn what_is_bounded_is_found_in_order_by_its_index() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let store = Store::open(&url).await.unwrap().store;
        let lists: [(&[(&str, &str)], &str); 9] = [
            (&[], "by_received"),
            (&[("sort", "received_at")], "by_received"),
            (&[("received_from", "2026-01-01"), ("received_to", "2026-02-01")], "by_received"),
            (&[("status_id", "1")], "by_status"),
            (&[("status_id", "1"), ("test", "true"), ("sort", "received_at")], "by_status"),
            (&[("email", "a@example.com")], "by_email"),
            (&[("email", "a@example.com"), ("test", "true"), ("sort", "received_at")], "by_email"),
            (&[("sort", "-updated_at")], "by_updated"),
            (&[("updated_since", "2026-01-01"), ("sort", "updated_at")], "by_updated"),
        ];
        let by_id: (&[(&str, &str)], &str) = (&[("sort", "id")], "by_id");
        for (kind, prefix) in [
            (None, "leads_"),
            (Some(PartnerKind::Introducer), "leads_of_introducer_"),
            (Some(PartnerKind::Partner), "leads_of_partner_"),
        ] {
            let grant = caller(kind);
            for (list, index) in lists.iter().copied().chain(kind.map(|_| by_id)) {
                let query = query(list, &grant);
                assert!(is_bounded(&query, &grant.fields()), "{list:?} {kind:?}");
                let plan = plan(&store, &grant, &query).await;
                assert!(plan.contains(&format!("USING INDEX {prefix}{index} (account_id=?")), "{list:?}: {plan}");
                assert!(plan.contains(">?)") || plan.contains("<?)"), "after the last row: {list:?}: {plan}");
                assert!(!plan.contains("TEMP B-TREE"), "{list:?}: {plan}");
                assert!(kind.is_none() || plan.contains("_reach=? AND"), "{list:?}: {plan}");
            }
        }
    }

    #[test]
    fn what_no_index_holds_in_order_runs_apart() {
        let full = caller(None);
        for list in [
            &[("sort", "id")][..],
            &[("phone", "020 7946 0000")],
            &[("reference", "x")],
            &[("status", "New"), ("status_id", "1")],
            &[("status", "New"), ("email", "a@example.com")],
            &[("status", "New"), ("received_from", "2026-01-01")],
            &[("email", "a@example.com"), ("received_to", "2026-01-01")],
            &[("status", "New"), ("sort", "updated_at")],
            &[("email", "a@example.com"), ("sort", "updated_at")],
            &[("received_from", "2026-01-01"), ("sort", "updated_at")],
            &[("updated_since", "2026-01-01")],
            &[("lead_group_id", "1"), ("data1", "x")],
            &[("conversion_point", "new")],
        ] {
            assert!(!is_bounded(&query(list, &full), &full.fields()), "{list:?}");
        }
        let both = caller(Some(PartnerKind::Both));
        assert!(!is_bounded(&query(&[], &both), &both.fields()));
    }
}
