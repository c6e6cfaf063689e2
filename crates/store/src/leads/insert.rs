//! Writing new leads into their table: one, or a block of an import.

use std::sync::LazyLock;

use leadlatch_domain::lead::{Lead, LeadField, Twins};
use sea_query::Value as Bound;

use super::create::bind;
use crate::Result;
use crate::engine::Connection;

/// The columns behind those of the fields, in the order in which [`bound`] gives their values.
const HIDDEN: [&str; 12] = [
    "account_id",
    "introducer_updated_at",
    "partner_updated_at",
    "created_by_key_id",
    "import_id",
    "import_record",
    "name_twin",
    "company_twin",
    "address_twin",
    "email_twin",
    "phone1_twin",
    "phone2_twin",
];

/// The fields with a column of their own that an insert writes.
static STORED: LazyLock<Vec<LeadField>> =
    LazyLock::new(|| LeadField::ALL.iter().copied().filter(|f| f.is_stored() && *f != LeadField::Id).collect());

/// Statements for so many leads at a time: one text each, so that it is prepared once.
const SIZES: [usize; 2] = [8, 1];
static INSERTS: LazyLock<[String; SIZES.len()]> = LazyLock::new(|| SIZES.map(text));

/// A lead that is ready to be written.
#[derive(Debug)]
pub(super) struct NewLead {
    pub(super) lead: Lead,
    pub(super) twins: Twins,
    /// The key that makes it.
    pub(super) key: Option<i64>,
    /// The import that makes it, and its record in the file.
    pub(super) import: Option<(i64, i64)>,
}

fn text(leads: usize) -> String {
    let fields: Vec<&str> = HIDDEN.into_iter().chain(STORED.iter().map(|field| field.name())).collect();
    let one = |number: usize| {
        let places = (1..=fields.len()).map(|place| format!("${}", number * fields.len() + place));
        format!("({})", places.collect::<Vec<_>>().join(", "))
    };
    let rows: Vec<_> = (0..leads).map(one).collect();
    format!("INSERT INTO leads ({}) VALUES {} RETURNING id, import_record", fields.join(", "), rows.join(", "))
}

/// Writes the leads; gives the id of each with its record in the file, in no order.
pub(super) async fn insert(
    db: &mut Connection<'_>,
    account: i64,
    leads: &[&NewLead],
) -> Result<Vec<(i64, Option<i64>)>> {
    let (mut made, mut left) = (Vec::with_capacity(leads.len()), leads);
    for (size, sql) in SIZES.into_iter().zip(INSERTS.iter()) {
        while let Some((now, rest)) = left.split_at_checked(size) {
            let mut values = Vec::with_capacity(size * (HIDDEN.len() + STORED.len()));
            for new in now {
                bound(db, account, new, &mut values)?;
            }
            made.extend(db.query(sql, values, |row| Ok((row.get(0)?, row.get(1)?))).await?);
            left = rest;
        }
    }
    Ok(made)
}

fn bound(db: &Connection<'_>, account: i64, new: &NewLead, values: &mut Vec<Bound>) -> Result<()> {
    let now = db.now().as_micros();
    let (import, record) = new.import.unzip();
    values.extend([account, now, now].map(Bound::from));
    values.extend([new.key, import, record].map(Bound::from));
    values.extend(new.twins.columns().map(|(_, twin)| Bound::from(twin.map(str::to_owned))));
    for field in STORED.iter().copied() {
        values.push(bind(&new.lead, field)?);
    }
    Ok(())
}
