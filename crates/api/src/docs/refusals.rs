//! What an operation can refuse, from the catalogue of codes, and the headers of every answer.

use leadlatch_domain::matrix::{PartnerReach, Rule};
use leadlatch_domain::problem::{Code, DeniedBy};
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};

/// An operation as it stands in the document.
struct Asked<'a> {
    operation: &'a Operation,
    path: &'a str,
    rule: &'a Rule,
}

impl Asked<'_> {
    fn has_body(&self) -> bool {
        self.operation.request_body.is_some()
    }

    fn takes(&self, which: impl Fn(&str) -> bool) -> bool {
        let named = |one: &RefOr<Parameter>| matches!(one, RefOr::T(one) if which(&one.name));
        self.operation.parameters.iter().flatten().any(named)
    }

    fn names_a_record(&self) -> bool {
        self.path.contains("{id}")
    }

    /// Whether a part of the path is one of a few words.
    fn names_a_word(&self) -> bool {
        self.path.contains('{') && !self.names_a_record()
    }

    fn is_search(&self) -> bool {
        self.path.ends_with("/search")
    }

    fn is_retryable(&self) -> bool {
        self.takes(|name| name == "Idempotency-Key")
    }

    /// Whether it takes names of a lead's fields, to write them or to filter by them.
    fn names_fields(&self) -> bool {
        self.has_body() || self.takes(|name| name == "email")
    }

    /// Whether the operation can be refused with the code.
    fn meets(&self, code: Code) -> bool {
        let open_to_partners = self.rule.partner != PartnerReach::Never;
        match code {
            Code::NoSuchRoute => self.names_a_word(),
            Code::MethodNotAllowed | Code::MalformedXml | Code::InUse => false,
            Code::Conflict => self.has_body() && ["/referral", "/hooks"].iter().any(|end| self.path.ends_with(end)),
            Code::MalformedJson | Code::BodyTooLarge | Code::UnsupportedMediaType | Code::RequestTimeout => {
                self.has_body()
            }
            Code::InsufficientScope => self.rule.scope().is_some(),
            Code::NotForPartnerKeys => !open_to_partners,
            Code::OutOfReach => open_to_partners && (self.names_a_record() || self.names_fields()),
            Code::FieldNotPermitted => open_to_partners && self.names_fields(),
            Code::NotFound => self.names_a_record() || (self.has_body() && !self.is_search()),
            Code::IdempotencyInProgress | Code::IdempotencyKeyReused => self.is_retryable(),
            Code::DuplicateLead | Code::TooManyTestLeads => self.is_retryable() && self.path.ends_with("/leads"),
            Code::InvalidFields => self.has_body() || self.takes(|name| name != "id"),
            Code::InvalidCursor => self.is_search() || self.takes(|name| name == "cursor"),
            _ => true,
        }
    }
}

/// Writes each status that the operation can be refused with, and by which codes.
pub(crate) fn write_refusals(operation: &mut Operation, path: &str, rule: &Rule) {
    let asked = Asked { operation, path, rule };
    let met: Vec<Code> = Code::ALL.iter().copied().filter(|code| asked.meets(*code)).collect();
    for status in met.iter().map(|code| code.status()) {
        let of_status = met.iter().filter(|code| code.status() == status);
        let lines: Vec<String> = of_status.map(|code| format!("- `{}`: {}", code.as_str(), code.title())).collect();
        operation.responses.responses.insert(status.to_string(), refusal(lines.join("\n")).into());
    }
}

fn refusal(words: String) -> Response {
    let content = Content::new(Some(Ref::from_schema_name("ProblemBody")));
    ResponseBuilder::new().description(words).content("application/problem+json", content).build()
}

/// The headers that answers share: name, type, and what they say.
const HEADERS: [(&str, Type, &str); 5] = [
    ("X-Request-Id", Type::String, "The request's own id, for the operator's log."),
    ("RateLimit-Policy", Type::String, "The limit, if the key has one: `\"minute\";q=REQUESTS;w=60`."),
    ("RateLimit", Type::String, "What is left of it: `\"minute\";r=REQUESTS;t=SECONDS`."),
    ("WWW-Authenticate", Type::String, "How to be let in, and which scope would help (RFC 6750)."),
    ("Retry-After", Type::Integer, "Seconds until the next request is let through."),
];

/// The headers that answers share, by name, for the components of the document.
pub(crate) fn shared_headers() -> impl Iterator<Item = (String, RefOr<Header>)> {
    HEADERS.into_iter().map(|(name, of, about)| {
        let schema = ObjectBuilder::new().schema_type(of);
        (name.to_owned(), HeaderBuilder::new().schema(Some(schema)).description(Some(about)).build().into())
    })
}

/// Writes the headers that every answer has, and those of a key with a limit and of refusals.
pub(crate) fn write_headers(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let has = |name: &str| match name {
            "RateLimit-Policy" | "RateLimit" => status != "401",
            "WWW-Authenticate" => matches!(status.as_str(), "401" | "403"),
            "Retry-After" => status == "429",
            _ => true,
        };
        for (name, ..) in HEADERS.iter().filter(|(name, ..)| has(name)) {
            let shared = Ref::new(format!("#/components/headers/{name}"));
            response.headers.insert((*name).to_owned(), RefOr::Ref(shared));
        }
    }
}

/// Every code, for the document.
pub(crate) fn codes() -> Object {
    let codes = Code::ALL.iter().map(|code| code.as_str());
    let about = "The stable, machine-readable code.";
    ObjectBuilder::new().schema_type(Type::String).description(Some(about)).enum_values(Some(codes)).build()
}

/// Every reason of a 403, for the document.
pub(crate) fn denied_by() -> Object {
    let about = "With a 403: what denied it.";
    let words = DeniedBy::ALL.map(DeniedBy::as_str);
    ObjectBuilder::new().schema_type(Type::String).description(Some(about)).enum_values(Some(words)).build()
}
