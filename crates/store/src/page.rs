//! A page of a list: so many rows after a place.

/// What of a list is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Rows at the most, 1 to 200.
    pub limit: u32,
    /// The sort value and the id of the last row that the caller has.
    pub after: Option<(i64, i64)>,
}

impl Page {
    /// Everything, for lists that people configure and that stay short.
    pub const ALL: Self = Self { limit: 100_000, after: None };

    /// One row more than asked for tells whether there is another page.
    pub(crate) fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }
}

/// The rows of a page.
#[derive(Debug)]
pub struct Slice<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<(i64, i64)>,
}

impl<T> Slice<T> {
    /// Cuts the row too many, which says that there is a next page.
    pub(crate) fn cut(mut rows: Vec<T>, page: &Page, place: impl Fn(&T) -> (i64, i64)) -> Self {
        let more = rows.len() > page.limit as usize;
        rows.truncate(page.limit as usize);
        let next = rows.last().filter(|_| more).map(place);
        Self { rows, next }
    }
}
