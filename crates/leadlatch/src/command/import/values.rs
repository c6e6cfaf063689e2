//! Cells as people write them, brought into the form that the API takes.

use leadlatch_domain::fault::Fault;
use leadlatch_domain::time::Date;

/// What stands first in a date of three numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    DayFirst,
    MonthFirst,
}

impl Order {
    /// As a country writes it.
    pub(super) fn of_country(country: &str) -> Self {
        let month_first = matches!(country, "US" | "PR" | "GU" | "VI" | "AS" | "MP" | "PH" | "FM" | "MH" | "PW");
        if month_first { Self::MonthFirst } else { Self::DayFirst }
    }

    /// Reads `dmy`, `mdy`, or a form such as `DD/MM/YYYY`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut letters: Vec<char> = text.to_lowercase().chars().filter(|c| matches!(c, 'd' | 'm' | 'y')).collect();
        letters.dedup();
        match letters.as_slice() {
            ['d', 'm', 'y'] => Some(Self::DayFirst),
            ['m', 'd', 'y'] => Some(Self::MonthFirst),
            _ => None,
        }
    }

    /// Its name.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::DayFirst => "dmy",
            Self::MonthFirst => "mdy",
        }
    }
}

/// A date that was read, and whether another order would have given another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) date: Date,
    pub(super) ambiguous: bool,
}

/// Reads `2026-01-31`, `31/01/2026`, `31-Jan-2026` or `31.01.2026`, with or without a time behind it. Dates with points
/// have the day first everywhere.
pub(super) fn date(text: &str, order: Order) -> Result<Read, Fault> {
    let text = without_time(text.trim());
    let fault = || {
        let said = "Write a date of the calendar as 2026-01-31, 31/01/2026, 31-Jan-2026 or 31.01.2026.";
        Fault::new("bad_date", said)
    };
    let parts: Vec<&str> = text.split(['-', '/', '.', ' ']).filter(|part| !part.is_empty()).collect();
    let [first, second, third] = parts[..] else { return Err(fault()) };
    let number = |part: &str| part.parse::<i16>().ok().filter(|_| part.bytes().all(|byte| byte.is_ascii_digit()));
    let from = |year: &str, month: Option<i16>, day: &str| {
        let year = number(year).filter(|_| year.len() == 4).ok_or_else(fault)?;
        let (month, day) = (month.ok_or_else(fault)?, number(day).ok_or_else(fault)?);
        Date::from_parts(year, month, day).map_err(|_| fault())
    };
    let plain = |date| Read { date, ambiguous: false };
    if first.len() == 4 {
        return from(first, number(second), third).map(plain);
    }
    if let Some(month) = month(second) {
        return from(third, Some(month), first).map(plain);
    }
    if let Some(month) = month(first) {
        return from(third, Some(month), second.trim_end_matches(',')).map(plain);
    }
    if text.contains('.') || order == Order::DayFirst {
        let date = from(third, number(second), first)?;
        let ambiguous = !text.contains('.') && swaps(first, second, number);
        return Ok(Read { date, ambiguous });
    }
    let date = from(third, number(first), second)?;
    Ok(Read { date, ambiguous: swaps(first, second, number) })
}

/// Whether day and month could change places and mean another date.
fn swaps(first: &str, second: &str, number: impl Fn(&str) -> Option<i16>) -> bool {
    matches!((number(first), number(second)), (Some(a), Some(b)) if a <= 12 && b <= 12 && a != b)
}

/// Spreadsheets put midnight behind a date.
fn without_time(text: &str) -> &str {
    match text.split_once(['T', ' ']) {
        Some((date, time)) if date.len() >= 8 && time.contains(':') => date,
        _ => text,
    }
}

fn month(text: &str) -> Option<i16> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let text = text.to_lowercase();
    let same = |name: &&str| {
        **name == *text || (text.len() == 3 && name.starts_with(&text)) || (text == "sept" && name.starts_with("sept"))
    };
    (1..).zip(MONTHS).find(|(_, name)| same(name)).map(|(month, _)| month)
}

/// Reads yes and no as people and machines write them; anything else stays for the field to judge.
pub(super) fn yes_no(text: &str) -> &str {
    match text.to_ascii_lowercase().as_str() {
        "y" | "true" | "1" | "x" | "on" => "yes",
        "n" | "false" | "0" | "off" => "no",
        _ => text,
    }
}

/// A number without currency signs and thousands separators: `£1,234.50`, `1.234,50 €` and `1 234` are read.
pub(super) fn number(text: &str) -> String {
    let plain: String =
        text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '£' | '$' | '€' | '\'' | '’')).collect();
    let (comma, point) = (plain.rfind(','), plain.rfind('.'));
    match (comma, point) {
        (Some(comma), Some(point)) if comma > point => plain.replace('.', "").replace(',', "."),
        (Some(_), Some(_)) => plain.replace(',', ""),
        (Some(comma), None) if plain.matches(',').count() == 1 && plain.len() - comma <= 3 => plain.replace(',', "."),
        (Some(_), None) => plain.replace(',', ""),
        (None, _) => plain,
    }
}

/// A text for a field of one line.
pub(super) fn one_line(text: &str) -> String {
    if !text.contains(['\n', '\r']) {
        return text.to_owned();
    }
    text.lines()
        .map(|line| line.trim().trim_end_matches(','))
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Order, date, number, one_line, yes_no};

    #[test]
    fn four_forms_of_a_date_are_read() {
        for text in [
            "2026-01-31",
            "31/01/2026",
            "31-Jan-2026",
            "31.01.2026",
            "31 January 2026",
            "31/1/2026 00:00",
            "2026-01-31T09:00:00Z",
        ] {
            let read = date(text, Order::DayFirst).expect(text);
            assert_eq!((read.date.to_string().as_str(), read.ambiguous), ("2026-01-31", false), "{text}");
        }
        let read = |text, order| date(text, order).map(|read| (read.date.to_string(), read.ambiguous));
        assert_eq!(read("03/04/2026", Order::DayFirst).unwrap(), ("2026-04-03".into(), true));
        assert_eq!(read("03/04/2026", Order::MonthFirst).unwrap(), ("2026-03-04".into(), true));
        assert_eq!(read("03.04.2026", Order::MonthFirst).unwrap(), ("2026-04-03".into(), false));
        assert_eq!(read("04/04/2026", Order::DayFirst).unwrap(), ("2026-04-04".into(), false));
        for text in ["01/31/2026", "31/02/2026", "31/01/26", "yesterday", "2026", "1-2-3-4", "31-Foo-2026"] {
            assert_eq!(date(text, Order::DayFirst).unwrap_err().code, "bad_date", "{text}");
        }
    }

    #[test]
    fn the_order_is_the_countrys_or_is_told() {
        assert_eq!((Order::of_country("GB"), Order::of_country("US")), (Order::DayFirst, Order::MonthFirst));
        for text in ["mdy", "MM/DD/YYYY", "m-d-y"] {
            assert_eq!(Order::parse(text), Some(Order::MonthFirst), "{text}");
        }
        assert_eq!((Order::parse("dd.mm.yyyy"), Order::parse("ymd")), (Some(Order::DayFirst), None));
    }

    #[test]
    fn numbers_and_words_are_read_as_people_write_them() {
        for (text, plain) in [
            ("£1,234.50", "1234.50"),
            ("1.234,50 €", "1234.50"),
            ("1,234", "1234"),
            ("12,5", "12.5"),
            ("1 234", "1234"),
            ("-3", "-3"),
            ("1,234,567", "1234567"),
        ] {
            assert_eq!(number(text), plain, "{text}");
        }
        assert_eq!((yes_no("Y"), yes_no("0"), yes_no("maybe")), ("yes", "no", "maybe"));
        assert_eq!(one_line("Flat 1,\r\n2 High Street\n"), "Flat 1, 2 High Street");
    }
}
