//! The pages of the help that stand in files.

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "templates/help/"]
struct Files;

/// A page of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Topic {
    /// Its address under `/help`.
    pub(super) name: String,
    /// Its title.
    pub(super) title: String,
    /// What it is about.
    pub(super) about: String,
    /// Its body: HTML of ours, empty for a page that is made from a table.
    pub(super) body: String,
    place: u32,
}

/// Every page, in order.
pub(super) fn all() -> Vec<Topic> {
    let file = |name: std::borrow::Cow<'static, str>| {
        let text = String::from_utf8(Files::get(&name)?.data.into_owned()).ok()?;
        Topic::read(name.strip_suffix(".html")?, &text)
    };
    let mut topics: Vec<Topic> = Files::iter().filter_map(file).chain([access(), errors()]).collect();
    topics.sort_by_key(|topic| topic.place);
    topics
}

fn access() -> Topic {
    let about = "Every action: the feature that it needs, and what a Partner key gets of it.";
    Topic::made(30, "access", "What each key may reach", about)
}

fn errors() -> Topic {
    let about = "Every code that the API refuses with: what is the matter, and what to change.";
    Topic::made(60, "errors", "Error codes", about)
}

impl Topic {
    fn made(place: u32, name: &str, title: &str, about: &str) -> Self {
        Self { name: name.into(), title: title.into(), about: about.into(), body: String::new(), place }
    }

    /// Its whole address.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", super::HOME, self.name)
    }

    /// A file with its head.
    fn read(name: &str, text: &str) -> Option<Self> {
        let (head, body) = text.split_once('\n')?;
        let head = head.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
        let mut parts = head.split('|').map(str::trim);
        let (place, title, about) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
        Some(Self { body: body.to_owned(), ..Self::made(place, name, title, about) })
    }
}

#[cfg(test)]
mod tests {
    use super::{Files, Topic, all};

    #[test]
    fn every_file_is_a_page_with_its_head() {
        let topics = all();
        assert_eq!(topics.len(), Files::iter().count() + 2, "a file whose first line is no head");
        for topic in &topics {
            assert!(topic.about.ends_with('.') && !topic.title.is_empty(), "{topic:?}");
            assert!(!topic.body.contains("style=") && !topic.body.contains("<script"), "{}", topic.name);
            assert!(!topic.body.contains("<h1"), "{}: the title is the heading", topic.name);
        }
        assert!(topics.is_sorted_by_key(|topic| topic.place));
    }

    #[test]
    fn a_head_has_three_parts() {
        let topic = Topic::read("x", "<!-- 5 | Title | About. -->\n<p>Body</p>\n").unwrap();
        assert_eq!(
            (topic.title.as_str(), topic.about.as_str(), topic.body.as_str()),
            ("Title", "About.", "<p>Body</p>\n")
        );
        for bad in ["<p>x</p>\n", "<!-- x | y | z. -->\n", "<!-- 1 | y -->\n", ""] {
            assert_eq!(Topic::read("x", bad), None, "{bad}");
        }
    }
}
