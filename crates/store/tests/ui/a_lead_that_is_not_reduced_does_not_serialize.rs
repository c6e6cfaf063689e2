fn write(lead: &leadlatch_domain::lead::Lead) -> String {
    serde_json::to_string(lead).unwrap()
}

fn main() {}
