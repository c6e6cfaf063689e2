//! Partner records.

use leadlatch_domain::matrix::WritePartners;
use leadlatch_domain::reach::PartnerKind;
use leadlatch_domain::text::Name;
use leadlatch_store::Connection;
use leadlatch_store::partner_records::{self, Links};

use super::{Shell, change};
use crate::cli::{Links as LinkArgs, OnePartner, Partner};
use crate::output::{Failure, Outcome};

pub(crate) async fn run(shell: &Shell, command: Partner) -> Outcome {
    match command {
        Partner::Create { of, kind, company, links, wire_number } => {
            let kind =
                PartnerKind::parse(&kind).ok_or_else(|| Failure::new("a kind is introducer, partner or both"))?;
            let (company, links) = (Name::parse(&company)?, read_links(links));
            let number = change::wire_number(wire_number.as_ref())?;
            let job = async move |db: &mut Connection<'_>, grant| {
                partner_records::create_numbered(db, grant, kind, company, links, number).await
            };
            shell.output.show(&shell.write(&of.account, job).await?)
        }
        Partner::Set(args) => change::partner(shell, args).await,
        Partner::Link { one, links } => link(shell, one, links, true).await,
        Partner::Unlink { one, links } => link(shell, one, links, false).await,
        Partner::Activate(one) => activate(shell, one, true).await,
        Partner::Deactivate(one) => activate(shell, one, false).await,
        Partner::List(of) => {
            let grant = shell.grant::<WritePartners>(&of.account).await?;
            shell.output.show(&shell.opened.store.read(async |db| partner_records::all(db, &grant).await).await?)
        }
        Partner::Delete(one) => {
            let job = async move |db: &mut Connection<'_>, grant| partner_records::delete(db, grant, one.id).await;
            shell.output.show(&shell.write(&one.of.account, job).await?)
        }
    }
}

fn read_links(links: LinkArgs) -> Links {
    Links { lead_groups: links.link_lead_group, lead_types: links.link_lead_type }
}

async fn link(shell: &Shell, one: OnePartner, links: LinkArgs, linked: bool) -> Outcome {
    let links = read_links(links);
    let job = async move |db: &mut Connection<'_>, grant| partner_records::link(db, grant, one.id, links, linked).await;
    shell.output.show(&shell.write(&one.of.account, job).await?)
}

async fn activate(shell: &Shell, one: OnePartner, active: bool) -> Outcome {
    let job = async move |db: &mut Connection<'_>, grant| partner_records::activate(db, grant, one.id, active).await;
    shell.output.show(&shell.write(&one.of.account, job).await?)
}
