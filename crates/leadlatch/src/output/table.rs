//! Lists as tables for people: no frames, so that lines stay lines for `grep` and `awk`.

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, ContentArrangement};
use serde_json::Value as Json;

use super::members;

/// Characters of a cell that are shown; `--json` has all of them.
const WIDEST: usize = 48;

/// A table that is filled row by row.
pub(crate) struct Table(comfy_table::Table);

impl Table {
    pub(crate) fn new<'h>(headings: impl IntoIterator<Item = &'h str>) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(headings.into_iter().map(|heading| Cell::new(heading.replace('_', " ").to_uppercase())));
        Self(table)
    }

    /// Adds a row. What is wide is cut, but for the last cell, which pushes nothing aside.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().map(|text| clean(&text)).collect();
        if let Some((_, before)) = cells.split_last_mut() {
            for text in before {
                *text = cut(text);
            }
        }
        self.0.add_row(cells);
    }

    /// These rows under these headings; `none` where there is none.
    pub(crate) fn rows<const N: usize>(headings: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
        let mut table = Self::new(headings);
        rows.into_iter().for_each(|row| table.row(row));
        if table.0.is_empty() { "none".to_owned() } else { table.to_string() }
    }

    /// The rows of a list of objects: a column a member that any of them has, in the order of the members.
    pub(crate) fn of(rows: &[Json]) -> Self {
        let mut columns: Vec<&str> = Vec::new();
        for (name, _) in rows.iter().flat_map(members) {
            if !columns.contains(&name.as_str()) {
                columns.push(name);
            }
        }
        let mut table = Self::new(columns.iter().copied());
        for row in rows {
            table.row(columns.iter().map(|column| cut(&row.get(column).map(text).unwrap_or_default())));
        }
        table
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let trimmed: Vec<_> = self.0.lines().map(|line| line.trim().to_owned()).collect();
        f.write_str(&trimmed.join("\n"))
    }
}

/// A value in words.
pub(super) fn text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Json::Object(_) => {
            members(value).map(|(name, value)| format!("{name} {}", text(value))).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// On one line, and without what a terminal would obey.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn cut(text: &str) -> String {
    if text.chars().count() <= WIDEST {
        return text.to_owned();
    }
    text.chars().take(WIDEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Table;

    #[test]
    fn columns_are_the_members_that_any_row_has() {
        let rows = [
            json!({"id": 1, "name": "Ann\nB\u{1b}[2J", "note": null, "scopes": ["a", "b"]}),
            json!({"id": 20, "name": "x".repeat(80), "last_used_at": "today", "scopes": []}),
        ];
        let text = Table::of(&rows).to_string();
        let lines: Vec<_> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
        assert_eq!(lines[0], ["ID", "NAME", "SCOPES", "LAST", "USED", "AT"]);
        assert_eq!(lines[1], ["1", "Ann", "B", "[2J", "a,", "b"]);
        assert_eq!(lines[2], ["20", &format!("{}…", "x".repeat(47)), "today"]);
        assert_eq!(lines.len(), 3);
    }
}
