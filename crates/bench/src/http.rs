//! As much of HTTP/1.1 as the load generator needs: one request at a time on a persistent connection.

use std::borrow::Cow;

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Longer than any response of the bench.
const ANSWER_LIMIT: usize = 16 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    /// The header lines, without the status line.
    pub(crate) headers: &'a str,
    pub(crate) body: Cow<'a, [u8]>,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request and reads the whole response.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        while parse(&self.buffer)?.is_none() {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            if self.buffer.len() > ANSWER_LIMIT {
                bail!("the response is too long");
            }
        }
        parse(&self.buffer)?.context("the response is incomplete")
    }
}

/// Parses a response. `None` while it is incomplete.
fn parse(bytes: &[u8]) -> Result<Option<Answer<'_>>> {
    let Some((head, rest)) = split_once(bytes, b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(head).context("the headers are not text")?;
    let (status_line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.with_context(|| format!("not a status line: {status_line}"))?;
    let body = if header(headers, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        unchunk(rest)?.map(Cow::Owned)
    } else {
        let length = header(headers, "content-length")
            .map(str::parse)
            .transpose()
            .context("the content length is not a number")?;
        rest.get(..length.unwrap_or(0)).map(Cow::Borrowed)
    };
    Ok(body.map(|body| Answer { status, headers, body }))
}

pub(crate) fn header<'a>(headers: &'a str, name: &str) -> Option<&'a str> {
    headers.split("\r\n").find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Joins chunks. `None` while the last one is missing.
fn unchunk(mut rest: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut body = Vec::with_capacity(rest.len());
    loop {
        let Some((size, after)) = split_once(rest, b"\r\n") else {
            return Ok(None);
        };
        let size = std::str::from_utf8(size).ok().and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
        let size = size.context("a chunk does not start with its size")?;
        let (Some(chunk), Some(next)) = (after.get(..size), after.get(size + 2..)) else {
            return Ok(None);
        };
        if size == 0 {
            return Ok(Some(body));
        }
        body.extend_from_slice(chunk);
        rest = next;
    }
}

fn split_once<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((bytes.get(..at)?, bytes.get(at + separator.len()..)?))
}

pub(crate) fn contains(body: &[u8], text: &str) -> bool {
    body.windows(text.len()).any(|window| window == text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Option<(u16, Vec<u8>)> {
        parse(text.as_bytes()).expect("readable").map(|answer| (answer.status, answer.body.into_owned()))
    }

    #[test]
    fn responses_are_parsed_once_they_are_complete() {
        let plain = "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nx: y\r\n\r\nhello";
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
        for (text, status) in [(plain, 201), (chunked, 200)] {
            assert_eq!(whole(text), Some((status, b"hello".to_vec())));
            for end in 0..text.len() {
                assert_eq!(whole(&text[..end]), None, "{end} bytes of {text}");
            }
        }
        assert_eq!(whole("HTTP/1.1 204 No Content\r\n\r\n"), Some((204, Vec::new())));
        assert!(parse(b"junk\r\n\r\n").is_err());
    }

    #[test]
    fn headers_are_found_in_any_case() {
        assert_eq!(header("Date: today\r\nDIGEST:x", "digest"), Some("x"));
        assert_eq!(header("Date: today", "digest"), None);
        assert!(contains(b"a VALID key", "VALID") && !contains(b"a bad key", "VALID"));
    }
}
