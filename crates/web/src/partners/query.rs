//! The list's state, which stands whole in its address.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use leadlatch_domain::reach::PartnerKind;
use leadlatch_store::partner_records::{DirectoryQuery, DirectorySort};

use super::HOME;
use crate::{asked, paths};

/// Rows of a page.
const ROWS: usize = 50;

/// What of the list is asked for. What cannot be read asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ListState {
    pub(super) search: String,
    pub(super) kind: Option<PartnerKind>,
    pub(super) active: Option<bool>,
    pub(super) sort: DirectorySort,
    pub(super) descending: bool,
    /// From 0.
    pub(super) page: usize,
}

impl<S: Send + Sync> FromRequestParts<S> for ListState {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(&asked::pairs(parts)))
    }
}

impl ListState {
    fn read(pairs: &[(String, String)]) -> Self {
        let mut state = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "q" => value.trim().clone_into(&mut state.search),
                "kind" => state.kind = PartnerKind::parse(value),
                "active" => state.active = ["no", "yes"].iter().position(|word| word == value).map(|place| place == 1),
                "sort" => state.order(value),
                "page" => state.page = value.parse::<usize>().unwrap_or(1).clamp(1, 1_000_000) - 1,
                _ => {}
            }
        }
        state
    }

    fn order(&mut self, word: &str) {
        let (descending, name) = word.strip_prefix('-').map_or((false, word), |name| (true, name));
        if let Some((sort, _)) = SORTS.iter().find(|(_, known)| *known == name) {
            (self.sort, self.descending) = (*sort, descending);
        }
    }

    /// What stands in the address: nothing that would be so without it.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        let mut put = |name, value: Option<String>| pairs.extend(value.map(|value| (name, value)));
        put("q", Some(self.search.clone()).filter(|search| !search.is_empty()));
        put("kind", self.kind.map(|kind| kind.as_str().to_owned()));
        put("active", self.active.map(|active| if active { "yes" } else { "no" }.to_owned()));
        let usual = Self::default();
        let word = SORTS.iter().find(|(sort, _)| *sort == self.sort).map_or("", |(_, word)| *word);
        let sorted = (self.sort, self.descending) != (usual.sort, usual.descending);
        put("sort", sorted.then(|| format!("{}{word}", if self.descending { "-" } else { "" })));
        put("page", Some(self.page + 1).filter(|page| *page > 1).map(|page| page.to_string()));
        pairs
    }

    /// The same with a change, from its first page on.
    pub(super) fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut state = Self { page: 0, ..self.clone() };
        change(&mut state);
        state
    }

    /// The address of the list in this state.
    pub(super) fn href(&self) -> String {
        paths::with_query(HOME, self.pairs())
    }

    /// Whether rows were asked for that not every list has.
    pub(super) fn is_narrowed(&self) -> bool {
        !self.search.is_empty() || self.kind.is_some() || self.active.is_some()
    }

    /// The question to the store.
    pub(super) fn query(&self) -> DirectoryQuery {
        DirectoryQuery {
            search: self.search.clone(),
            kind: self.kind,
            active: self.active,
            sort: self.sort,
            descending: self.descending,
            skip: self.page * ROWS,
            limit: ROWS,
        }
    }

    /// `1 to 50 of 10,214`, and the addresses of the pages beside it.
    pub(super) fn pages(&self, found: usize) -> (String, String, String) {
        let first = (self.page * ROWS).min(found);
        let last = (first + ROWS).min(found);
        let number = |number: usize| crate::components::words::thousands(number as i64);
        let words = if found == 0 {
            "None found".to_owned()
        } else {
            format!("{} to {} of {}", number(first + usize::from(last > first)), number(last), number(found))
        };
        let to = |page: usize| Self { page, ..self.clone() }.href();
        let previous = self.page.checked_sub(1).map_or_else(String::new, &to);
        (words, previous, if last < found { to(self.page + 1) } else { String::new() })
    }
}

const SORTS: [(DirectorySort, &str); 4] = [
    (DirectorySort::Company, "company"),
    (DirectorySort::Kind, "kind"),
    (DirectorySort::Keys, "keys"),
    (DirectorySort::Made, "made"),
];

#[cfg(test)]
mod tests {
    use super::ListState;

    fn read(pairs: &[(&str, &str)]) -> ListState {
        let owned: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ListState::read(&owned)
    }

    #[test]
    fn a_state_survives_its_address() {
        let pairs = [("q", "Acme & co"), ("kind", "both"), ("active", "no"), ("sort", "-keys"), ("page", "3")];
        let state = read(&pairs);
        let told = state.pairs();
        assert_eq!(told.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>(), pairs);
        assert!(state.href().starts_with("/partners?q=Acme%20%26%20co&"), "{}", state.href());
        assert_eq!(state.with(|state| state.active = None).page, 0);
    }

    #[test]
    fn nonsense_asks_for_nothing_and_pages_stay_within_what_there_is() {
        let nonsense = read(&[("kind", "x"), ("active", "x"), ("sort", "x"), ("page", "-1"), ("y", "1")]);
        assert_eq!((nonsense.href(), nonsense.is_narrowed()), ("/partners".to_owned(), false));
        let last = read(&[("page", "3")]).pages(120);
        assert_eq!(last, ("101 to 120 of 120".into(), "/partners?page=2".into(), String::new()));
        assert_eq!(read(&[]).pages(0).0, "None found");
        assert_eq!(read(&[("page", "9")]).pages(60).2, "");
    }
}
