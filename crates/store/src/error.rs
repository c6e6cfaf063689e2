//! Why the store did not do what was asked.

use leadlatch_domain::fault::FieldFault;
use leadlatch_domain::problem::{Code, DeniedBy};
use leadlatch_domain::scope::{Scope, ScopeSet};

use crate::in_use::InUse;

/// The store's result.
pub type Result<T> = std::result::Result<T, Error>;

/// A closed list; each has one code of the problem catalogue.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller is not let in; the code says why to whoever presents the right secret.
    #[error("not authenticated: {}", .0.as_str())]
    Unauthenticated(Code),
    /// Nobody is signed in any more: the session ended, or its person may not sign in.
    #[error("signed out")]
    SignedOut,
    /// A link that was used, is too old, or never was.
    #[error("no such link")]
    NoSuchLink,
    /// The caller may not do it.
    #[error("denied: {}", .0.code.as_str())]
    Denied(Box<Denied>),
    /// One record outside a Partner key's reach, or none at all: the two are never told apart.
    #[error("out of reach")]
    OutOfReach,
    /// A record that does not exist, for a caller who reaches the whole account. Names the field that named it.
    #[error("not found: {0}")]
    NotFound(&'static str),
    /// A record that does not exist, with the name or the id that it was asked for by.
    #[error("there is no {what} {name}")]
    NoSuch {
        /// What it would be, in the words of the API's fields.
        what: &'static str,
        /// What it was asked for by.
        name: String,
    },
    /// Bad values, all of them.
    #[error("invalid fields: {0:?}")]
    Invalid(Vec<FieldFault>),
    /// It stands against something that is there already.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The lead is there already. Names it to a caller who reads it.
    #[error("duplicate of {0:?}")]
    Duplicate(Option<i64>),
    /// The key has made all test leads of its day; so many seconds until the next.
    #[error("too many test leads, for {0} s")]
    TooManyTestLeads(i64),
    /// It cannot be deleted: what uses it, in words, such as `status Quoted is in use: 12 leads (2 in the bin)`.
    #[error("{0}")]
    InUse(InUse),
    /// It cannot be done, and the catalogue says all about it.
    #[error("refused: {}", .0.as_str())]
    Refused(Code),
    /// It would have been done, and was only tried.
    #[error("rehearsed")]
    Rehearsed,
    /// The statement took too long; the caller should narrow it.
    #[error("too expensive")]
    TooExpensive,
    /// The database cannot be reached, or cannot do it now.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The disk under the database is full; nothing was kept of what was asked for.
    #[error("no room on the database's disk")]
    NoRoom,
    /// A fault of ours. The cause is for the log alone.
    #[error("internal: {0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A refusal, with what was required and what the caller has.
#[derive(Debug)]
pub struct Denied {
    /// The catalogue's code.
    pub code: Code,
    /// What denied it.
    pub by: DeniedBy,
    /// The scope that would help.
    pub required: Option<Scope>,
    /// The scopes that the key has.
    pub granted: ScopeSet,
    /// The fields concerned, by name.
    pub fields: Vec<String>,
}

impl Error {
    /// Code of ours ended by a panic.
    pub fn panicked() -> Self {
        Self::internal("it ended by a panic")
    }

    /// 403 by the names of fields.
    pub fn fields(fields: Vec<String>, granted: ScopeSet) -> Self {
        let code = Code::FieldNotPermitted;
        Self::Denied(Box::new(Denied { code, by: DeniedBy::Field, required: None, granted, fields }))
    }

    /// No record of this name or id.
    pub(crate) fn no_such(what: &'static str, name: impl std::fmt::Display) -> Self {
        Self::NoSuch { what, name: name.to_string() }
    }

    /// A fault of ours.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// The same failure for another caller in the group that it failed with.
    pub(crate) fn for_each(error: &Self) -> Self {
        match error {
            Self::NoRoom => Self::NoRoom,
            other => Self::Unavailable(other.to_string()),
        }
    }

    /// The catalogue's code.
    pub fn code(&self) -> Code {
        match self {
            Self::Unauthenticated(code) | Self::Refused(code) => *code,
            Self::SignedOut => Code::MissingCredential,
            Self::NoSuchLink => Code::NotFound,
            Self::Denied(denied) => denied.code,
            Self::OutOfReach => Code::OutOfReach,
            Self::NotFound(_) | Self::NoSuch { .. } => Code::NotFound,
            Self::Invalid(_) => Code::InvalidFields,
            Self::Conflict(_) => Code::Conflict,
            Self::Duplicate(_) => Code::DuplicateLead,
            Self::TooManyTestLeads(_) => Code::TooManyTestLeads,
            Self::InUse(_) => Code::InUse,
            Self::TooExpensive => Code::TooExpensive,
            Self::Unavailable(_) => Code::Unavailable,
            Self::NoRoom => Code::NoRoom,
            Self::Internal(_) | Self::Rehearsed => Code::Internal,
        }
    }
}

const TWICE: &str = "A record like this exists already.";
/// References are checked before they are written: one that fails all the same was overtaken by a deletion.
const GONE: &str = "A record that this names was deleted at the same moment.";

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            ConstraintViolation, DatabaseBusy, DatabaseLocked, DiskFull, OperationInterrupted, SystemIoFailure,
        };
        match error.sqlite_error_code() {
            Some(OperationInterrupted) => Self::TooExpensive,
            Some(DiskFull) => Self::NoRoom,
            Some(DatabaseBusy | DatabaseLocked | SystemIoFailure) => Self::Unavailable(error.to_string()),
            Some(ConstraintViolation) if is_unique(&error) => Self::Conflict(TWICE.into()),
            Some(ConstraintViolation) if is_reference(&error) => Self::Conflict(GONE.into()),
            _ => Self::internal(error),
        }
    }
}

fn is_unique(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY))
}

fn is_reference(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY)
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        let Some(state) = error.code() else { return Self::of_the_driver(error) };
        match *state {
            SqlState::QUERY_CANCELED => Self::TooExpensive,
            SqlState::UNIQUE_VIOLATION => Self::Conflict(TWICE.into()),
            SqlState::FOREIGN_KEY_VIOLATION => Self::Conflict(GONE.into()),
            SqlState::DISK_FULL => Self::NoRoom,
            SqlState::TOO_MANY_CONNECTIONS
            | SqlState::ADMIN_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::READ_ONLY_SQL_TRANSACTION => Self::Unavailable(error.to_string()),
            _ => Self::internal(error),
        }
    }
}

impl Error {
    /// What the driver says by itself: the way to the server, which may come back, or a fault of ours, which is said as one.
    fn of_the_driver(error: tokio_postgres::Error) -> Self {
        let of_the_way = |cause: &(dyn std::error::Error + 'static)| cause.is::<std::io::Error>();
        let mut causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
        if error.is_closed() || causes.any(of_the_way) {
            return Self::Unavailable(error.to_string());
        }
        Self::internal(error)
    }
}

impl From<deadpool_postgres::PoolError> for Error {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
