use std::time::Duration;

use proptest::prelude::*;

use super::*;

const SECRET: &str = "whsec_0123456789abcdefghijklmnopqrstuv";
const OTHER: &str = "whsec_vutsrqponmlkjihgfedcba9876543210";
const NOW: i64 = 1_790_000_000;
const BODY: &[u8] = br#"{"id":"evt_1","object":"event"}"#;

fn secrets(text: &str) -> WebhookSecrets {
    WebhookSecrets::parse(text).expect("secrets")
}

fn now() -> Timestamp {
    Timestamp::from_unix_micros(NOW * 1_000_000)
}

/// HMAC-SHA256 written out (RFC 2104), so that the check is not compared with itself.
fn hmac(key: &[u8], message: &[u8]) -> String {
    use sha2::Digest;
    let mut block = [0u8; 64];
    block[..key.len()].copy_from_slice(key);
    let padded = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::digest([&padded(0x36), message].concat());
    let outer = Sha256::digest([&padded(0x5c)[..], &inner].concat());
    hex::encode(&outer)
}

fn signature(secret: &str, time: &str, body: &[u8]) -> String {
    hmac(secret.as_bytes(), &[time.as_bytes(), b".", body].concat())
}

fn header(time: i64) -> String {
    format!("t={time},v1={}", signature(SECRET, &time.to_string(), BODY))
}

fn check(header: &str) -> Result<(), SignatureRefusal> {
    verify([header.as_bytes()], BODY, &secrets(SECRET), now())
}

#[test]
fn st_02_a_signature_of_the_last_and_next_five_minutes_is_accepted() {
    for offset in [-300, -299, -1, 0, 1, 299, 300] {
        assert_eq!(check(&header(NOW + offset)), Ok(()), "{offset}");
    }
    for offset in [-301, 301, -86_400, 86_400, -NOW] {
        assert_eq!(check(&header(NOW + offset)), Err(SignatureRefusal::OtherTime), "{offset}");
    }
}

#[test]
fn the_published_vector_of_hmac_matches() {
    // RFC 4231, test case 2.
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(hmac(b"Jefe", b"what do ya want for nothing?"), expected);
}

/// ST-05: signed by Stripe's official npm package, not by our own code.
#[test]
fn st_05_what_the_official_package_signed_is_accepted() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/data/stripe-signatures.json");
    let text = std::fs::read_to_string(path).expect("the signatures");
    let all: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let mut count = 0;
    for case in all["cases"].as_array().expect("cases") {
        let word = |name: &str| case[name].as_str().expect("a text");
        let at = Timestamp::from_unix_micros(case["timestamp"].as_i64().expect("a time") * 1_000_000);
        let (header, body) = (word("header"), word("payload").as_bytes());
        match WebhookSecrets::parse(word("secret")) {
            Ok(secrets) => {
                assert_eq!(verify([header.as_bytes()], body, &secrets, at), Ok(()), "{case}");
                assert!(verify([header.as_bytes()], body, &self::secrets(OTHER), at).is_err(), "{case}");
                count += 1;
            }
            // The package signs with any secret.
            Err(weak) => assert_eq!(weak, WeakSecret::Short, "{case}"),
        }
    }
    assert!(count >= 4, "{count} signatures");
}

/// Sixty headers that must be refused (ST-02, ST-03).
fn refused() -> Vec<String> {
    let v1 = signature(SECRET, &NOW.to_string(), BODY);
    let good = header(NOW);
    let signed = |time: &str| format!("t={time},v1={}", signature(SECRET, time, BODY));
    let with =
        |secret: &[u8]| format!("t={NOW},v1={}", hmac(secret, &[NOW.to_string().as_bytes(), b".", BODY].concat()));
    let stripped = v1.trim_start_matches('0');
    let mut all = vec![
        // Nothing, or not a list.
        String::new(),
        " ".into(),
        ",".into(),
        "=".into(),
        "t".into(),
        "v1".into(),
        "t=,v1=".into(),
        "null".into(),
        "t=v1".into(),
        format!("{NOW}"),
        v1.clone(),
        format!("{NOW},{v1}"),
        // No time, or not one time.
        format!("v1={v1}"),
        format!("t=,v1={v1}"),
        format!("t={NOW},t={NOW},v1={v1}"),
        format!("{good},t={NOW}"),
        format!("t={NOW},t=0,v1={v1}"),
        format!("T={NOW},v1={v1}"),
        format!(" t={NOW},v1={v1}"),
        // Times that are not digits.
        signed(&format!("+{NOW}")),
        signed(&format!("-{NOW}")),
        signed(&format!(" {NOW}")),
        signed(&format!("{NOW} ")),
        signed(&format!("{NOW}.0")),
        signed("1.79e9"),
        signed("0x6ab1"),
        signed("١٧٩"),
        signed("NaN"),
        signed("now"),
        // Times out of range.
        signed("0"),
        signed("9223372036854775807"),
        signed("9223372036854775808"),
        signed("18446744073709551615"),
        signed("18446744073709551616"),
        signed(&"9".repeat(400)),
        signed(&(NOW * 1_000).to_string()),
        signed(&(NOW - 301).to_string()),
        signed(&(NOW + 301).to_string()),
        // No signature of the scheme.
        format!("t={NOW}"),
        format!("t={NOW},v0={v1}"),
        format!("t={NOW},v2={v1}"),
        format!("t={NOW},V1={v1}"),
        format!("t={NOW}, v1={v1}"),
        format!("t={NOW};v1={v1}"),
        format!("t={NOW},v1 ={v1}"),
        // Signatures of the wrong form.
        format!("t={NOW},v1="),
        format!("t={NOW},v1={}", v1.to_uppercase()),
        format!("t={NOW},v1={}", &v1[..63]),
        format!("t={NOW},v1={}", &v1[..32]),
        format!("t={NOW},v1={v1}0"),
        format!("t={NOW},v1={v1}{v1}"),
        format!("t={NOW},v1= {v1}"),
        format!("t={NOW},v1=0x{}", &v1[2..]),
        format!("t={NOW},v1={}", "g".repeat(64)),
        format!("t={NOW},v1={stripped}é"),
        // A valid signature next to a malformed one, and too many of them.
        format!("{good},v1=junk"),
        format!("{good}{}", format!(",v1={v1}").repeat(16)),
        // Other keys: another secret, the empty one, and the secret without its prefix.
        with(OTHER.as_bytes()),
        with(b""),
        with(SECRET.trim_start_matches("whsec_").as_bytes()),
    ];
    all.dedup();
    all
}

#[test]
fn st_03_none_of_sixty_bad_headers_is_accepted() {
    let corpus = refused();
    assert!(corpus.len() >= 60, "{}", corpus.len());
    for bad in corpus {
        assert!(check(&bad).is_err(), "{bad}");
    }
}

#[test]
fn st_03_exactly_one_header_is_accepted() {
    let good = header(NOW);
    let check = |headers: &[&[u8]]| verify(headers.iter().copied(), BODY, &secrets(SECRET), now());
    assert_eq!(check(&[]), Err(SignatureRefusal::Missing));
    assert_eq!(check(&[good.as_bytes(), good.as_bytes()]), Err(SignatureRefusal::Repeated));
    assert_eq!(check(&[b"t=1", good.as_bytes()]), Err(SignatureRefusal::Repeated));
    assert_eq!(check(&[b"\xff\xfe"]), Err(SignatureRefusal::Malformed));
    assert_eq!(check(&[good.as_bytes()]), Ok(()));
}

#[test]
fn st_03_the_bytes_of_the_body_are_signed_and_not_its_meaning() {
    let good = header(NOW);
    let bodies: [&[u8]; 6] = [
        b"",
        br#"{"id": "evt_1", "object": "event"}"#,
        br#"{"object":"event","id":"evt_1"}"#,
        b"{\"id\":\"evt_1\",\"object\":\"event\"}\r\n",
        b"{\"id\":\"evt_1\",\"object\":\"event\"}\n",
        br#"{"id":"evt_2","object":"event"}"#,
    ];
    for body in bodies {
        assert_eq!(verify([good.as_bytes()], body, &secrets(SECRET), now()), Err(SignatureRefusal::OtherSecret));
    }
}

#[test]
fn st_04_two_secrets_are_accepted_during_a_rotation_and_a_removed_one_is_not() {
    let (time, both) = (NOW.to_string(), secrets(&format!("{SECRET},{OTHER}")));
    let (old, new) = (signature(SECRET, &time, BODY), signature(OTHER, &time, BODY));
    let headers =
        [format!("t={time},v1={old}"), format!("t={time},v1={new}"), format!("t={time},v1={old},v1={new},v0={new}")];
    for header in &headers {
        assert_eq!(verify([header.as_bytes()], BODY, &both, now()), Ok(()), "{header}");
    }
    let accepted = |secret| headers.each_ref().map(|h| verify([h.as_bytes()], BODY, &secrets(secret), now()).is_ok());
    assert_eq!(accepted(OTHER), [false, true, true]);
    assert_eq!(accepted(SECRET), [true, false, true]);
}

#[test]
fn sixteen_signatures_are_accepted_if_one_of_them_matches() {
    let v1 = signature(SECRET, &NOW.to_string(), BODY);
    let others = format!(",v1={}", "0".repeat(64)).repeat(15);
    assert_eq!(check(&format!("t={NOW}{others},v1={v1}")), Ok(()));
    assert_eq!(check(&format!("t={NOW},v1={v1}{others}")), Ok(()));
    assert_eq!(check(&format!("t={NOW}{others},v1={v1},v1={v1}")), Err(SignatureRefusal::TooMany));
}

#[test]
fn st_01_weak_secrets_are_refused() {
    let cases = [
        ("", WeakSecret::Blank),
        (" \t\n", WeakSecret::Blank),
        ("whsec_short", WeakSecret::Short),
        (&SECRET[..31], WeakSecret::Short),
        (&format!(" {SECRET}"), WeakSecret::Malformed),
        (&format!("{SECRET}\n"), WeakSecret::Malformed),
        (&format!("{SECRET}é"), WeakSecret::Malformed),
        (&format!("{SECRET},"), WeakSecret::Blank),
        (&format!("{SECRET}, {OTHER}"), WeakSecret::Malformed),
        (&format!("{SECRET},{SECRET}"), WeakSecret::Repeated),
        (&["a", "b", "c", "d", "e"].map(|letter| letter.repeat(32)).join(","), WeakSecret::TooMany),
    ];
    for (text, why) in cases {
        assert_eq!(WebhookSecrets::parse(text).map(|_| ()), Err(why), "{text:?}");
    }
    assert_eq!(WebhookSecret::parse(&SECRET[..32]).map(|_| ()), Ok(()));
}

#[test]
fn secrets_are_not_printed() {
    let printed = format!("{:?}", secrets(&format!("{SECRET},{OTHER}")));
    assert!(!printed.contains("whsec") && printed.contains("WebhookSecret(..)"), "{printed}");
}

fn near_headers() -> impl Strategy<Value = String> {
    let scheme = prop_oneof![Just("t"), Just("v1"), Just("v0"), Just(""), Just("é")];
    let value = prop_oneof![
        Just(NOW.to_string()),
        Just(signature(SECRET, &NOW.to_string(), &BODY[1..])),
        "[0-9a-f]{60,68}",
        "[0-9+-]{0,30}",
        ".{0,8}",
    ];
    let part = (scheme, value).prop_map(|(scheme, value)| format!("{scheme}={value}"));
    proptest::collection::vec(part, 0..24).prop_map(|parts| parts.join(","))
}

proptest! {
    #[test]
    fn st_02_no_header_panics_or_passes_without_the_secret(
        header in proptest::collection::vec(any::<u8>(), 0..200),
        near in near_headers(),
        at in any::<i64>(),
    ) {
        let now = Timestamp::from_unix_micros(at);
        prop_assert!(verify([header.as_slice()], BODY, &secrets(SECRET), now).is_err());
        prop_assert!(verify([near.as_bytes()], BODY, &secrets(SECRET), now).is_err());
        prop_assert!(verify([near.as_bytes()], BODY, &secrets(SECRET), self::now()).is_err());
    }

    #[test]
    fn what_is_signed_with_the_secret_passes(body in proptest::collection::vec(any::<u8>(), 0..300), age in 0..=600i64) {
        let time = (NOW - 300 + age).to_string();
        let header = format!("t={time},v0=x,v1={}", signature(SECRET, &time, &body));
        prop_assert_eq!(verify([header.as_bytes()], &body, &secrets(SECRET), now()), Ok(()));
        let later = now().plus(Duration::from_secs(901));
        prop_assert_eq!(verify([header.as_bytes()], &body, &secrets(SECRET), later), Err(SignatureRefusal::OtherTime));
    }
}
