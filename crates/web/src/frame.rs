//! What the layout of every page shows around it, and the navigation: a closed list of what exists.

use leadlatch_domain::person::PersonRole;
use leadlatch_store::sessions::Person;

use crate::note::Note;
use crate::visitor::Visitor;

/// Under which headings a place stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    /// On the first level, with an icon.
    Top,
    /// Under Settings.
    Settings,
    /// Under Settings and Configuration.
    Configuration,
}

impl Section {
    const fn headings(self) -> &'static [&'static str] {
        match self {
            Self::Top => &[],
            Self::Settings => &["Settings"],
            Self::Configuration => &["Settings", "Configuration"],
        }
    }
}

/// One place of the navigation. Another page stands in [`PLACES`] from the commit on that makes it.
#[derive(Debug)]
pub(crate) struct Place {
    /// Its title.
    pub(crate) title: &'static str,
    /// Its address; pages below it count as it.
    pub(crate) href: &'static str,
    /// What it is for, in one line.
    pub(crate) about: &'static str,
    section: Section,
    /// Whether members have no use for it.
    admins_only: bool,
}

/// A place for admins.
const fn place(section: Section, title: &'static str, href: &'static str, about: &'static str) -> Place {
    Place { title, href, about, section, admins_only: true }
}

/// A place for everybody.
const fn open_place(title: &'static str, href: &'static str, about: &'static str) -> Place {
    Place { title, href, about, section: Section::Top, admins_only: false }
}

const PLACES: &[Place] = &[
    open_place("Home", "/", "What is set up, and what is not"),
    place(Section::Top, "Partners", crate::partners::HOME, "The companies that supply leads, buy them, or both"),
    place(Section::Settings, "Overview", "/settings", "Everything that an admin sets up"),
    place(Section::Settings, "Users", crate::users::LIST, "Who signs in, and what each person may do"),
    place(
        Section::Configuration,
        "Access Keys",
        crate::access_keys::HOME,
        "What lets outside systems send and read leads",
    ),
    place(Section::Configuration, "Webhooks", crate::webhooks::HOME, "Where events are sent as they happen"),
    place(Section::Top, "Audit Trail", crate::audit_trail::HOME, "Who changed what in security and configuration"),
    open_place("Help", crate::help::HOME, "What a key is, how to send it, every error code"),
];

/// How the pages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Theme {
    /// As the system does.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Reads the value of the cookie that the page's switch sets.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// The value of the attribute on the root, when the system is not followed.
    pub(crate) const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

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
    /// How the pages look.
    pub(crate) theme: Theme,
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
            theme: visitor.theme,
            here,
        }
    }

    /// Whether the person is an admin.
    pub(crate) fn is_admin(&self) -> bool {
        self.role == PersonRole::Admin
    }

    /// The places that the person has a use for, each with the headings that begin before it.
    pub(crate) fn places(&self) -> Vec<(&'static [&'static str], &'static Place)> {
        let admin = self.is_admin();
        let mut above: &[&str] = &[];
        let places = PLACES.iter().filter(|place| admin || !place.admins_only);
        places
            .map(|place| {
                let own = place.section.headings();
                let known = own.iter().zip(above).take_while(|(one, other)| one == other).count();
                above = own;
                (&own[known..], place)
            })
            .collect()
    }

    /// Whether the page is the one of this address.
    pub(crate) fn is_page(&self, path: &str) -> bool {
        self.here == path
    }

    /// The address of a place by its title, if there is one.
    pub(crate) fn href(&self, title: &str) -> Option<&'static str> {
        self.places().into_iter().map(|(_, place)| place).find(|place| place.title == title).map(|place| place.href)
    }

    /// The places below one, that the person has a use for.
    pub(crate) fn below(&self, href: &str) -> impl Iterator<Item = &'static Place> {
        let within = format!("{href}/");
        self.places().into_iter().map(|(_, place)| place).filter(move |place| place.href.starts_with(&within))
    }

    /// The places beside Home that the person has a use for.
    pub(crate) fn others(&self) -> impl Iterator<Item = &'static Place> {
        self.places().into_iter().map(|(_, place)| place).filter(|place| place.href != "/")
    }

    /// Whether the page is this place or lies below it, and below no nearer one.
    pub(crate) fn is_at(&self, place: &Place) -> bool {
        let nearest = PLACES.iter().filter(|place| place.holds(&self.here)).max_by_key(|place| place.href.len());
        nearest.is_some_and(|nearest| nearest.href == place.href)
    }
}

impl Place {
    /// Whether it stands below a heading.
    pub(crate) fn is_below(&self) -> bool {
        self.section != Section::Top
    }

    fn holds(&self, path: &str) -> bool {
        path.strip_prefix(self.href).is_some_and(|rest| rest.is_empty() || (rest.starts_with('/') && self.href != "/"))
    }
}
