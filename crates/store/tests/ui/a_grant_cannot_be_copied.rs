use leadlatch_domain::matrix::ReadLeads;
use leadlatch_store::Grant;

fn twice(grant: &Grant<ReadLeads>) -> Grant<ReadLeads> {
    grant.clone()
}

fn main() {}
