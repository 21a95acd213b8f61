//! Whether a request says for certain which host it is for.

use axum::http::{HeaderMap, Uri, Version, header, uri::Authority};

/// Whether there is exactly one host, and it is one (RFC 9112, section 3.2, and RFC 9113, section 8.3.1).
///
/// HTTP/2 names it in `:authority`, and a request in absolute form in its target; `Host` must not contradict either. HTTP/1.0 does
/// not have to name a host. The API decides by itself whether it can do without one.
pub(crate) fn is_certain(version: Version, uri: &Uri, headers: &HeaderMap) -> bool {
    let authority = uri.authority().map(Authority::as_str);
    // Only `CONNECT` has a target without a scheme and a path.
    if authority.is_some_and(|authority| !is_host(authority.as_bytes()) || uri.scheme().is_none()) {
        return false;
    }
    let mut fields = headers.get_all(header::HOST).iter();
    match (fields.next(), fields.next()) {
        (_, Some(_)) => false,
        (Some(field), None) => {
            let field = field.as_bytes();
            is_host(field) && authority.is_none_or(|authority| authority.as_bytes().eq_ignore_ascii_case(field))
        }
        // In absolute form, HTTP/1.1 requires the field all the same.
        (None, None) => version <= Version::HTTP_10 || version == Version::HTTP_2 && authority.is_some(),
    }
}

/// Whether this is a name or an address, perhaps with a port.
fn is_host(text: &[u8]) -> bool {
    let (host, port) = if text.starts_with(b"[") {
        let Some(end) = text.iter().position(|byte| *byte == b']') else {
            return false;
        };
        let (address, rest) = text.split_at(end + 1);
        let inner = address.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or_default();
        if !inner.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')) {
            return false;
        }
        (inner, rest)
    } else {
        let end = text.iter().position(|byte| *byte == b':').unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if !name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
            return false;
        }
        (name, rest)
    };
    !host.is_empty() && (port.is_empty() || is_port(port))
}

fn is_port(text: &[u8]) -> bool {
    let Some(digits) = text.strip_prefix(b":") else {
        return false;
    };
    (1..=5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_or_addresses() {
        for host in [
            "a",
            "licenses.example.com",
            "127.0.0.1:3000",
            "[::1]",
            "[2001:db8::1]:443",
            "my_host:80",
            "xn--bcher-kva.example",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for text in [
            "", ":80", "a:", "a:x", "a:123456", "a b", "a/b", "a@b", "a,b", "a?b", "a#b", "[::1", "[]", "[::1]x",
            "[::1]:", "[g::1]", "a:80:80", "http://a", "ä", "a\u{0}",
        ] {
            assert!(!is_host(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn the_host_is_named_once() {
        let certain = |version, uri: &str, hosts: &[&str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, host.parse().expect("a field"));
            }
            is_certain(version, &uri.parse().expect("a URI"), &headers)
        };
        let cases: &[(Version, &str, &[&str], bool)] = &[
            (Version::HTTP_11, "/", &["a.example"], true),
            (Version::HTTP_11, "/", &[], false),
            (Version::HTTP_11, "/", &["a.example", "a.example"], false),
            (Version::HTTP_11, "/", &["a.example", "b.example"], false),
            (Version::HTTP_11, "/", &["a b"], false),
            (Version::HTTP_11, "/", &[""], false),
            (Version::HTTP_11, "http://a.example/", &["a.example"], true),
            (Version::HTTP_11, "http://a.example/", &["b.example"], false),
            (Version::HTTP_11, "http://a.example/", &[], false),
            (Version::HTTP_11, "a.example:80", &["a.example:80"], false),
            (Version::HTTP_10, "/", &[], true),
            (Version::HTTP_10, "/", &["a.example"], true),
            (Version::HTTP_10, "/", &["a.example", "a.example"], false),
            (Version::HTTP_2, "https://a.example/", &[], true),
            (Version::HTTP_2, "https://a.example/", &["A.example"], true),
            (Version::HTTP_2, "https://a.example/", &["b.example"], false),
            (Version::HTTP_2, "https://u@a.example/", &[], false),
            (Version::HTTP_2, "/", &["a.example"], true),
            (Version::HTTP_2, "/", &[], false),
        ];
        for (version, uri, hosts, is_accepted) in cases {
            assert_eq!(certain(*version, uri, hosts), *is_accepted, "{version:?} {uri} {hosts:?}");
        }
    }
}
