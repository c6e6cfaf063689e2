//! The outcome chart: a row an outcome over the same 30 days, and the same numbers as a table.

use std::fmt::Write;

use super::Svg;
use super::spark::DAYS;
use super::words::{count, day_of_month, thousands};

const TALL: i64 = 112;
const LOW: i64 = 20;

/// The requests of 30 days by outcome.
#[derive(Debug, Clone)]
pub(crate) struct Outcomes {
    /// The day of the first column, since 1970.
    pub(crate) first_day: i64,
    /// Accepted requests first; the others follow, those that never happened too.
    pub(crate) rows: Vec<OutcomeRow>,
}

/// One outcome.
#[derive(Debug, Clone)]
pub(crate) struct OutcomeRow {
    /// `2xx`, `403`.
    pub(crate) code: &'static str,
    /// What it means.
    pub(crate) words: &'static str,
    /// Requests of each day.
    pub(crate) days: [i64; DAYS],
}

impl OutcomeRow {
    /// Requests of all days.
    pub(crate) fn total(&self) -> i64 {
        self.days.iter().sum()
    }

    /// The same with commas.
    pub(crate) fn total_in_words(&self) -> String {
        thousands(self.total())
    }
}

/// The rows that every chart has, and those that it has when they happened.
const ROWS: [(&str, &str, bool); 8] = [
    ("2xx", "Accepted", true),
    ("401", "Not recognised", true),
    ("403", "Not permitted", true),
    ("404", "Not found", true),
    ("422", "Not valid", true),
    ("429", "Too many", true),
    ("4xx", "Other refusals", false),
    ("5xx", "Failed", false),
];

impl Outcomes {
    /// The chart of counts by day and HTTP status; days before the first are left out.
    pub(crate) fn new(first_day: i64, counts: impl IntoIterator<Item = (i64, i64, i64)>) -> Self {
        let mut rows = ROWS.map(|(code, words, _)| OutcomeRow { code, words, days: [0; DAYS] });
        for (day, status, requests) in counts {
            let place = usize::try_from(day - first_day).ok();
            if let Some(cell) = place.and_then(|place| rows[row_of(status)].days.get_mut(place)) {
                *cell += requests;
            }
        }
        let kept = rows.into_iter().zip(ROWS).filter(|(row, (.., always))| *always || row.total() > 0);
        Self { first_day, rows: kept.map(|(row, _)| row).collect() }
    }

    /// The most of one day in the first row: `285 a day`.
    pub(crate) fn most_in_words(&self) -> String {
        format!("{} a day", thousands(self.most(true)))
    }

    /// The bars of a row: the first on a scale of its own, the others on one together.
    pub(crate) fn bars(&self, row: &OutcomeRow) -> Svg {
        let first = row.code == ROWS[0].0;
        let (height, class) = if first { (TALL, "yes") } else { (LOW, "no") };
        let most = self.most(first).max(1);
        let mut inside = String::new();
        if first {
            inside.push_str("<rect class='rule' x='0' y='0' width='300' height='1'/><rect class='rule' x='0' y='56' width='300' height='1'/>");
        }
        for (place, requests) in row.days.iter().enumerate() {
            let tall = if *requests == 0 { 1 } else { (requests * (height - 1) / most).max(2) };
            let class = if *requests == 0 { "rest" } else { class };
            let (x, y) = (place * 10 + 1, height - tall);
            write!(inside, "<rect class='{class}' x='{x}' y='{y}' width='8' height='{tall}'/>")
                .expect("a text takes all");
        }
        let name = format!("{} {}: {} in 30 days", row.code, row.words, count(row.total(), "request"));
        Svg::new(format!(
            "<svg viewBox=\"0 0 300 {height}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{name}\">{inside}</svg>"
        ))
    }

    /// Five days of the axis, the first and the last among them.
    pub(crate) fn axis(&self) -> [String; 5] {
        [0, 7, 14, 21, 29].map(|place| day_of_month(self.first_day + place))
    }

    /// The table's rows, newest day first, those without requests left out: the day and a number an outcome.
    pub(crate) fn table(&self) -> Vec<(String, Vec<String>)> {
        let busy = |place: &usize| self.rows.iter().any(|row| row.days[*place] > 0);
        let cells = |place: usize| self.rows.iter().map(|row| thousands(row.days[place])).collect();
        let days = (0..DAYS).rev().filter(busy);
        days.map(|place| (day_of_month(self.first_day + place as i64), cells(place))).collect()
    }

    fn most(&self, first: bool) -> i64 {
        let rows = if first { &self.rows[..1] } else { &self.rows[1..] };
        rows.iter().flat_map(|row| row.days).max().unwrap_or_default()
    }
}

const fn row_of(status: i64) -> usize {
    match status {
        ..400 => 0,
        401 => 1,
        403 => 2,
        404 => 3,
        422 => 4,
        429 => 5,
        400..500 => 6,
        500.. => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_never_happened_stay_as_proof_and_rare_ones_come_when_they_do() {
        let quiet = Outcomes::new(100, [(129, 200, 5), (99, 200, 7), (130, 200, 9)]);
        assert_eq!(
            quiet.rows.iter().map(|row| row.code).collect::<Vec<_>>(),
            ["2xx", "401", "403", "404", "422", "429"]
        );
        assert_eq!(quiet.rows[0].total(), 5, "other days are left out");
        let failing = Outcomes::new(100, [(100, 503, 1), (100, 409, 2)]);
        assert_eq!(
            failing.rows[6..].iter().map(|row| (row.code, row.total())).collect::<Vec<_>>(),
            [("4xx", 2), ("5xx", 1)]
        );
    }

    #[test]
    fn chart_and_table_have_the_same_numbers() {
        let chart = Outcomes::new(20_000, [(20_000, 201, 1_200), (20_000, 200, 34), (20_029, 403, 2)]);
        assert_eq!(chart.most_in_words(), "1,234 a day");
        let table = chart.table();
        assert_eq!(table.len(), 2);
        assert_eq!(table[0].1, ["0", "0", "2", "0", "0", "0"]);
        assert_eq!(table[1].1[0], "1,234");
        let bars = chart.bars(&chart.rows[2]).to_string();
        assert!(bars.contains("aria-label=\"403 Not permitted: 2 requests in 30 days\""), "{bars}");
        assert!(!bars.contains("y='-"));
    }
}
