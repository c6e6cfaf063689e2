//! The table of a run.

use serde_json::{Value as Json, json};

use crate::case::Case;

/// One server in one round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure {
    pub(crate) requests: u64,
    /// Microseconds of CPU time a request.
    pub(crate) micros: f64,
}

/// A case with a figure for each round of each server.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) case: &'static Case,
    pub(crate) bare: Vec<Figure>,
    /// Empty where the reference has no counterpart.
    pub(crate) reference: Vec<Figure>,
    pub(crate) subject: Vec<Figure>,
}

/// The rounds of one server together.
struct Summary {
    median: f64,
    least: f64,
    most: f64,
    requests: u64,
}

impl Summary {
    fn of(figures: &[Figure]) -> Option<Self> {
        let mut sorted: Vec<f64> = figures.iter().map(|figure| figure.micros).collect();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let requests = figures.iter().map(|figure| figure.requests).sum();
        Some(Self { median: sorted[sorted.len() / 2], least, most, requests })
    }
}

impl Measured {
    fn rows(&self) -> impl Iterator<Item = (&'static str, Summary)> {
        let servers = [("hyper", &self.bare), ("reference", &self.reference), ("leadlatch", &self.subject)];
        servers.into_iter().filter_map(|(name, figures)| Some((name, Summary::of(figures)?)))
    }

    /// How many times the median of the named server.
    fn times(&self, summary: &Summary, name: &str) -> Option<f64> {
        self.rows().find(|(other, _)| *other == name).map(|(_, other)| summary.median / other.median)
    }
}

/// The lines of the table.
pub(crate) fn lines(measured: &[Measured]) -> Vec<String> {
    let head = "case                   server     us CPU    least     most  x hyper  x reference  to reach  requests";
    let mut lines = vec![head.to_owned()];
    for case in measured {
        for (server, figures) in case.rows() {
            let ours = server == "leadlatch";
            let times = |name| case.times(&figures, name).map_or_else(|| "-".into(), |times| format!("{times:.2}"));
            let to_reach = case.case.to_reach.filter(|_| ours).map_or_else(String::new, |times| format!("{times:.1}"));
            let beside = if server == "hyper" { "-".into() } else { times("reference") };
            lines.push(format!(
                "{:<22} {server:<9} {:>7.1} {:>8.1} {:>8.1} {:>8} {beside:>12} {to_reach:>9} {:>9}",
                case.case.name,
                figures.median,
                figures.least,
                figures.most,
                times("hyper"),
                figures.requests,
            ));
        }
    }
    lines
}

/// The same for machines, every round apart.
pub(crate) fn json(measured: &[Measured]) -> Json {
    let rows = measured.iter().flat_map(|case| case.rows().map(move |(server, figures)| (case, server, figures)));
    rows.map(|(case, server, figures)| {
        let rounds = match server {
            "hyper" => &case.bare,
            "reference" => &case.reference,
            _ => &case.subject,
        };
        json!({
            "case": case.case.name, "server": server, "cpu_micros": figures.median, "least": figures.least,
            "most": figures.most, "times_hyper": case.times(&figures, "hyper"),
            "times_reference": case.times(&figures, "reference"), "to_reach": case.case.to_reach,
            "requests": figures.requests,
            "rounds": rounds.iter().map(|figure| figure.micros).collect::<Vec<_>>(),
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::CASES;

    fn figures(micros: [f64; 3]) -> Vec<Figure> {
        micros.into_iter().map(|micros| Figure { requests: 10, micros }).collect()
    }

    #[test]
    fn multiples_are_of_the_medians() {
        let measured = Measured {
            case: &CASES[1],
            bare: figures([5.0, 4.0, 90.0]),
            reference: figures([8.0, 10.0, 12.0]),
            subject: figures([40.0, 20.0, 1.0]),
        };
        let rows = json(&[measured]);
        assert_eq!(rows[2]["cpu_micros"], 20.0);
        assert_eq!(rows[2]["times_hyper"], 4.0);
        assert_eq!(rows[2]["times_reference"], 2.0);
        assert_eq!(
            (&rows[2]["least"], &rows[2]["most"], &rows[2]["requests"]),
            (&1.0.into(), &40.0.into(), &30.into())
        );
    }

    #[test]
    fn without_a_reference_there_is_no_row_and_no_multiple_of_it() {
        let measured =
            Measured { case: &CASES[0], bare: figures([5.0; 3]), reference: Vec::new(), subject: figures([6.0; 3]) };
        let rows = json(&[measured]);
        assert_eq!(rows.as_array().map(Vec::len), Some(2));
        assert!(rows[1]["times_reference"].is_null());
    }
}
