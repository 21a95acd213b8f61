//! The bodies that apps send to `/v1`.
#![no_main]

use latchkey_wire::request::{Activate, CheckOut, IncrementUsage, Scope, Validate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(body) = serde_json::from_slice::<Validate>(data)
        && let Some(scope) = body.meta.scope
    {
        let _ = serde_json::from_value::<Scope>(serde_json::Value::Object(scope));
    }
    let _ = serde_json::from_slice::<Activate>(data);
    let _ = serde_json::from_slice::<IncrementUsage>(data);
    let _ = serde_json::from_slice::<CheckOut>(data);
});
