//! The file: one line a deletion, only ever appended to, by all processes of the machine.
//!
//! A key that was rotated has its line from then on, with the time at which it ends.
//! `key TIME ID DIGEST` and `lead TIME ACCOUNT ID MADE_AT`; a line that begins with `#` is for people.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use leadlatch_domain::key_secret::KeyDigest;
use leadlatch_domain::time::Timestamp;

use super::{Deletion, DeletionsFile, Gone};
use crate::{Error, Result};

const HEAD: &str = "# Leadlatch: deleted keys and erased leads. Keep it out of backups: it holds after a restore.\n";
/// How much of the end is read between two readings of the whole: some hundred lines.
const TAIL: u64 = 1 << 16;

/// What a file lists.
#[derive(Debug, Default)]
pub struct Listed {
    /// Its lines.
    pub deletions: Vec<Deletion>,
    /// Lines that could not be read, such as one cut off when the disk was full.
    pub unreadable: usize,
}

impl DeletionsFile {
    /// Makes the file if it is absent. What cannot be written is found now and not at the first deletion.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = Self::at(path);
        file.append(&[])?;
        Ok(file)
    }

    /// Appends in one piece, beside other processes, and answers when it is on the disk.
    pub(crate) fn append(&self, deletions: &[Deletion]) -> Result<()> {
        self.try_append(deletions).map_err(|error| failed(&self.path, &error))
    }

    fn try_append(&self, deletions: &[Deletion]) -> std::io::Result<()> {
        // Opened anew each time: if somebody moved the file away, a new one is begun.
        let mut file = OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(&self.path)?;
        let mut text = match last_byte(&mut file)? {
            None => HEAD.to_owned(),
            // A line that was cut off must not swallow the next.
            Some(byte) if byte != b'\n' => "\n".to_owned(),
            Some(_) => String::new(),
        };
        let fresh = text == HEAD;
        for deletion in deletions {
            write_line(&mut text, deletion);
        }
        if text.is_empty() {
            return Ok(());
        }
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        if fresh { sync_folder(&self.path) } else { Ok(()) }
    }

    /// The whole file.
    pub(crate) fn read(&self) -> Result<Listed> {
        match read(&self.path) {
            Ok(listed) => Ok(listed),
            Err(_) if !self.path.exists() => Ok(Listed::default()),
            Err(error) => Err(error),
        }
    }

    /// The newest lines.
    pub(crate) fn read_tail(&self) -> Result<Listed> {
        let mut text = Vec::new();
        let mut read = || -> std::io::Result<()> {
            let mut file = File::open(&self.path)?;
            let from = file.metadata()?.len().saturating_sub(TAIL);
            file.seek(SeekFrom::Start(from))?;
            file.read_to_end(&mut text)?;
            // The first line may be cut in two by where the reading began.
            let begin = if from == 0 { 0 } else { text.iter().position(|byte| *byte == b'\n').unwrap_or(0) };
            text.drain(..begin);
            Ok(())
        };
        match read() {
            Ok(()) => Ok(parse(&String::from_utf8_lossy(&text))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Listed::default()),
            Err(error) => Err(failed(&self.path, &error)),
        }
    }
}

/// Reads a deletions file.
pub fn read(path: &Path) -> Result<Listed> {
    let text = std::fs::read(path).map_err(|error| failed(path, &error))?;
    Ok(parse(&String::from_utf8_lossy(&text)))
}

/// Makes what was renamed or created in a file's folder durable.
pub(crate) fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.map_or_else(|| PathBuf::from("."), Path::to_owned))?.sync_all()
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!("the deletions file {}: {error}", path.display()))
}

fn last_byte(file: &mut File) -> std::io::Result<Option<u8>> {
    if file.metadata()?.len() == 0 {
        return Ok(None);
    }
    let mut byte = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut byte)?;
    Ok(Some(byte[0]))
}

fn write_line(text: &mut String, deletion: &Deletion) {
    let at = deletion.at;
    // Writing into a text cannot fail.
    let _ = match deletion.gone {
        Gone::Key { id, digest } => writeln!(text, "key {at} {id} {}", hex::encode(digest.as_bytes())),
        Gone::Lead { account, id, made_at } => writeln!(text, "lead {at} {account} {id} {made_at}"),
    };
}

fn parse(text: &str) -> Listed {
    let mut listed = Listed::default();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match parse_line(line) {
            Some(deletion) => listed.deletions.push(deletion),
            None => listed.unreadable += 1,
        }
    }
    listed
}

fn parse_line(line: &str) -> Option<Deletion> {
    let mut words = line.split(' ');
    let (kind, at) = (words.next()?, Timestamp::parse(words.next()?).ok()?);
    let mut number = || words.next()?.parse::<i64>().ok();
    let gone = match kind {
        "key" => {
            let id = number()?;
            let digest: [u8; 32] = hex::decode(words.next()?).ok()?.try_into().ok()?;
            Gone::Key { id, digest: KeyDigest::from_bytes(digest) }
        }
        "lead" => Gone::Lead { account: number()?, id: number()?, made_at: number()? },
        _ => return None,
    };
    words.next().is_none().then_some(Deletion { at, gone })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> [Deletion; 2] {
        let at = Timestamp::parse("2026-11-25T10:00:00.000Z").unwrap();
        let digest = KeyDigest::from_bytes([7; 32]);
        [
            Deletion { at, gone: Gone::Key { id: 3, digest } },
            Deletion { at, gone: Gone::Lead { account: 1, id: 9, made_at: 1_764_000_000_000_000 } },
        ]
    }

    #[test]
    fn what_is_appended_is_read_again_and_the_file_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.deletions");
        let file = DeletionsFile::open(&path).unwrap();
        let [key, lead] = some();
        file.append(&[key]).unwrap();
        DeletionsFile::open(&path).unwrap().append(&[lead]).unwrap();
        assert_eq!(file.read().unwrap().deletions, [key, lead]);
        assert_eq!(file.read_tail().unwrap().deletions, [key, lead]);
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_line_that_was_cut_off_swallows_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.deletions");
        let [key, lead] = some();
        let file = DeletionsFile::open(&path).unwrap();
        file.append(&[key]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in [1, 2, 20, 60] {
            std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            file.append(&[lead]).unwrap();
            let listed = file.read().unwrap();
            assert_eq!(listed.deletions.last(), Some(&lead), "cut by {cut}");
            assert_eq!(listed.unreadable, usize::from(cut > 1), "cut by {cut}");
        }
    }

    #[test]
    fn the_tail_of_a_long_file_is_its_newest_lines() {
        let folder = tempfile::tempdir().unwrap();
        let file = DeletionsFile::open(&folder.path().join("x.deletions")).unwrap();
        let [key, lead] = some();
        file.append(&vec![key; 2000]).unwrap();
        file.append(&[lead]).unwrap();
        let tail = file.read_tail().unwrap();
        assert!(tail.deletions.len() < 1000 && tail.unreadable == 0, "{}", tail.deletions.len());
        assert_eq!(tail.deletions.last(), Some(&lead));
        assert_eq!(file.read().unwrap().deletions.len(), 2001);
    }
}
