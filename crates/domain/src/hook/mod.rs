//! Hooks: what is told to whom, where to, in which form, and what proves that it comes from us.

pub mod address;
pub mod body;
pub mod event;
pub mod filter;
pub mod form;
pub mod schedule;
pub mod secret;
pub mod target;

pub use self::body::Told;
pub use self::event::{EventSet, HookEvent};
pub use self::secret::HookSecret;
pub use self::target::Target;

words! {
    /// How the body of a delivery is written.
    HookFormat, "Send json or form.": Json "json", Form "form"
}

impl HookFormat {
    /// What a delivery says that its body is.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }
}
