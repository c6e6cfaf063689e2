//! Secrets that the server must use itself, and so cannot keep as digests: sealed with a key that is in no database and in
//! no backup of one.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use leadlatch_domain::random::Randomness;
use secrecy::{ExposeSecret, SecretSlice};
use sha2::{Digest, Sha256};

use crate::deletions::sync_folder;
use crate::{Error, Result};

const VERSION: u8 = 1;
const KEY: usize = 32;
const NONCE: usize = 24;
/// Bytes by which a sealed secret says which key it was sealed with.
const MARK: usize = 4;

/// What a sealed secret is for: one that was sealed for a purpose or a record opens for no other.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    /// The seed of a person's authenticator app.
    Authenticator {
        /// The person.
        user: i64,
    },
    /// The signing secret of a hook subscription.
    HookSecret {
        /// The subscription.
        subscription: i64,
    },
    /// The query of a hook subscription's target.
    HookQuery {
        /// The subscription.
        subscription: i64,
    },
}

impl Purpose {
    fn bound(self) -> String {
        match self {
            Self::Authenticator { user } => format!("authenticator {user}"),
            Self::HookSecret { subscription } => format!("hook secret {subscription}"),
            Self::HookQuery { subscription } => format!("hook query {subscription}"),
        }
    }
}

/// The sealing key of this server.
pub struct Sealer {
    cipher: XChaCha20Poly1305,
    mark: [u8; MARK],
    random: Randomness,
}

impl Sealer {
    /// Reads the key from its file, which is made when it is not there, for its owner alone.
    pub fn open(path: &Path, random: &Randomness) -> Result<Self> {
        let cause = |error: std::io::Error| Error::Unavailable(format!("the sealing key {}: {error}", path.display()));
        let key = match File::open(path) {
            Ok(file) => read(file),
            Err(error) if error.kind() == ErrorKind::NotFound => make(path, random),
            Err(error) => Err(error),
        };
        let key = key.map_err(cause)?;
        Ok(Self { cipher: XChaCha20Poly1305::new(&Key::from(key)), mark: mark(&key), random: random.clone() })
    }

    /// Seals a secret for one purpose.
    pub fn seal(&self, purpose: Purpose, secret: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        self.random.fill(&mut nonce);
        let bound = purpose.bound();
        let payload = Payload { msg: secret, aad: bound.as_bytes() };
        let closed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let closed = closed.map_err(|_| Error::internal("a secret could not be sealed"))?;
        Ok([&[VERSION][..], &self.mark, &nonce, &closed].concat())
    }

    /// Opens what was sealed for the purpose.
    pub fn open_sealed(&self, purpose: Purpose, sealed: &[u8]) -> Result<SecretSlice<u8>> {
        let other = || Error::Unavailable("a secret was sealed with another key: see sealing_key_file".into());
        let (version, rest) = sealed.split_first().ok_or_else(other)?;
        let (mark, rest) = rest.split_first_chunk::<MARK>().ok_or_else(other)?;
        let (nonce, closed) = rest.split_first_chunk::<NONCE>().ok_or_else(other)?;
        if *version != VERSION || *mark != self.mark {
            return Err(other());
        }
        let bound = purpose.bound();
        let payload = Payload { msg: closed, aad: bound.as_bytes() };
        self.cipher.decrypt(&XNonce::from(*nonce), payload).map(SecretSlice::from).map_err(|_| other())
    }
}

fn mark(key: &[u8; KEY]) -> [u8; MARK] {
    let digest = Sha256::new().chain_update("leadlatch sealing key").chain_update(key).finalize();
    std::array::from_fn(|at| digest[at])
}

fn read(mut file: File) -> std::io::Result<[u8; KEY]> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let text = SecretSlice::from(text.trim().as_bytes().to_vec());
    let key = hex::decode(text.expose_secret()).ok().and_then(|bytes| bytes.try_into().ok());
    key.ok_or_else(|| std::io::Error::new(ErrorKind::InvalidData, "it is not 64 hexadecimal digits"))
}

fn make(path: &Path, random: &Randomness) -> std::io::Result<[u8; KEY]> {
    let mut key = [0; KEY];
    random.fill(&mut key);
    // Written aside and linked into place: whoever starts at the same moment reads the whole of one of the two.
    let aside = with_suffix(path, &format!(".{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    writeln!(file, "{}", hex::encode(key))?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&aside, path);
    std::fs::remove_file(&aside)?;
    match linked {
        Ok(()) => sync_folder(path).map(|()| key),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(File::open(path)?),
        Err(error) => Err(error),
    }
}

/// Where the sealing key of an SQLite database stands unless the operator says otherwise.
pub(crate) fn beside(database: &Path) -> PathBuf {
    with_suffix(database, ".sealing-key")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{Purpose, Sealer};
    use leadlatch_domain::random::Randomness;
    use secrecy::ExposeSecret;

    const ANN: Purpose = Purpose::Authenticator { user: 1 };
    const BEN: Purpose = Purpose::Authenticator { user: 2 };

    #[test]
    fn what_is_sealed_opens_with_the_same_key_for_the_same_purpose_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let random = Randomness::system();
        let sealer = Sealer::open(&path, &random).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let sealed = sealer.seal(ANN, b"seed").unwrap();
        assert!(!sealed.windows(4).any(|bytes| bytes == b"seed"));
        let again = Sealer::open(&path, &random).unwrap();
        assert_eq!(again.open_sealed(ANN, &sealed).unwrap().expose_secret(), b"seed");
        assert!(again.open_sealed(BEN, &sealed).is_err(), "bound to its record");
        let mut broken = sealed.clone();
        *broken.last_mut().unwrap() ^= 1;
        assert!(again.open_sealed(ANN, &broken).is_err());
        let other = Sealer::open(&folder.path().join("other"), &random).unwrap();
        assert!(other.open_sealed(ANN, &sealed).is_err());
        assert!(other.open_sealed(ANN, b"").is_err());
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "not a key").unwrap();
        assert!(Sealer::open(&path, &Randomness::system()).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"not a key");
    }
}
