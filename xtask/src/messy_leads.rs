//! A CSV of leads as companies of the field have them: `messy-leads --rows N --seed N [--latin1] [--delimiter C]
//! [--introducers A,B]`.
//!
//! Telephone numbers in every spelling, four forms of dates, accents, quoted line breaks, duplicates and bad rows. On
//! stderr stands, as JSON, what an importer must find in it. With `--introducers` each row belongs to one of those named or,
//! in a column that is left empty, to nobody; and `leads` tells of each good row its number, the number in its e-mail
//! address, the number in its telephone number, and whose it is: 0 for nobody, 1 for the first of those named.

use std::io::{self, Write};

use encoding_rs::WINDOWS_1252;
use serde_json::json;

const USAGE: &str = "usage: cargo run -p xtask -- messy-leads [--rows N] [--seed N] [--latin1] [--delimiter C] \
    [--introducers A,B]";
const INTRODUCER: &str = "Supplier";
const HEADERS: [&str; 11] = [
    "First Name",
    "SURNAME",
    "E-mail",
    "Mobile",
    "Home phone",
    "Address Line 1",
    "Town",
    "Post Code",
    "Date of birth",
    "Lead source",
    "External ID",
];
const FIRST: [&str; 12] =
    ["Ann", "José", "Zoë", "Jürgen", "Mary-Ann", "Seán", "François", "Siân", "O", "Mohammed", "Chloé", "Bob"];
const LAST: [&str; 10] =
    ["Lee", "O'Brien", "Müller", "Núñez", "Smith", "d’Arcy", "Åkesson", "van der Berg", "Singh", "Jones, Jr."];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What is made, and what is in it.
struct Mess {
    seed: u64,
    bad: Vec<i64>,
    duplicates: Vec<i64>,
    /// Records without their e-mail address and number, by which later ones are their duplicates.
    good: Vec<u64>,
    /// Nobody, and those who bring leads; empty when nobody was named.
    introducers: Vec<String>,
    leads: Vec<Truth>,
}

/// A good row: its number, the number in its e-mail address, the one in its telephone number, and whose it is.
type Truth = (i64, u64, u64, usize);

/// Writes the file to stdout.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let (mut rows, mut seed, mut latin1, mut delimiter, mut introducers) = (50_000, 1, false, b',', Vec::new());
    let mut arguments = arguments.iter();
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().copied().ok_or(USAGE);
        match *name {
            "--rows" => rows = value()?.parse().map_err(|_| USAGE)?,
            "--seed" => seed = value()?.parse().map_err(|_| USAGE)?,
            "--delimiter" => delimiter = *value()?.as_bytes().first().ok_or(USAGE)?,
            "--latin1" => latin1 = true,
            "--introducers" => {
                introducers = std::iter::once("").chain(value()?.split(',')).map(str::to_owned).collect();
            }
            _ => return Err(USAGE.into()),
        }
    }
    let (bad, duplicates, good, leads) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut mess = Mess { seed, bad, duplicates, good, introducers, leads };
    let mut text = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    let last = (!mess.introducers.is_empty()).then_some(INTRODUCER);
    text.write_record(HEADERS.iter().chain(&last)).map_err(|error| error.to_string())?;
    for number in 1..=rows {
        text.write_record(mess.row(number)).map_err(|error| error.to_string())?;
    }
    let text = text.into_inner().map_err(|error| error.to_string())?;
    let text = String::from_utf8(text).map_err(|error| error.to_string())?;
    let bytes = if latin1 { WINDOWS_1252.encode(&text).0.into_owned() } else { text.into_bytes() };
    io::stdout().write_all(&bytes).map_err(|error| error.to_string())?;
    let mut found = json!({
        "rows": rows,
        "bad": mess.bad.len(),
        "duplicates": mess.duplicates.len(),
        "bad_rows": mess.bad,
        "duplicate_rows": mess.duplicates,
    });
    if last.is_some() {
        found["leads"] = json!(mess.leads);
    }
    writeln!(io::stderr(), "{found}").map_err(|error| error.to_string())
}

impl Mess {
    /// A number below another one, the same in every run (splitmix64).
    fn below(&mut self, limit: usize) -> usize {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let limit = u64::try_from(limit).unwrap_or(1);
        usize::try_from((mixed ^ (mixed >> 31)) % limit).unwrap_or_default()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// One in twenty is bad, one in ten a duplicate of a good one before it.
    fn row(&mut self, number: i64) -> Vec<String> {
        let own = number.unsigned_abs();
        let kind = self.below(20);
        let of = if (1..3).contains(&kind) && !self.good.is_empty() {
            let at = self.below(self.good.len());
            self.duplicates.push(number);
            self.good[at]
        } else {
            own
        };
        let (mut row, email, phone) = self.good_row(own, of);
        if kind == 0 {
            self.bad.push(number);
            self.spoil(&mut row);
        } else if of == own {
            self.good.push(own);
        }
        if !self.introducers.is_empty() {
            let whose = self.below(self.introducers.len());
            row.push(self.introducers[whose].clone());
            if kind != 0 {
                self.leads.push((number, email, phone, whose));
            }
        }
        row
    }

    /// The row, the number in its e-mail address and the one in its telephone number.
    fn good_row(&mut self, own: u64, of: u64) -> (Vec<String>, u64, u64) {
        let by_email = of == own || self.below(2) == 0;
        let by_phone = of == own || !by_email;
        let (with_email, with_phone) = (if by_email { of } else { own }, if by_phone { of } else { own });
        let email = format!("lead{with_email}@example.com");
        let email = if self.below(3) == 0 { email.to_uppercase() } else { email };
        let mobile = self.spelled(with_phone);
        let (mobile, home) = if self.below(4) == 0 { (String::new(), mobile) } else { (mobile, String::new()) };
        let address = match self.below(5) {
            0 => format!("Flat {own}\nThe \"Old\" Mill, High Street"),
            1 => format!("{own}, Rue de l’Été"),
            _ => format!("{own} High Street"),
        };
        let row = vec![
            self.pick(&FIRST).into(),
            self.pick(&LAST).into(),
            email,
            mobile,
            home,
            address,
            self.pick(&["Leeds", "Málaga", "London", ""]).into(),
            self.pick(&["N1 9GU", "n19gu", "SW1A 1AA", ""]).into(),
            self.date(),
            self.pick(&["Facebook", "google / cpc", "Été 2026", ""]).into(),
            format!("r{own}"),
        ];
        (row, with_email, with_phone)
    }

    /// A number of one lead alone, in one of the spellings.
    fn spelled(&mut self, of: u64) -> String {
        let digits = format!("77{of:08}");
        let (a, b, c) = (&digits[..4], &digits[4..7], &digits[7..]);
        match self.below(9) {
            0 => format!("0{digits}"),
            1 => format!("+44{digits}"),
            2 => format!("+44 (0){a} {b} {c}"),
            3 => format!("0044 {a} {b}{c}"),
            4 => format!("(0{a}) {b}-{c}"),
            5 => format!("0{a}.{b}.{c}"),
            6 => format!("44{digits}"),
            7 => format!("0{a} {b} {c} ext. 12"),
            _ => format!("0{a}\u{a0}{b}\u{a0}{c}"),
        }
    }

    fn date(&mut self) -> String {
        let (year, month, day) = (1940 + self.below(65), 1 + self.below(12), 1 + self.below(28));
        match self.below(5) {
            0 => format!("{year}-{month:02}-{day:02}"),
            1 => format!("{day:02}/{month:02}/{year}"),
            2 => format!("{day}-{}-{year}", MONTHS[month - 1]),
            3 => format!("{day:02}.{month:02}.{year}"),
            _ => String::new(),
        }
    }

    /// Makes a row one that cannot be a lead.
    fn spoil(&mut self, row: &mut [String]) {
        match self.below(6) {
            0 => row[2] = "not given".into(),
            1 => row[3] = "call the office".into(),
            2 => row[8] = "31/02/1980".into(),
            3 => row[8] = "sometime".into(),
            4 => [2, 3, 4, 5].into_iter().for_each(|at| row[at].clear()),
            _ => row[1] = "x".repeat(300),
        }
    }
}
