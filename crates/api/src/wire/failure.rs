//! Why the store did not do it, in the words of existing integrations.

use leadlatch_domain::fault::{Fault, FieldFault};
use leadlatch_domain::lead::WireLead;
use leadlatch_domain::lead::wire::{element_of, repeat};
use leadlatch_domain::problem::Code;
use leadlatch_store::Error;

use crate::problem::Problem;

/// The refusal of what was sent for one lead.
pub(super) fn problem(error: Error, lead: &WireLead) -> Problem {
    match error {
        Error::Denied(mut denied) => {
            denied.fields.iter_mut().for_each(|field| *field = element_of(field).into_owned());
            Error::Denied(denied).into()
        }
        Error::Invalid(faults) => Problem::invalid(faults.into_iter().map(|fault| in_words(fault, lead)).collect()),
        Error::NotFound("id") => Problem::because(Code::NotFound, "id: check the number of the lead."),
        Error::NotFound(field) => Problem::because(Code::NotFound, format!("Check {}.", element_of(field))),
        // The same name may be a type of another group.
        Error::NoSuch { what: "type", name } => {
            Problem::because(Code::NotFound, format!("Check type: there is no {} in this lead group.", repeat(&name)))
        }
        Error::NoSuch { what, name } => {
            Problem::because(Code::NotFound, format!("Check {what}: there is no {}.", repeat(&name)))
        }
        other => other.into(),
    }
}

/// That an element stands twice that may stand once.
pub(super) fn repeated(name: &str) -> FieldFault {
    Fault::new("repeated", "This element stands twice: send it once.").on(name)
}

fn in_words(fault: FieldFault, lead: &WireLead) -> FieldFault {
    let name = element_of(&fault.field).into_owned();
    let detail = match (fault.code, lead.text(&name)) {
        ("unknown_status", Some(text)) => {
            format!("The account has no status {}: send one that it has.", repeat(text)).into()
        }
        ("bad_json_type", _) if name == "test" => "Send 1 for a test lead, or leave it out.".into(),
        ("required", None) if name == "leadgroup" => "Send the number of the lead group.".into(),
        ("required", None) if name == "type" => "Send the name of the lead type.".into(),
        _ => fault.detail,
    };
    FieldFault { field: name, code: fault.code, detail }
}
