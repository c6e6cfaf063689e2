//! The reader of the field's XML: any bytes are a document, or a fault that says where.

#![no_main]

use leadlatch_api::wire::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    for kind in [None, Some("text/xml; charset=ISO-8859-1")] {
        match read(body, kind) {
            Ok(root) => assert!(!root.name.is_empty()),
            Err(malformed) => assert!(malformed.to_string().starts_with("Line ")),
        }
    }
});
