//! The ways around a proof do not compile.

#[test]
fn the_ways_around_a_proof_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
