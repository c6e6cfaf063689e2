//! What the layout of every page shows around it, and the navigation: a closed list of what exists.

use leadlatch_domain::person::PersonRole;
use leadlatch_store::sessions::Person;

use crate::note::Note;
use crate::visitor::Visitor;

/// One place of the navigation. Another page stands in [`PLACES`] from the commit on that makes it.
#[derive(Debug)]
pub(crate) struct Place {
    /// Its title.
    pub(crate) title: &'static str,
    /// Its address; pages below it count as it.
    pub(crate) href: &'static str,
    /// How deep it stands: 0, or 1 for a part of Settings.
    pub(crate) level: u8,
    /// The small heading that it stands under, if it is the first there.
    pub(crate) heading: Option<&'static str>,
    /// Whether members have no use for it.
    admins_only: bool,
}

const fn place(title: &'static str, href: &'static str, level: u8, admins_only: bool) -> Place {
    Place { title, href, level, heading: None, admins_only }
}

const PLACES: &[Place] = &[
    place("Home", "/", 0, false),
    place("Settings", "/settings", 0, true),
    place("Users", "/settings/users", 1, true),
];

/// What the layout shows.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// The account's name.
    pub(crate) account: String,
    /// The person's name.
    pub(crate) person: String,
    /// What the person may do.
    pub(crate) role: PersonRole,
    /// What every form carries, in a hidden field `_token`.
    pub(crate) token: String,
    /// What the page says once.
    pub(crate) note: Option<Note>,
    here: String,
}

impl Frame {
    pub(crate) fn of(person: &Person, visitor: &Visitor) -> Self {
        let here = visitor.here.split('?').next().unwrap_or_default().to_owned();
        Self {
            account: person.account_name.clone(),
            person: person.name.clone(),
            role: person.role,
            token: visitor.form_token(),
            note: visitor.note.clone(),
            here,
        }
    }

    /// Whether the person is an admin.
    pub(crate) fn is_admin(&self) -> bool {
        self.role == PersonRole::Admin
    }

    /// The places that the person has a use for.
    pub(crate) fn places(&self) -> impl Iterator<Item = &'static Place> {
        let admin = self.is_admin();
        PLACES.iter().filter(move |place| admin || !place.admins_only)
    }

    /// The address of a place by its title, if there is one.
    pub(crate) fn href(&self, title: &str) -> Option<&'static str> {
        self.places().find(|place| place.title == title).map(|place| place.href)
    }

    /// The places below one, that the person has a use for.
    pub(crate) fn below(&self, href: &str) -> impl Iterator<Item = &'static Place> {
        let within = format!("{href}/");
        self.places().filter(move |place| place.href.starts_with(&within))
    }

    /// Whether the page is this place or lies below it, and below no nearer one.
    pub(crate) fn is_at(&self, place: &Place) -> bool {
        let nearest = PLACES.iter().filter(|place| place.holds(&self.here)).max_by_key(|place| place.href.len());
        nearest.is_some_and(|nearest| nearest.href == place.href)
    }
}

impl Place {
    fn holds(&self, path: &str) -> bool {
        path.strip_prefix(self.href).is_some_and(|rest| rest.is_empty() || (rest.starts_with('/') && self.href != "/"))
    }
}
