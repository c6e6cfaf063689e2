//! The list's state, which stands whole in its address.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use leadlatch_domain::key_directory::{KeyCard, KeyOrder, KeyStatus, LastUse};
use leadlatch_domain::key_secret::KeyKind;
use leadlatch_domain::scope::Scope;
use leadlatch_store::access_keys::directory::DirectoryQuery;

use super::HOME;
use crate::{asked, paths};

/// What of the list is asked for. What cannot be read asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ListState(pub(super) DirectoryQuery);

impl<S: Send + Sync> FromRequestParts<S> for ListState {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::read(&asked::pairs(parts)))
    }
}

impl ListState {
    fn read(pairs: &[(String, String)]) -> Self {
        let mut query = DirectoryQuery::default();
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            match name.as_str() {
                "q" => value.trim().clone_into(&mut query.search),
                "type" => query.kind = KeyKind::parse(value),
                "partner" => query.partner = value.parse().ok(),
                "feature" => query.scope = Scope::parse(value),
                "used" => query.used = LastUse::parse(value).ok(),
                "status" => query.status = KeyStatus::parse(value).unwrap_or(KeyStatus::Active),
                "card" => query.cards.extend(KeyCard::parse(value).ok().filter(|card| !query.cards.contains(card))),
                "sort" => order(&mut query, value),
                "page" => query.page = value.parse().unwrap_or(1).max(1),
                _ => {}
            }
        }
        Self(query)
    }

    /// What stands in the address: nothing that would be so without it.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let (own, usual) = (&self.0, DirectoryQuery::default());
        let mut pairs = Vec::new();
        let mut put = |name, value: Option<String>| pairs.extend(value.map(|value| (name, value)));
        put("q", Some(own.search.clone()).filter(|search| !search.is_empty()));
        put("type", own.kind.map(|kind| kind.to_string()));
        put("partner", own.partner.map(|id| id.to_string()));
        put("feature", own.scope.map(|scope| scope.as_str().to_owned()));
        put("used", own.used.map(|used| used.to_string()));
        put("status", Some(own.status).filter(|status| *status != usual.status).map(|status| status.to_string()));
        for card in &own.cards {
            put("card", Some(card.to_string()));
        }
        let same = (own.order, own.descending) == (usual.order, usual.descending);
        put("sort", Some(sort_word(own.order, own.descending)).filter(|_| !same));
        put("page", Some(own.page).filter(|page| *page > 1).map(|page| page.to_string()));
        pairs
    }

    /// The same with a change, from its first page on.
    pub(super) fn with(&self, change: impl FnOnce(&mut DirectoryQuery)) -> Self {
        let mut query = DirectoryQuery { page: 1, ..self.0.clone() };
        change(&mut query);
        Self(query)
    }

    /// With a card's filter on, or off.
    pub(super) fn toggled(&self, card: KeyCard) -> Self {
        self.with(|query| match query.cards.iter().position(|known| *known == card) {
            Some(place) => drop(query.cards.remove(place)),
            None => query.cards.push(card),
        })
    }

    /// The address of the list in this state.
    pub(super) fn href(&self) -> String {
        self.under(HOME)
    }

    /// An address that takes the same state.
    pub(super) fn under(&self, path: &str) -> String {
        paths::with_query(path, self.pairs())
    }

    /// Whether anything but the order and the page was asked for.
    pub(super) fn is_narrowed(&self) -> bool {
        let usual = Self::default();
        self.with(|query| (query.order, query.descending) = (usual.0.order, usual.0.descending)) != usual
    }
}

fn sort_word(order: KeyOrder, descending: bool) -> String {
    format!("{}{order}", if descending { "-" } else { "" })
}

fn order(query: &mut DirectoryQuery, word: &str) {
    let (descending, name) = word.strip_prefix('-').map_or((false, word), |name| (true, name));
    if let Ok(order) = KeyOrder::parse(name) {
        (query.order, query.descending) = (order, descending);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> ListState {
        let owned: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ListState::read(&owned)
    }

    #[test]
    fn a_state_survives_its_address() {
        let pairs = [
            ("q", "Acme & co"),
            ("type", "partner"),
            ("partner", "7"),
            ("feature", "read_leads"),
            ("used", "over-90-days"),
            ("status", "any"),
            ("card", "idle"),
            ("card", "no-expiry"),
            ("sort", "-name"),
            ("page", "3"),
        ];
        let state = read(&pairs);
        let told: Vec<_> = state.pairs().into_iter().collect();
        assert_eq!(told.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>(), pairs);
        assert!(state.href().starts_with("/settings/configuration/access-keys?q=Acme%20%26%20co&"), "{}", state.href());
    }

    #[test]
    fn the_usual_state_has_the_plain_address_and_nonsense_asks_for_nothing() {
        let usual = ListState::default();
        assert_eq!(usual.href(), HOME);
        assert!(!usual.is_narrowed());
        let nonsense =
            read(&[("type", "x"), ("partner", "x"), ("status", "x"), ("page", "-1"), ("sort", "x"), ("y", "1")]);
        assert_eq!(nonsense, usual);
    }

    #[test]
    fn a_card_is_switched_on_and_off_and_begins_at_the_first_page() {
        let on = read(&[("page", "4")]).toggled(KeyCard::Idle);
        assert_eq!(on.href(), format!("{HOME}?card=idle"));
        assert_eq!(on.toggled(KeyCard::Idle), ListState::default());
        assert!(on.is_narrowed());
    }
}
