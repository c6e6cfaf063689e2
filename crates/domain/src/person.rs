//! The people of an account: what their role lets them do, and how long their sessions and links live.

use std::time::Duration;

words! {
    /// What a person may do in the account.
    PersonRole, "A role is admin or member.":
    Admin "admin", Member "member"
}

/// A session that nobody used for so long is over.
pub const SESSION_IDLE: Duration = Duration::from_hours(12);
/// A session is over after so long, used or not.
pub const SESSION_WHOLE: Duration = Duration::from_hours(30 * 24);
/// The password is asked again, for what is grave, when it was last given before so long.
pub const PASSWORD_AGE: Duration = Duration::from_mins(15);
/// How long the code of the authenticator app is waited for after the password.
pub const CODE_WAIT: Duration = Duration::from_mins(10);

words! {
    /// What a link opens, once.
    LinkPurpose, "A link is first_admin, invitation or password.":
    FirstAdmin "first_admin", Invitation "invitation", Password "password"
}

impl LinkPurpose {
    /// How long it can be opened.
    pub const fn lives(self) -> Duration {
        match self {
            Self::FirstAdmin => Duration::from_hours(1),
            Self::Invitation => Duration::from_hours(7 * 24),
            Self::Password => Duration::from_hours(24),
        }
    }
}

/// Characters that a password has at the least.
pub const PASSWORD_MIN: usize = 10;
/// Characters that a password has at the most, so that hashing it costs what it should.
pub const PASSWORD_MAX: usize = 200;
