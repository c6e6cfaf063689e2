use leadlatch_domain::matrix::ReadLeads;
use leadlatch_store::{Access, Grant};

fn forge(access: Access) -> Grant<ReadLeads> {
    Grant { access, action: std::marker::PhantomData }
}

fn main() {}
