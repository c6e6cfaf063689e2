//! A page of a list: so many rows after a place.

use sea_query::Value;

use crate::Result;
use crate::engine::Connection;

/// What of a list is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Rows at the most, 1 to 200.
    pub limit: u32,
    /// The sort value and the id of the last row that the caller has.
    pub after: Option<(i64, i64)>,
    /// Whether the rows of all pages are counted.
    pub counted: bool,
}

/// Rows of a list that are counted exactly: of more it is said that they are at least so many.
pub const COUNTED: i64 = 10_000;
/// Rows that a count looks at: one more tells that there are more.
pub(crate) const LOOKED_AT: i64 = COUNTED + 1;

impl Page {
    /// Everything, for lists that people configure and that stay short.
    pub const ALL: Self = Self { limit: 100_000, after: None, counted: false };

    /// So many rows after a place, which nobody counts.
    pub const fn new(limit: u32, after: Option<(i64, i64)>) -> Self {
        Self { limit, after, counted: false }
    }

    /// One row more than asked for tells whether there is another page.
    pub(crate) fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// How many rows all pages have, if that is asked for: those of the page's own statement from its beginning, up to
    /// [`LOOKED_AT`], which are the values that it is `bound` to here.
    pub(crate) async fn total(&self, db: &mut Connection<'_>, sql: &str, bound: Vec<Value>) -> Result<Option<i64>> {
        if !self.counted {
            return Ok(None);
        }
        db.query_int(&format!("SELECT COUNT(*) FROM ({sql}) AS counted"), bound).await.map(Some)
    }
}

/// The rows of a page.
#[derive(Debug)]
pub struct Slice<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<(i64, i64)>,
    /// How many rows all pages have, if that was asked for, up to one more than [`COUNTED`].
    pub total: Option<i64>,
}

impl<T> Slice<T> {
    /// Cuts the row too many, which says that there is a next page.
    pub(crate) fn cut(mut rows: Vec<T>, page: &Page, place: impl Fn(&T) -> (i64, i64)) -> Self {
        let more = rows.len() > page.limit as usize;
        rows.truncate(page.limit as usize);
        let next = rows.last().filter(|_| more).map(place);
        Self { rows, next, total: None }
    }

    pub(crate) fn counted(self, total: Option<i64>) -> Self {
        Self { total, ..self }
    }
}
