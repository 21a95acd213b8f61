//! Answers of calls with an idempotency key, which are repeated if the key is.

use std::collections::HashMap;

use super::{params::Params, refusal::Refusal};

/// Stripe forgets keys after 24 hours.
const KEPT_FOR: i64 = 24 * 60 * 60;

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) request_id: String,
}

#[derive(Debug)]
struct Kept {
    path: String,
    params: Params,
    at: i64,
    answer: Answer,
}

#[derive(Debug, Default)]
pub(crate) struct Replays(HashMap<String, Kept>);

impl Replays {
    /// The answer to repeat. Fails if the key was used with other parameters.
    pub(crate) fn find(&self, key: &str, path: &str, params: &Params, now: i64) -> Result<Option<Answer>, Refusal> {
        let Some(kept) = self.0.get(key).filter(|kept| now - kept.at < KEPT_FOR) else { return Ok(None) };
        if kept.path != path || kept.params != *params {
            let message = format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try \
                 using a key other than '{key}' if you meant to execute a different request."
            );
            return Err(Refusal::new(400, "idempotency_error", Some("idempotency_key_in_use"), message));
        }
        Ok(Some(kept.answer.clone()))
    }

    pub(crate) fn keep(&mut self, key: String, path: &str, params: Params, now: i64, answer: Answer) {
        self.0.insert(key, Kept { path: path.to_owned(), params, at: now, answer });
    }
}
