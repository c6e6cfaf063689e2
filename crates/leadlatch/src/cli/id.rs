//! Ids on the command line: whoever gives a name is told where the ids are.

pub(super) fn key(text: &str) -> Result<i64, &'static str> {
    text.parse().map_err(|_| "a key is named by its id; see `leadlatch key list`")
}

pub(super) fn partner(text: &str) -> Result<i64, &'static str> {
    text.parse().map_err(|_| "a partner record is named by its id; see `leadlatch partner list`")
}

pub(super) fn lead(text: &str) -> Result<i64, &'static str> {
    text.parse().map_err(|_| "a lead is named by its id; see `leadlatch lead list`")
}
