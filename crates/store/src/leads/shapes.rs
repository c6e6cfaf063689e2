//! The statements of nearly every read: one lead, and the lists that a filter by status alone narrows. Their texts are
//! built once for each shape, by the same functions that build all others, and values are bound from then on.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use leadlatch_domain::id::{AccountId, PartnerId};
use leadlatch_domain::lead::{LeadFilter, LeadSort};
use leadlatch_domain::reach::{RowScope, Rows, Sides};
use sea_query::{SelectStatement, Value};

use super::row::Columns;
use super::{ListQuery, read};
use crate::Page;
use crate::engine::compose;

/// Stands for the first value while a text is built, and so on upwards: valid as an id and as a limit, and in no text.
const STAND_IN: i64 = 3_141_592_653;

/// One lead by its id: account, partner record, id.
pub(super) static ONE: LazyLock<Shapes<(Option<Sides>, Columns), 3>> = LazyLock::new(|| {
    Shapes::new(|(sides, columns), [account, record, id]| read::one(&scope(sides, account, record), columns, id))
});

/// A page of a list: account, partner record, status, the place after which it begins, rows.
pub(super) static LIST: LazyLock<Shapes<ListShape, 6>> = LazyLock::new(|| Shapes::new(ListShape::build));

/// A statement's text, with where its values come from.
struct Text {
    sql: Arc<str>,
    values: Vec<Bound>,
}

enum Bound {
    Given(usize),
    /// The same for every statement of the shape.
    Fixed(Value),
}

/// The texts of statements by their shape. A builder is a plain function of the shape and of numbers: it can hold no value
/// of one request back and give it to the next.
pub(super) struct Shapes<K, const N: usize> {
    build: fn(K, [i64; N]) -> SelectStatement,
    known: RwLock<HashMap<K, Arc<Text>>>,
}

impl<K: Copy + Eq + Hash, const N: usize> Shapes<K, N> {
    fn new(build: fn(K, [i64; N]) -> SelectStatement) -> Self {
        Self { build, known: RwLock::default() }
    }

    /// The text and the values of a statement.
    pub(super) fn compose(&self, shape: K, given: [i64; N]) -> (Arc<str>, Vec<Value>) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&shape).map(Arc::clone);
        let text = known.unwrap_or_else(|| self.learn(shape));
        let value = |bound: &Bound| match bound {
            Bound::Given(place) => given[*place].into(),
            Bound::Fixed(value) => value.clone(),
        };
        (Arc::clone(&text.sql), text.values.iter().map(value).collect())
    }

    fn learn(&self, shape: K) -> Arc<Text> {
        let stand_ins = std::array::from_fn(|place| STAND_IN + place as i64);
        let (sql, values) = compose(&(self.build)(shape, stand_ins));
        debug_assert!(!sql.contains("31415926"), "a value is written into the text: {sql}");
        let place = |number| stand_ins.iter().position(|stand_in| *stand_in == number).map(Bound::Given);
        let bound = |value| match &value {
            Value::BigInt(Some(number)) => place(*number).unwrap_or(Bound::Fixed(value)),
            Value::BigUnsigned(Some(number)) => place(number.cast_signed()).unwrap_or(Bound::Fixed(value)),
            _ => Bound::Fixed(value),
        };
        let text = Arc::new(Text { sql: sql.into(), values: values.into_iter().map(bound).collect() });
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(shape, Arc::clone(&text));
        text
    }
}

/// Who reads, and the record's number.
pub(super) fn reader(scope: &RowScope) -> (Option<Sides>, i64) {
    match scope.rows {
        Rows::Account => (None, 0),
        Rows::Partner { record, sides } => (Some(sides), record.get()),
    }
}

fn scope(sides: Option<Sides>, account: i64, record: i64) -> RowScope {
    let rows = sides.map_or(Rows::Account, |sides| Rows::Partner { record: id(PartnerId::new(record)), sides });
    RowScope { account: id(AccountId::new(account)), rows }
}

fn id<T>(stand_in: Option<T>) -> T {
    stand_in.expect("a stand-in is valid as an id")
}

/// What sets two lists apart beside their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ListShape {
    sides: Option<Sides>,
    columns: Columns,
    sort: LeadSort,
    test: bool,
    status: bool,
    after: bool,
}

impl ListShape {
    /// The shape of a list and its values. A list with another filter has none, nor has one of both sides, whose text may
    /// hold the record's number.
    pub(super) fn of(scope: &RowScope, columns: Columns, query: &ListQuery, page: &Page) -> Option<(Self, [i64; 6])> {
        let (filter, (sides, record)) = (&query.filter, reader(scope));
        let plain = LeadFilter { status_id: filter.status_id, test: filter.test, ..LeadFilter::default() };
        if *filter != plain || sides.is_some_and(|sides| sides.supplies && sides.buys) {
            return None;
        }
        let (status, (value, last)) = (filter.status_id, page.after.unwrap_or_default());
        let (sort, test, after) = (query.sort, filter.test, page.after.is_some());
        let shape = Self { sides, columns, sort, test, status: status.is_some(), after };
        Some((shape, [scope.account.get(), record, status.unwrap_or_default(), value, last, page.fetch()]))
    }

    fn build(self, [account, record, status, value, last, fetch]: [i64; 6]) -> SelectStatement {
        let scope = scope(self.sides, account, record);
        let filter = LeadFilter { status_id: self.status.then_some(status), test: self.test, ..LeadFilter::default() };
        let narrowed = read::narrow_by_columns(&scope, &filter);
        let query = ListQuery { filter, sort: self.sort };
        let limit = u32::try_from(fetch - 1).expect("a stand-in is valid as a limit");
        let page = Page::new(limit, self.after.then_some((value, last)));
        read::page_of(&scope, self.columns, &query, narrowed, &page)
    }
}

#[cfg(test)]
mod tests {
    use leadlatch_domain::lead::filter::SortBy;
    use leadlatch_domain::reach::PartnerKind;

    use super::*;

    fn readers() -> impl Iterator<Item = Option<Sides>> {
        std::iter::once(None).chain(PartnerKind::ALL.map(|kind| Some(kind.sides())))
    }

    /// Numbers apart from each other, and from those that built the text.
    const ONE_REQUEST: [i64; 6] = [11, 22, 33, 44, 55, 66];
    const THE_NEXT: [i64; 6] = [12, 23, 34, 45, 56, 67];

    #[test]
    fn one_lead_is_asked_for_by_the_values_of_its_own_request() {
        for sides in readers() {
            for columns in [Columns::Whole, Columns::Seen] {
                for [account, record, id, ..] in [ONE_REQUEST, THE_NEXT] {
                    let (sql, bound) = ONE.compose((sides, columns), [account, record, id]);
                    let whole = compose(&read::one(&scope(sides, account, record), columns, id));
                    assert_eq!((sql.to_string(), bound), whole);
                }
            }
        }
    }

    #[test]
    fn a_list_is_asked_for_by_the_values_of_its_own_request() {
        let number = |value: &Value| match value {
            Value::BigInt(number) => *number,
            Value::BigUnsigned(number) => number.map(u64::cast_signed),
            _ => None,
        };
        for sides in readers() {
            for (by, bits) in [SortBy::ReceivedAt, SortBy::UpdatedAt, SortBy::Id]
                .iter()
                .flat_map(|by| (0..16).map(move |bits| (*by, bits)))
            {
                for given in [ONE_REQUEST, THE_NEXT] {
                    let scope = scope(sides, given[0], given[1]);
                    let status_id = (bits & 1 != 0).then_some(given[2]);
                    let filter = LeadFilter { status_id, test: bits & 2 != 0, ..LeadFilter::default() };
                    let query = ListQuery { filter, sort: LeadSort { by, descending: bits & 4 != 0 } };
                    let page = Page::new(65, (bits & 8 != 0).then_some((given[3], given[4])));
                    let Some((shape, values)) = ListShape::of(&scope, Columns::Seen, &query, &page) else {
                        assert!(sides.is_some_and(|sides| sides.supplies && sides.buys));
                        continue;
                    };
                    let (sql, bound) = LIST.compose(shape, values);
                    let narrowed = read::narrow_by_columns(&scope, &query.filter);
                    let (whole, expected) = compose(&read::page_of(&scope, Columns::Seen, &query, narrowed, &page));
                    assert_eq!(*sql, *whole);
                    let numbers = |values: &[Value]| values.iter().map(number).collect::<Vec<_>>();
                    assert_eq!(numbers(&bound), numbers(&expected), "{sql}");
                }
            }
        }
    }
}
