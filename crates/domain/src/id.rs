//! Ids: positive whole numbers below 2^53, so that every JSON reader holds them exactly; unique across the server.

use serde::Serialize;

/// The first number that is no id any more.
const END: i64 = 1 << 53;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// The id, or `None` when the number cannot be one.
            pub const fn new(number: i64) -> Option<Self> {
                if number > 0 && number < END { Some(Self(number)) } else { None }
            }

            /// Reads an id from a path or query; `None` when it is no positive integer.
            pub fn parse(text: &str) -> Option<Self> {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                if digits { text.parse().ok().and_then(Self::new) } else { None }
            }

            /// The number itself.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// One customer company.
    AccountId,
    /// An access key.
    KeyId,
    /// A hook subscription.
    HookId,
    /// A lead.
    LeadId,
    /// A lead group.
    LeadGroupId,
    /// A lead type.
    LeadTypeId,
    /// A status.
    StatusId,
    /// A site.
    SiteId,
    /// A partner record: introducer, partner or both.
    PartnerId,
    /// A person who signs in.
    UserId,
    /// A group of users.
    UserGroupId,
    /// The number that the clients of an existing integration hold for a record.
    WireNumber,
}

#[cfg(test)]
mod tests {
    use super::LeadId;

    #[test]
    fn only_positive_numbers_below_two_to_the_53_are_ids() {
        assert_eq!(LeadId::new(0), None);
        assert_eq!(LeadId::new(-1), None);
        assert_eq!(LeadId::new((1 << 53) - 1).map(LeadId::get), Some((1 << 53) - 1));
        assert_eq!(LeadId::new(1 << 53), None);
    }

    #[test]
    fn a_path_id_is_digits_alone() {
        assert_eq!(LeadId::parse("17").map(LeadId::get), Some(17));
        for text in ["", "+17", "-17", "17 ", "0", "1e3", "99999999999999999999"] {
            assert_eq!(LeadId::parse(text), None, "{text:?}");
        }
    }
}
