//! Partner records as a caller sends them: the records that it names are judged first, then its values.

use leadlatch_domain::audit::Event;
use leadlatch_domain::fault::Fault;
use leadlatch_domain::matrix::WritePartners;
use leadlatch_domain::partner_change::PartnerInput;
use leadlatch_domain::token::Token;
use serde_json::json;

use super::links::{self, LinkIds};
use super::write::{self, insert};
use super::{PartnerRecord, Side, find, get};
use crate::access::{Held, Visible};
use crate::audit::Pending;
use crate::engine::Connection;
use crate::idempotency::{Made, Once, Retry, Route};
use crate::{Error, Result, used_forms};

impl Side {
    const fn route(self) -> Route {
        let name = match self {
            Self::Supplies => "POST /api/v1/introducers",
            Self::Buys => "POST /api/v1/partners",
        };
        Route { name, column: "record_id" }
    }
}

/// Makes a record, of the side's kind unless another is given, or finds the one that an earlier such request made.
pub async fn make(
    db: &mut Connection<'_>,
    grant: Held<WritePartners>,
    side: Side,
    input: PartnerInput,
    once: Option<Once>,
) -> Result<Made<Visible<PartnerRecord>>> {
    let Some(retry) = once.and_then(|once| Retry::of(&grant, side.route(), once)) else {
        return create(db, &grant, side, input).await.map(Made::New);
    };
    if !retry.begin(db).await? {
        let id = retry.known(db).await?.ok_or_else(|| grant.missing("id"))?;
        return find(db, grant.account(), id).await.map(|record| Made::Again(Visible(record))).map_err(as_the_path_s);
    }
    let record = create(db, &grant, side, input).await?;
    retry.made(db, Some(record.id)).await?;
    Ok(Made::New(record))
}

/// Makes a record by a form of the pages, which counts once.
pub async fn make_by_form(
    db: &mut Connection<'_>,
    grant: Held<WritePartners>,
    input: PartnerInput,
    form: &Token,
) -> Result<Visible<PartnerRecord>> {
    let record = create(db, &grant, Side::Supplies, input).await?;
    used_forms::keep(db, &grant, form, record.id).await?;
    Ok(record)
}

async fn create(
    db: &mut Connection<'_>,
    grant: &Held<WritePartners>,
    side: Side,
    input: PartnerInput,
) -> Result<Visible<PartnerRecord>> {
    let account = grant.account();
    links::refuse_missing(db, account, &input.change).await?;
    let PartnerInput { change, mut faults } = input;
    let Some(company) = change.company.as_ref().filter(|_| faults.is_empty()) else {
        if !faults.iter().any(|fault| fault.field == "company") && change.company.is_none() {
            faults.push(Fault::new("required", "Give the name of the company.").on("company"));
        }
        return Err(Error::Invalid(faults));
    };
    let id = insert(db, account, change.kind.unwrap_or(side.kind()), company, &change).await?;
    let linked = LinkIds::after(LinkIds::default(), &change);
    links::write(db, account, id, &linked, true).await?;
    let record = find(db, account, id).await?;
    db.audit(Pending::by(grant, Event::PartnerCreated, id, json!({"after": record})));
    Ok(Visible(record))
}

/// Changes a record of a side.
pub async fn update(
    db: &mut Connection<'_>,
    grant: Held<WritePartners>,
    side: Side,
    id: i64,
    input: PartnerInput,
) -> Result<Visible<PartnerRecord>> {
    get(db, &grant, side, id).await?;
    links::refuse_missing(db, grant.account(), &input.change).await?;
    if input.faults.is_empty() {
        write::set(db, grant, id, input.change).await.map_err(as_the_path_s)
    } else {
        Err(Error::Invalid(input.faults))
    }
}

/// Deletes a record of a side with its keys.
pub async fn delete_of_side(
    db: &mut Connection<'_>,
    grant: Held<WritePartners>,
    side: Side,
    id: i64,
) -> Result<Visible<PartnerRecord>> {
    get(db, &grant, side, id).await?;
    write::delete(db, grant, id).await.map_err(as_the_path_s)
}

/// A record that is gone, in the words of whoever named it by nothing but a path or a retry.
fn as_the_path_s(error: Error) -> Error {
    if matches!(error, Error::NoSuch { .. }) { Error::NotFound("id") } else { error }
}
