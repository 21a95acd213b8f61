//! How deep JSON is nested, found without parsing it.

/// Whether arrays and objects are nested more than `limit` levels deep. Text that is not JSON gives any answer.
#[must_use]
pub fn is_deeper_than(json: &[u8], limit: usize) -> bool {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_deeper_than;

    #[test]
    fn only_brackets_outside_of_text_count() {
        for (json, is_deep) in [
            ("{}", false),
            (r#"{"a":[1]}"#, false),
            (r#"{"a":[[1]]}"#, true),
            (r#"[{"a":{}}]"#, true),
            (r"[[],[],[[]]]", true),
            (r"[[],[],{}]", false),
            (r#"{"a":"[[[["}"#, false),
            (r#"{"a":"\"[[[["}"#, false),
            (r#"{"a":"\\","b":[[1]]}"#, true),
            ("", false),
            ("]]]][[", false),
        ] {
            assert_eq!(is_deeper_than(json.as_bytes(), 2), is_deep, "{json}");
        }
    }
}
