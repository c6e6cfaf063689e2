//! Numbers and times as people read them.

use leadlatch_domain::time::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A number with commas between its thousands.
pub(crate) fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun: `1 key`, `2 keys`.
pub(crate) fn count(number: i64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", thousands(number))
}

/// How long ago, for lists: `12 sec ago`, `4 min ago`, `2 h ago`, `Yesterday`, `118 days ago`.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = (now.as_micros() - at.as_micros()) / 1_000_000;
    match seconds {
        ..1 => "Just now".into(),
        1..MINUTE => format!("{seconds} sec ago"),
        MINUTE..HOUR => format!("{} min ago", seconds / MINUTE),
        HOUR..DAY if now.day() == at.day() || seconds < 12 * HOUR => format!("{} h ago", seconds / HOUR),
        _ if now.day() - at.day() == 1 => "Yesterday".into(),
        _ => format!("{} days ago", now.day() - at.day()),
    }
}

/// Words that begin a sentence, in the middle of one.
pub(crate) fn lower(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// How long until, and `now` for what is past: `in 6 days`, `in 9 months`.
pub(crate) fn until(at: Timestamp, now: Timestamp) -> String {
    let seconds = (at.as_micros() - now.as_micros()) / 1_000_000;
    // An hour begun is one to come: what ends in 24 hours is not said to end in 23 a second later.
    let begun = |unit: i64| (seconds + unit - 1) / unit;
    match seconds {
        ..1 => "now".into(),
        1..MINUTE => "in a minute".into(),
        MINUTE..HOUR => format!("in {}", count(begun(MINUTE), "minute")),
        HOUR..DAY => format!("in {}", count(begun(HOUR), "hour")),
        _ if seconds < 60 * DAY => format!("in {}", count(seconds / DAY, "day")),
        _ if seconds < 730 * DAY => format!("in {}", count(seconds / (DAY * 365 / 12), "month")),
        _ => format!("in {}", count(seconds / (365 * DAY), "year")),
    }
}

/// A date: `23 Nov 2026`.
pub(crate) fn date(at: Timestamp) -> String {
    let text = at.to_string();
    let month = text[5..7].parse::<usize>().ok().and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    format!("{} {} {}", text[8..10].trim_start_matches('0'), month.unwrap_or(&""), text[..4].trim_start_matches('0'))
}

/// A day by its number since 1970, without its year: `23 Nov`.
pub(crate) fn day_of_month(day: i64) -> String {
    let text = date(Timestamp::from_micros(day.saturating_mul(DAY * 1_000_000)));
    text.rsplit_once(' ').map_or_else(String::new, |(day, _)| day.to_owned())
}

/// Date and minute with the zone: `23 Nov 2026, 14:03 UTC`.
pub(crate) fn minute(at: Timestamp) -> String {
    format!("{}, {} UTC", date(at), &at.to_string()[11..16])
}

/// The time of day to the millisecond: `14:03:22.118`.
pub(crate) fn clock(at: Timestamp) -> String {
    at.to_string()[11..23].to_owned()
}

/// Date and millisecond with the zone: `23 Nov 2026, 14:03:22.118 UTC`.
pub(crate) fn exact(at: Timestamp) -> String {
    format!("{}, {} UTC", date(at), clock(at))
}

/// The letters that stand for a person: of the first name and the last.
pub(crate) fn initials(name: &str) -> String {
    let mut letters = name.split_whitespace().filter_map(|word| word.chars().next());
    let (first, last) = (letters.next(), letters.next_back());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn numbers_have_commas() {
        let texts = [0, 12, 999, 1_000, 18_245, 1_000_000, -1_234].map(thousands);
        assert_eq!(texts, ["0", "12", "999", "1,000", "18,245", "1,000,000", "-1,234"]);
        assert_eq!([count(1, "key"), count(2, "key"), count(0, "key")], ["1 key", "2 keys", "0 keys"]);
    }

    #[test]
    fn initials_are_of_the_first_and_the_last_name() {
        assert_eq!(["Ruth Okafor", "Ana de la Cruz", "Ruth", "ßx", ""].map(initials), ["RO", "AC", "R", "SS", ""]);
    }

    #[test]
    fn times_are_relative_in_lists() {
        let now = at("2026-11-23T14:03:00Z");
        let said = |text| ago(at(text), now);
        assert_eq!(said("2026-11-23T14:02:48Z"), "12 sec ago");
        assert_eq!(said("2026-11-23T13:59:00Z"), "4 min ago");
        assert_eq!(said("2026-11-23T02:03:00Z"), "12 h ago");
        assert_eq!(said("2026-11-22T01:00:00Z"), "Yesterday");
        assert_eq!(said("2026-07-28T14:00:00Z"), "118 days ago");
        assert_eq!(ago(now, now), "Just now");
    }

    #[test]
    fn an_end_is_said_both_ways() {
        let now = at("2026-11-23T14:03:00Z");
        assert_eq!(until(at("2026-11-29T15:00:00Z"), now), "in 6 days");
        assert_eq!(until(at("2027-09-01T00:00:00Z"), now), "in 9 months");
        assert_eq!(until(at("2026-11-24T14:02:59Z"), now), "in 24 hours");
        assert_eq!(until(at("2026-11-23T14:04:01Z"), now), "in 2 minutes");
        assert_eq!(date(at("2026-11-29T15:00:00Z")), "29 Nov 2026");
        assert_eq!(date(at("2026-03-02T15:00:00Z")), "2 Mar 2026");
        assert_eq!(day_of_month(at("2026-11-23T15:00:00Z").day()), "23 Nov");
        assert_eq!(exact(at("2026-11-23T14:03:22.118Z")), "23 Nov 2026, 14:03:22.118 UTC");
    }
}
