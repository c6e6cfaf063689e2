//! A menu that narrows a list: each of its values is a link to the list in another state.

/// A menu of one filter.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) label: &'static str,
    /// What it is set to.
    pub(crate) value: Option<String>,
    pub(crate) options: Vec<Choice>,
}

/// One of a filter's values.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) words: String,
    pub(crate) href: String,
    pub(crate) chosen: bool,
}

impl Filter {
    /// Of the choice that narrows nothing, and of the others: it is set to that of them which is chosen.
    pub(crate) fn of(label: &'static str, any: Choice, values: impl IntoIterator<Item = Choice>) -> Self {
        let mut options = vec![any];
        options.extend(values);
        let value = options.iter().skip(1).find(|option| option.chosen).map(|option| option.words.clone());
        Self { label, value, options }
    }
}

impl Choice {
    pub(crate) fn new(words: impl Into<String>, href: String, chosen: bool) -> Self {
        Self { words: words.into(), href, chosen }
    }
}
