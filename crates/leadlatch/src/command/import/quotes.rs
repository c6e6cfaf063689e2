//! Quotation marks that swallow rows. To a CSV reader a mark that is never closed is one long cell, and the rows in it are
//! gone without a word: they are looked for before anything is written.

use std::mem::take;

/// Where a text stands, cell by cell.
#[derive(Clone, Copy)]
enum At {
    /// Before a cell.
    Begin,
    /// In a cell without quotation marks around it.
    Plain,
    /// Between the marks of a cell.
    Quoted,
    /// Behind a mark in such a cell: it is closed, or the mark is one of two that stand for one.
    Mark,
    /// Behind a cell that was closed.
    Closed,
}

/// The first quotation mark that holds more than its cell, in words with the line of the text in which it was opened,
/// counted from 1 and from `lines_before`.
pub(super) fn refuse_open(text: &str, delimiter: char, lines_before: u64) -> Result<(), String> {
    let (mut at, mut line, mut opened, mut several) = (At::Begin, lines_before + 1, 0, false);
    for sign in text.chars() {
        let ends = sign == delimiter || matches!(sign, '\n' | '\r');
        at = match at {
            At::Begin if sign == '"' => {
                (opened, several) = (line, false);
                At::Quoted
            }
            At::Begin | At::Plain if ends => At::Begin,
            At::Begin | At::Plain => At::Plain,
            At::Quoted if sign == '"' => At::Mark,
            At::Mark if sign == '"' => At::Quoted,
            At::Quoted => {
                several |= sign == '\n';
                At::Quoted
            }
            At::Mark | At::Closed if ends => At::Begin,
            At::Mark | At::Closed if sign == ' ' => At::Closed,
            // In one line it is somebody's nickname in a name; over several it is the mark of a later row.
            At::Mark | At::Closed if take(&mut several) => return Err(said(opened)),
            At::Mark | At::Closed => At::Plain,
        };
        line += u64::from(sign == '\n');
    }
    if matches!(at, At::Quoted) { Err(said(opened)) } else { Ok(()) }
}

fn said(line: u64) -> String {
    format!("line {line}: a quotation mark is opened and not closed")
}

#[cfg(test)]
mod tests {
    use super::refuse_open;

    #[test]
    fn a_mark_that_swallows_rows_is_found_by_its_line() {
        for (text, line) in [
            ("a,b\nx,\"open,y\nz,w\n", 2),
            ("a,b\nx,\"open", 2),
            ("a,b\n\nx,\"open,y\nz,\"closed\",w\n", 3),
            ("a,b\n\"x\n\",y\n\"open,1\n2,\"q\" r\n", 4),
        ] {
            let said = refuse_open(text, ',', 0).expect_err(text);
            assert!(said.starts_with(&format!("line {line}:")), "{text}: {said}");
        }
        assert!(refuse_open("a;b\nx;\"y", ';', 1).unwrap_err().starts_with("line 3:"));
    }

    #[test]
    fn marks_that_hold_their_cell_are_none_of_our_business() {
        for text in [
            "a,b\n\"x, \"\"y\"\"\n1\",z\n",
            "a,b\n\"x\" ,\"\"\n",
            "a\nan inch: 1\"\n5\" disk\n",
            "a,b\n\"Ann \"Nan\" Lee\",x\n1,2\n",
            "a\r\n\"x\r\ny\"\r\n",
            "",
        ] {
            assert_eq!(refuse_open(text, ',', 0), Ok(()), "{text}");
        }
    }
}
