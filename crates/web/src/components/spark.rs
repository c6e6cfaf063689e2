//! Spark bars: 30 days of requests, the refused ones on top of the accepted.

use std::fmt::Write;

use super::Svg;
use super::words::thousands;

/// Days shown.
pub(crate) const DAYS: usize = 30;
const WIDTH: u32 = 89;
const HEIGHT: i64 = 24;

/// The requests of a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Day {
    /// Those that were done.
    pub(crate) accepted: i64,
    /// Those that were not: every 4xx and 5xx.
    pub(crate) refused: i64,
}

impl Day {
    const fn total(self) -> i64 {
        self.accepted + self.refused
    }
}

/// The bars of 30 days, today last. The picture's name says both numbers.
pub(crate) fn spark(days: &[Day; DAYS]) -> Svg {
    let most = days.iter().map(|day| day.total()).max().unwrap_or_default();
    let mut inside = String::new();
    for (place, day) in days.iter().enumerate() {
        bar(&mut inside, place * 3, *day, most);
    }
    let (accepted, refused) = days.iter().fold((0, 0), |sum, day| (sum.0 + day.accepted, sum.1 + day.refused));
    let name = format!("Last 30 days: {} accepted, {} refused", thousands(accepted), thousands(refused));
    Svg::named("spark", (WIDTH, 24), &name, &inside)
}

fn bar(inside: &mut String, x: usize, day: Day, most: i64) {
    if day.total() == 0 {
        write!(inside, "<rect class='rest' x='{x}' y='23' width='2' height='1'/>").expect("a text takes all");
        return;
    }
    // What happened is seen: a part of few requests has one unit too.
    let part = |count: i64, room: i64| if count == 0 { 0 } else { (count * room / most.max(1)).max(1) };
    let gap = i64::from(day.accepted > 0 && day.refused > 0);
    let refused = part(day.refused, HEIGHT - 2);
    let accepted = part(day.accepted, HEIGHT - gap).min(HEIGHT - gap - refused);
    for (class, bottom, height) in [("yes", HEIGHT, accepted), ("no", HEIGHT - accepted - gap, refused)] {
        if height > 0 {
            let y = bottom - height;
            write!(inside, "<rect class='{class}' x='{x}' y='{y}' width='2' height='{height}'/>")
                .expect("a text takes all");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(day: Day) -> String {
        let mut days = [Day::default(); DAYS];
        days[0] = Day { accepted: 1_000, refused: 0 };
        days[29] = day;
        spark(&days).to_string()
    }

    #[test]
    fn a_day_without_requests_is_a_foot_and_a_few_are_seen() {
        assert_eq!(of(Day::default()).matches("class='rest'").count(), 29);
        let few = of(Day { accepted: 1, refused: 1 });
        assert!(few.contains("<rect class='yes' x='87' y='23' width='2' height='1'/>"), "{few}");
        assert!(few.contains("<rect class='no' x='87' y='21' width='2' height='1'/>"), "a gap of one unit: {few}");
        assert!(few.contains("aria-label=\"Last 30 days: 1,001 accepted, 1 refused\""), "{few}");
    }

    #[test]
    fn nothing_reaches_out_of_the_picture() {
        for (accepted, refused) in [(0, 1), (1, 0), (500, 500), (1, 999), (999, 1), (1, 1_000_000)] {
            let mut text = String::new();
            bar(&mut text, 0, Day { accepted, refused }, accepted + refused);
            assert!(!text.contains("y='-") && !text.contains("height='0'") && !text.contains("height='-"), "{text}");
        }
    }
}
