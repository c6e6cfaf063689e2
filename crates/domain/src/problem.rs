//! The one catalogue of refusals: every code, its HTTP status, its title and what to change.

macro_rules! catalogue {
    ($($code:ident $name:literal $status:literal $title:literal $remedy:literal;)+) => {
        /// A code of the catalogue: stable, for machines.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $title] $code,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// Its name in an answer's `code` and in the address of its page.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $name,)+ }
            }

            /// The HTTP status that it is answered with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$code => $status,)+ }
            }

            /// What is the matter, in one sentence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$code => $title,)+ }
            }

            /// What to change, in one sentence.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$code => $remedy,)+ }
            }
        }
    };
}

catalogue! {
    MissingCredential "missing_credential" 401 "No access key was presented."
        "Send the key as Authorization: Bearer KEY or as X-Api-Key: KEY.";
    MalformedKey "malformed_key" 401 "What was presented is not an access key."
        "Copy the whole key again, from lk_ to its last character.";
    UnknownKey "unknown_key" 401 "No such access key exists."
        "Check that the key belongs to this server, or ask an account admin for a new one.";
    DeletedKey "deleted_key" 401 "This access key was deleted."
        "Deleted keys cannot be restored; ask an account admin for a new one.";
    ExpiredKey "expired_key" 401 "This access key has expired."
        "Ask an account admin for a new one.";
    RotatedKey "rotated_key" 401 "This access key was rotated out."
        "Use its successor, which the account admin was given when the key was rotated.";
    IdleKey "idle_key" 401 "This access key was not used for so long that it was disabled."
        "Ask an account admin to enable it again.";
    AccountSuspended "account_suspended" 401 "The account of this access key is suspended."
        "Ask the server's operator.";
    KeyInUrl "key_in_url" 401 "An access key stands in the URL, where logs keep it."
        "Send the key in a header, delete this key and make a new one.";
    ConflictingCredentials "conflicting_credentials" 401 "Two different access keys were presented."
        "Send exactly one key, in one header.";
    AddressNotAllowed "address_not_allowed" 403 "This access key is not let in from this address."
        "Call from an address that the key is limited to, or ask an account admin.";
    InsufficientScope "insufficient_scope" 403 "The access key lacks a scope that this needs."
        "Ask an account admin for a key with the scope named in required_scopes.";
    NotForPartnerKeys "not_for_partner_keys" 403 "Partner keys never reach this."
        "Use a Full key, or leave this call out.";
    OutOfReach "out_of_reach" 403 "The record is not in this key's reach."
        "Use the id of a record that belongs to this key's partner.";
    FieldNotPermitted "field_not_permitted" 403 "A field is named that this key may not use."
        "Leave out the fields named in detail.";
    PartnerInactive "partner_inactive" 403 "The partner record of this key is inactive."
        "Ask an account admin to activate the partner record.";
    PlainHttpRefused "plain_http_refused" 403 "Plain http is refused on this address."
        "Use https, or let the operator set allow_plain_http to true.";
    BadRequest "bad_request" 400 "The request cannot be read."
        "Correct the part named in detail.";
    MalformedJson "malformed_json" 400 "The body is not the JSON that is expected."
        "Send one JSON object in UTF-8.";
    MalformedXml "malformed_xml" 400 "The body is not the XML that is expected."
        "Send one XML document whose root is <data>.";
    NotFound "not_found" 404 "No such record exists."
        "Check the id.";
    NoSuchRoute "no_such_route" 404 "No such address exists."
        "See /docs for every address of the API.";
    MethodNotAllowed "method_not_allowed" 405 "The address does not take this method."
        "Use a method named in the Allow header.";
    RequestTimeout "request_timeout" 408 "The request took too long to arrive."
        "Send it again, faster.";
    Conflict "conflict" 409 "It stands against something that is there already."
        "See detail for what it is.";
    DuplicateLead "duplicate_lead" 409 "The account has this lead already."
        "Update the lead that is there, if duplicate_of names it, or leave it at that.";
    InUse "in_use" 409 "The record is in use."
        "Change or delete first what detail names.";
    IdempotencyInProgress "idempotency_in_progress" 409 "A request with this Idempotency-Key is still running."
        "Send it again in a moment.";
    BodyTooLarge "body_too_large" 413 "The body is larger than 1 MiB."
        "Send less at once.";
    UnsupportedMediaType "unsupported_media_type" 415 "The body is not declared as JSON."
        "Send Content-Type: application/json.";
    InvalidFields "invalid_fields" 422 "Some values are not valid."
        "Correct every field named in errors.";
    IdempotencyKeyReused "idempotency_key_reused" 422 "This Idempotency-Key was used for another body."
        "Use a new Idempotency-Key for each record; send the same body to retry one.";
    InvalidCursor "invalid_cursor" 422 "The cursor does not belong to this request."
        "Use next_cursor with the same filters and sort, or begin without a cursor.";
    TooManyTestLeads "too_many_test_leads" 429 "The key has made all test leads of the day."
        "Wait as long as Retry-After says; test leads of a day count until midnight UTC.";
    RateLimited "rate_limited" 429 "This access key has made all the requests that it may make in a minute."
        "Wait as many seconds as Retry-After says, or ask an account admin for a higher limit.";
    Internal "internal" 500 "The server failed."
        "Try again; if it goes on, give the operator the request_id.";
    TooExpensive "too_expensive" 503 "The request would take too long."
        "Narrow it: add a filter, shorten the time span, or leave out total.";
    NoRoom "no_room" 503 "The server's disk is full."
        "Nothing was kept; try again when the operator has made room.";
    NoSealingKey "no_sealing_key" 503 "The server has no key to seal secrets with."
        "Let the operator set sealing_key_file.";
    Unavailable "unavailable" 503 "The server cannot do it right now."
        "Try again in a moment.";
}

impl Code {
    /// Finds a code by its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

/// What denied a 403.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeniedBy {
    /// The key lacks the scope.
    Scope,
    /// Keys of this kind never have it.
    KeyKind,
    /// The record is another partner's, or none.
    Partner,
    /// The field is outside the closed list.
    Field,
    /// The address is outside the key's ranges.
    Ip,
    /// The key's partner record is inactive.
    PartnerInactive,
}

impl DeniedBy {
    /// Each of them.
    pub const ALL: [Self; 6] =
        [Self::Scope, Self::KeyKind, Self::Partner, Self::Field, Self::Ip, Self::PartnerInactive];

    /// The word in an answer's `denied_by`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::KeyKind => "key_kind",
            Self::Partner => "partner",
            Self::Field => "field",
            Self::Ip => "ip",
            Self::PartnerInactive => "partner_inactive",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn codes_are_unique_and_every_sentence_ends() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(*code));
            assert!(code.title().ends_with('.') && code.remedy().ends_with('.'), "{}", code.as_str());
            assert!((400..=503).contains(&code.status()));
        }
    }
}
