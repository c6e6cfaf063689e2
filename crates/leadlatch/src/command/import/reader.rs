//! The file: its encoding, its delimiter and its records.

use std::path::Path;

use encoding_rs::{Encoding, WINDOWS_1252};
use sha2::{Digest, Sha256};

use super::quotes::refuse_open;
use crate::output::{Failure, Outcome};

/// A cell with more line breaks than any note has is a quotation mark that was never closed.
const LINE_BREAKS: usize = 200;
/// What spreadsheets and data bases put between cells.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// A file that was read whole.
pub(super) struct File {
    /// SHA-256 of its bytes.
    pub(super) digest: [u8; 32],
    /// The name of its encoding.
    pub(super) encoding: &'static str,
    /// What stands between cells.
    pub(super) delimiter: char,
    /// The first row.
    pub(super) headers: Vec<String>,
    /// Rows after the first, blank ones included.
    pub(super) records: i64,
    text: String,
    /// Lines before the text, for those that people count.
    lines_before: u64,
}

/// A row after the headers.
pub(super) struct Record {
    /// Its number, from 1.
    pub(super) number: i64,
    /// The line of the file in which it begins, from 1.
    pub(super) line: u64,
    /// Its cells.
    pub(super) cells: csv::StringRecord,
}

impl Record {
    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

impl File {
    /// Reads and looks through a file, so that what is no CSV is refused before anything is written.
    pub(super) fn open(path: &Path) -> Outcome<Self> {
        let bytes = std::fs::read(path).map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        Self::read(&bytes).map_err(|said| Failure::new(format!("{}: {said}", path.display())))
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
            return Err("this is a spreadsheet; save it as CSV first".into());
        }
        let digest = Sha256::digest(bytes).into();
        let (text, encoding) = decode(bytes);
        let (text, delimiter, lines_before) = match told_delimiter(&text) {
            Some((rest, delimiter)) => (rest.to_owned(), delimiter, 1),
            None => (text.clone(), delimiter(&text), 0),
        };
        refuse_open(&text, delimiter, lines_before)?;
        let mut file = Self { digest, encoding, delimiter, headers: Vec::new(), records: 0, text, lines_before };
        let mut rows = file.rows();
        let headers = rows.next().transpose()?.ok_or("the file is empty")?;
        let headers: Vec<String> = headers.cells.iter().map(|cell| cell.trim().to_owned()).collect();
        if headers.iter().all(String::is_empty) {
            return Err("the first row must name the columns".into());
        }
        let mut records = 0;
        for row in rows {
            let row = row?;
            if row.cells.iter().any(|cell| cell.matches('\n').count() > LINE_BREAKS) {
                return Err(format!("line {}: a quotation mark is opened and not closed", row.line));
            }
            records = row.number;
        }
        (file.headers, file.records) = (headers, records);
        Ok(file)
    }

    /// The rows after the headers.
    pub(super) fn records(&self) -> impl Iterator<Item = Result<Record, String>> {
        self.rows().skip(1)
    }

    fn rows(&self) -> impl Iterator<Item = Result<Record, String>> {
        let delimiter = u8::try_from(self.delimiter).unwrap_or(b',');
        let mut builder = csv::ReaderBuilder::new();
        let reader = builder.has_headers(false).flexible(true).delimiter(delimiter).from_reader(self.text.as_bytes());
        reader.into_records().zip(0..).map(move |(row, number)| {
            let cells = row.map_err(|error| error.to_string())?;
            let line = cells.position().map_or(0, |position| self.line(position));
            Ok(Record { number, line, cells })
        })
    }

    /// The line of a row: blank lines before it are its own to the reader, and nobody's to people.
    fn line(&self, position: &csv::Position) -> u64 {
        let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
        let text = self.text.as_bytes().get(from..).unwrap_or_default();
        let breaks = text.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n');
        self.lines_before + position.line() + breaks.count() as u64
    }
}

/// The text of a file: by its mark, as UTF-8 if it is that, or else as Windows-1252, of which Latin-1 is a part.
fn decode(bytes: &[u8]) -> (String, &'static str) {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return (encoding.decode(bytes).0.into_owned(), encoding.name());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), "UTF-8"),
        Err(_) => (WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(), WINDOWS_1252.name()),
    }
}

/// Spreadsheets write a first line `sep=;` that says the delimiter.
fn told_delimiter(text: &str) -> Option<(&str, char)> {
    let rest = text.strip_prefix("sep=")?;
    let delimiter = rest.chars().next().filter(|told| DELIMITERS.contains(told))?;
    let rest = rest.get(1..)?;
    let rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n'))?;
    Some((rest, delimiter))
}

/// What stands most often between the names of the columns.
fn delimiter(text: &str) -> char {
    let (mut quoted, mut counts) = (false, [0_usize; DELIMITERS.len()]);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '\n' | '\r' if !quoted => break,
            _ => {
                if let Some(found) = DELIMITERS.iter().position(|delimiter| *delimiter == c && !quoted) {
                    counts[found] += 1;
                }
            }
        }
    }
    let most = counts.into_iter().max().unwrap_or_default();
    let found = counts.iter().position(|count| *count == most && most > 0);
    DELIMITERS[found.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::File;

    fn cells(bytes: &[u8]) -> (Vec<Vec<String>>, &'static str, char) {
        let file = File::read(bytes).expect("a file");
        let rows = file.records().map(|row| row.expect("a row").cells.iter().map(str::to_owned).collect()).collect();
        (rows, file.encoding, file.delimiter)
    }

    #[test]
    fn encodings_and_delimiters_are_found() {
        let one = |text: &str| vec![vec![text.to_owned(), "x".to_owned()]];
        assert_eq!(cells("\u{feff}a,b\nJosé,x\n".as_bytes()), (one("José"), "UTF-8", ','));
        assert_eq!(cells(b"a;b\r\nJos\xe9;x\r\n"), (one("José"), "windows-1252", ';'));
        assert_eq!(cells(b"a\tb\nO\x92Brien\tx"), (one("O’Brien"), "windows-1252", '\t'));
        assert_eq!(cells(b"sep=;\r\na,1;b\r\nAnn;x\r\n"), (one("Ann"), "UTF-8", ';'));
        assert_eq!(cells(b"\"a;1\",b\nAnn,x\n").2, ',');
        let wide: Vec<u8> = "\u{feff}a\tb\nAnn\tx\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(cells(&wide), (one("Ann"), "UTF-16LE", '\t'));
    }

    #[test]
    fn rows_know_their_lines() {
        let file = File::read(b"a,b\n\"1\n2\",x\n\n3,y\n").expect("a file");
        let rows: Vec<_> = file.records().map(|row| row.expect("a row")).map(|row| (row.number, row.line)).collect();
        assert_eq!((rows, file.records), (vec![(1, 2), (2, 5)], 2));
    }

    #[test]
    fn what_would_lose_rows_is_refused() {
        let open = format!("a,b\n\"Ann,x\n{}", "y,z\n".repeat(300));
        assert!(File::read(open.as_bytes()).is_err_and(|said| said.contains("line 2")));
        let closed_by_another = format!("{open}\"Ben\",x\n");
        assert!(File::read(closed_by_another.as_bytes()).is_err_and(|said| said.contains("line 2")));
        for bytes in [&b""[..], b"\n\n", b"PK\x03\x04..."] {
            assert!(File::read(bytes).is_err());
        }
    }
}
