//! The icons: our own set on a grid of 16, drawn with one stroke in the colour of the text.

use std::fmt;

use askama::filters::HtmlSafe;

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident $paths:literal;)+) => {
        /// An icon. Decoration: a control that has nothing else needs a name of its own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Icon { $($(#[$doc])* $name),+ }

        impl Icon {
            /// Every icon.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),+];

            const fn paths(self) -> &'static str {
                match self { $(Self::$name => $paths),+ }
            }
        }
    };
}

icons! {
    /// Leads.
    Inbox "<path d='M2 9.5 3.7 3.6a1 1 0 0 1 1-.6h6.6a1 1 0 0 1 1 .6L14 9.5V12a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1zM2 9.5h3.5l1 1.7h3l1-1.7H14'/>";
    /// Partners.
    Partners "<circle cx='5.8' cy='8' r='3.8'/><circle cx='10.2' cy='8' r='3.8'/>";
    /// Settings.
    Sliders "<path d='M1.5 4.5h4M9.5 4.5h5M1.5 11.5h6M11.5 11.5h3M1.5 8h13'/><circle cx='7.5' cy='4.5' r='1.8'/><circle cx='9.5' cy='11.5' r='1.8'/>";
    /// Audit Trail.
    Book "<path d='M3 12.8V3a1 1 0 0 1 1-1h9v12H4.2A1.2 1.2 0 0 1 3 12.8zm0 0a1.2 1.2 0 0 1 1.2-1.2H13M6 5h4M6 7.8h4'/>";
    /// Help.
    Help "<circle cx='8' cy='8' r='6.2'/><path d='M6.2 6.3a1.9 1.9 0 1 1 2.6 1.9c-.6.3-.8.6-.8 1.2M8 11.5v.1'/>";
    /// Home.
    Home "<path d='M2 7.5 8 2.3l6 5.2M3.6 6.5V13h3v-3.5h2.8V13h3V6.5'/>";
    /// The chain of the audit trail.
    Link "<path d='m6.7 9.3 2.6-2.6M7.3 4.7l1.4-1.4a2.8 2.8 0 0 1 4 4l-1.4 1.4M8.7 11.3l-1.4 1.4a2.8 2.8 0 0 1-4-4l1.4-1.4'/>";
    /// Delete.
    Bin "<path d='M2.8 4.2h10.4M6 4V2.5h4V4M4 4.2l.5 8.6a1 1 0 0 0 1 .9h5a1 1 0 0 0 1-.9l.5-8.6M6.7 7v3.8M9.3 7v3.8'/>";
    /// More actions.
    Dots "<path d='M8 3.2v.1M8 8v.1M8 12.7v.1' stroke-width='2.2'/>";
    /// Opens downwards.
    Down "<path d='m4 6.2 4 4 4-4'/>";
    /// Goes further.
    Right "<path d='m6.2 4 4 4-4 4'/>";
    /// Goes back.
    Left "<path d='m9.8 4-4 4 4 4'/>";
    /// Upwards.
    Up "<path d='m4 9.8 4-4 4 4'/>";
    /// Both directions.
    UpDown "<path d='m5 6 3-3 3 3M5 10l3 3 3-3'/>";
    /// Add.
    Plus "<path d='M8 3v10M3 8h10'/>";
    /// Granted, done.
    Tick "<path d='m3 8.5 3.3 3.3L13 4.8'/>";
    /// Not granted, refused, close.
    Cross "<path d='m4 4 8 8M12 4l-8 8'/>";
    /// Never happened.
    Dash "<path d='M4 8h8'/>";
    /// Search.
    Search "<circle cx='7' cy='7' r='4.3'/><path d='m10.2 10.2 3.3 3.3'/>";
    /// Filters.
    Funnel "<path d='M2.5 3h11L9.5 8.2v4.3L6.5 13.5V8.2z'/>";
    /// Save a file.
    Download "<path d='M8 2.5v7.5M4.8 7 8 10.2 11.2 7M2.8 13.2h10.4'/>";
    /// Attention.
    Triangle "<path d='M8 2.3 14.5 13.5h-13zM8 6.3v3.4M8 11.7v.1'/>";
    /// Closed to this kind.
    Lock "<rect x='3' y='7' width='10' height='6.7' rx='1.3'/><path d='M5.2 7V5a2.8 2.8 0 0 1 5.6 0v2'/>";
    /// A time.
    Clock "<circle cx='8' cy='8' r='6'/><path d='M8 4.6V8l2.3 1.5'/>";
    /// Rotate, refresh.
    Rotate "<path d='M13.3 6.5A5.5 5.5 0 0 0 3.5 4.7L2.5 6M2.5 2.8V6h3.2M2.7 9.5a5.5 5.5 0 0 0 9.8 1.8l1-1.3M13.5 13.2V10h-3.2'/>";
    /// Edit.
    Pencil "<path d='m3 10.5-.5 3 3-.5 7.7-7.7-2.5-2.5zM9.2 4.3l2.5 2.5'/>";
    /// Open.
    Open "<path d='M6.5 3H3.8a1 1 0 0 0-1 1v8.2a1 1 0 0 0 1 1H12a1 1 0 0 0 1-1V9.5M9.5 2.8h3.7v3.7M13 3 7.5 8.5'/>";
    /// Copy.
    Copy "<rect x='5.5' y='5.5' width='8' height='8' rx='1.3'/><path d='M3.5 10.5h-.2a.8.8 0 0 1-.8-.8V3.3a.8.8 0 0 1 .8-.8h6.4a.8.8 0 0 1 .8.8v.2'/>";
    /// Try it.
    Play "<path d='M4.5 3v10l8-5z'/>";
    /// The menu of a narrow screen.
    Menu "<path d='M2.5 4h11M2.5 8h11M2.5 12h11'/>";
    /// Sign out.
    Out "<path d='M9.5 2.8H4a1 1 0 0 0-1 1v8.4a1 1 0 0 0 1 1h5.5M7 8h7M11.5 5.3 14.2 8l-2.7 2.7'/>";
}

impl Icon {
    /// The icon of a place on the first level of the navigation.
    pub(crate) fn of_place(href: &str) -> Self {
        match href {
            "/leads" => Self::Inbox,
            "/partners" => Self::Partners,
            "/audit" | "/audit-trail" => Self::Book,
            "/help" => Self::Help,
            _ => Self::Home,
        }
    }
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<svg class='icon' viewBox='0 0 16 16' aria-hidden='true' focusable='false'>")?;
        f.write_str(self.paths())?;
        f.write_str("</svg>")
    }
}

impl HtmlSafe for Icon {}

#[cfg(test)]
mod tests {
    use super::Icon;

    #[test]
    fn every_icon_is_drawn_and_says_nothing() {
        for icon in Icon::ALL {
            let text = icon.to_string();
            assert!(
                text.contains("aria-hidden='true'") && text.contains(" d='") || text.contains("<circle"),
                "{icon:?}"
            );
            assert!(!text.contains("style"), "{icon:?}");
        }
    }
}
