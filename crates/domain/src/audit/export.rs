//! The exported chain: a line an entry. Its columns are for people; what is verified are the exact bytes beside them,
//! and that the columns say the same.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::entry::{Entry, Hash};
use super::verify::{Broken, Fracture, Head, Stored};
use crate::time::Timestamp;

/// One entry, exported. The columns of an entry that cannot be read are empty, its event is `unreadable`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportLine {
    /// The account; 0 is the server's own chain.
    pub account_id: i64,
    /// Its place in the chain.
    pub number: i64,
    /// When, RFC 3339.
    pub at: String,
    /// Who, by kind.
    pub actor: String,
    /// Who, by number.
    pub actor_id: i64,
    /// What.
    pub event: String,
    /// To which record.
    pub target_id: i64,
    /// The fields that changed.
    pub changed: Vec<String>,
    /// The details, as the exact text that was hashed; absent once erased.
    pub details: Option<String>,
    /// Their salt, hexadecimal.
    pub salt: Option<String>,
    /// The exact bytes, base64.
    pub entry: String,
    /// Their hash, hexadecimal.
    pub hash: String,
}

impl ExportLine {
    /// Writes a stored entry of an account's chain out.
    pub fn of(account: i64, stored: &Stored) -> Self {
        let (salt, details) = stored.details.clone().map(|(salt, text)| (hex::encode(salt), text)).unzip();
        let (bytes, hash) = (STANDARD.encode(&stored.bytes), hex::encode(&stored.hash));
        let Ok(entry) = Entry::decode(&stored.bytes) else {
            return Self {
                account_id: account,
                number: stored.number,
                at: String::new(),
                actor: String::new(),
                actor_id: 0,
                event: "unreadable".to_owned(),
                target_id: 0,
                changed: Vec::new(),
                details,
                salt,
                entry: bytes,
                hash,
            };
        };
        Self {
            account_id: entry.account,
            number: stored.number,
            at: Timestamp::from_micros(entry.at).to_string(),
            actor: entry.actor.kind.as_str().to_owned(),
            actor_id: entry.actor.id,
            event: entry.event.as_str().to_owned(),
            target_id: entry.target_id,
            changed: entry.changed,
            details,
            salt,
            entry: bytes,
            hash,
        }
    }

    /// Reads the line back as it was stored; a column that says something else than the entry is a break.
    pub fn to_stored(&self) -> Result<Stored, Broken> {
        let broken = |what| Broken { number: self.number, what };
        let differs = |column| move |_| broken(Fracture::ColumnDiffers(column));
        let bytes = STANDARD.decode(&self.entry).map_err(|_| broken(Fracture::Unreadable))?;
        let hash = hex::decode(&self.hash).map_err(differs("hash"))?;
        let salt = self.salt.as_ref().map(hex::decode).transpose().map_err(differs("salt"))?;
        let stored = Stored { number: self.number, bytes, hash, details: salt.zip(self.details.clone()) };
        match self.differing(&Self::of(self.account_id, &stored)) {
            None => Ok(stored),
            Some(column) => Err(broken(Fracture::ColumnDiffers(column))),
        }
    }

    /// The first column that two lines have otherwise.
    fn differing(&self, other: &Self) -> Option<&'static str> {
        let columns = [
            ("account_id", self.account_id == other.account_id),
            ("at", self.at == other.at),
            ("actor", self.actor == other.actor),
            ("actor_id", self.actor_id == other.actor_id),
            ("event", self.event == other.event),
            ("target_id", self.target_id == other.target_id),
            ("changed", self.changed == other.changed),
            ("details", self.details == other.details),
            ("salt", self.salt == other.salt),
            ("entry", self.entry == other.entry),
            ("hash", self.hash == other.hash),
        ];
        columns.into_iter().find(|(_, same)| !same).map(|(column, _)| column)
    }
}

/// Reads an export: a line an entry, or one JSON document with `entries`.
pub fn read_export(text: &str) -> Result<Vec<ExportLine>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Document {
        entries: Vec<ExportLine>,
    }
    if let Ok(document) = serde_json::from_str::<Document>(text) {
        return Ok(document.entries);
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1))).collect()
}

/// One head as it is kept: what `audit verify --json` prints of a chain. Of other members none is taken: a line of an
/// export that was tampered with would pass for a head, and its column of the hash would be believed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptHead {
    account_id: i64,
    number: i64,
    hash: String,
    #[serde(rename = "chain")]
    _chain: Option<String>,
    #[serde(rename = "erased")]
    _erased: Option<i64>,
}

/// Reads kept heads: one `{"account_id", "number", "hash"}`, a list of them, or an export, whose last entry is a head.
pub fn read_heads(text: &str) -> Result<Vec<Head>, String> {
    if let Ok(kept) = serde_json::from_str::<Vec<KeptHead>>(text) {
        return if kept.is_empty() { Err("the file holds no head".into()) } else { kept.iter().map(head).collect() };
    }
    if let Ok(lines) = read_export(text) {
        let last = lines.last().ok_or("the file holds no entry and no head")?;
        let stored = last.to_stored().map_err(|broken| format!("the kept export is itself broken: {broken}"))?;
        return Ok(vec![Head { account: last.account_id, number: last.number, hash: Hash::of(&stored.bytes) }]);
    }
    let kept = serde_json::from_str::<KeptHead>(text).map_err(|_| "the file is neither a head nor an export")?;
    Ok(vec![head(&kept)?])
}

fn head(kept: &KeptHead) -> Result<Head, String> {
    let hash = Hash::parse(&kept.hash).ok_or("the head's hash is not 64 hexadecimal digits")?;
    if kept.number < 0 || (kept.number == 0) != (hash == Hash::ZERO) {
        return Err("the head's number and its hash are not of one chain".into());
    }
    Ok(Head { account: kept.account_id, number: kept.number, hash })
}

#[cfg(test)]
mod tests {
    use super::{ExportLine, read_export, read_heads};
    use crate::audit::{Actor, ActorKind, Entry, Event, Fracture, Hash, Stored, details_hash};
    use serde_json::{Value, json};

    fn line() -> ExportLine {
        let (salt, text) = (vec![7; 16], "{}".to_owned());
        let entry = Entry {
            account: 3,
            number: 1,
            previous: Hash::ZERO,
            at: 5,
            actor: Actor { kind: ActorKind::CommandLine, id: 0 },
            event: Event::KeyCreated,
            target_id: 8,
            changed: Vec::new(),
            details_hash: details_hash(&salt, &text),
        };
        let bytes = entry.encode();
        let hash = Hash::of(&bytes).as_bytes().to_vec();
        ExportLine::of(3, &Stored { number: 1, bytes, hash, details: Some((salt, text)) })
    }

    #[test]
    fn a_line_is_read_back_as_it_was_stored() {
        let text = serde_json::to_string(&line()).unwrap();
        assert_eq!(read_export(&text).unwrap(), [line()]);
        assert_eq!(read_export(&format!("{{\"entries\":[{text}]}}")).unwrap(), [line()]);
        assert_eq!(ExportLine::of(3, &line().to_stored().unwrap()), line());
        assert!(read_export("{\"number\":1}").unwrap_err().starts_with("line 1"));
        let unknown = text.replacen('{', "{\"note\":\"x\",", 1);
        assert!(read_export(&unknown).is_err(), "a column that is not ours says nothing that was hashed");
    }

    #[test]
    fn each_column_that_was_edited_is_named() {
        let others = [
            ("account_id", json!(4)),
            ("at", json!("2026-01-01T00:00:00.000Z")),
            ("actor", json!("user")),
            ("actor_id", json!(4)),
            ("event", json!("key.deleted")),
            ("target_id", json!(9)),
            ("changed", json!(["name"])),
            ("salt", json!("07 07")),
            ("hash", json!("xyz")),
        ];
        for (column, value) in others {
            let mut edited = serde_json::to_value(line()).unwrap();
            edited[column] = value;
            let broken = serde_json::from_value::<ExportLine>(edited).unwrap().to_stored().unwrap_err();
            assert_eq!(broken.what, Fracture::ColumnDiffers(column));
        }
        let mut upper = line();
        upper.hash = upper.hash.to_uppercase();
        assert_eq!(upper.to_stored().unwrap_err().what, Fracture::ColumnDiffers("hash"));
    }

    #[test]
    fn an_unreadable_entry_is_exported_and_still_unreadable() {
        let stored = Stored { number: 2, bytes: vec![9], hash: vec![1], details: None };
        let line = ExportLine::of(3, &stored);
        assert_eq!((line.event.as_str(), line.number), ("unreadable", 2));
        assert_eq!(line.to_stored(), Ok(stored));
    }

    #[test]
    fn heads_are_read_in_every_form() {
        let export = serde_json::to_string(&line()).unwrap();
        let head = read_heads(&export).unwrap()[0];
        assert_eq!((head.account, head.number), (3, 1));
        let kept = json!({"chain": "acme", "account_id": 3, "number": 1, "hash": head.hash.to_string(), "erased": 0});
        assert_eq!(read_heads(&kept.to_string()).unwrap(), [head]);
        assert_eq!(read_heads(&Value::Array(vec![kept.clone(), kept]).to_string()).unwrap(), [head, head]);
        let mut edited = line();
        edited.hash = Hash::ZERO.to_string();
        assert_eq!(read_heads(&serde_json::to_string(&edited).unwrap()).unwrap()[0], head, "the bytes are what counts");
        for bad in ["", "[1]", "[]", "{}", "{\"account_id\":1,\"number\":1,\"hash\":\"zz\"}"] {
            assert!(read_heads(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_tampered_line_of_an_export_is_no_head() {
        let line = serde_json::to_string(&line()).unwrap();
        for tampered in
            [line.replacen('{', "{\"note\":1,", 1), format!("[{line}]"), line.replacen("\"at\"", "\"when\"", 1)]
        {
            assert!(read_heads(&tampered).is_err(), "{tampered}");
        }
    }

    #[test]
    fn a_head_before_the_first_entry_has_no_hash_and_another_has_one() {
        let kept = |number: i64, hash: Hash| json!({"account_id": 3, "number": number, "hash": hash.to_string()});
        assert!(read_heads(&kept(0, Hash::ZERO).to_string()).is_ok());
        for (number, hash) in [(0, Hash::of(b"x")), (-1, Hash::ZERO), (-1, Hash::of(b"x")), (1, Hash::ZERO)] {
            assert!(read_heads(&kept(number, hash).to_string()).is_err(), "{number} {hash}");
        }
    }
}
