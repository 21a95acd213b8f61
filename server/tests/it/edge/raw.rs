//! A client that sends exactly the given bytes.

use std::{net::SocketAddr, time::Duration};

use latchkey_licensing::public_key::PublicKey;
use latchkey_wire::signature::{SignedHeaders, Target, verify};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

/// Longer than any limit in these tests, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(30);

/// After this time without a byte, a response is complete although the connection is open.
const SILENCE: Duration = Duration::from_millis(700);

pub(super) struct Raw {
    stream: TcpStream,
}

impl Raw {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server accepts");
        stream.set_nodelay(true).expect("a socket option");
        Self { stream }
    }

    /// Sends bytes. The server may close the connection before it has all of them.
    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Everything until the server closes the connection, and how long that took. `None` if it does not.
    pub(super) async fn until_closed(&mut self) -> Option<(String, Duration)> {
        let (started, mut received) = (Instant::now(), Vec::new());
        let mut buffer = vec![0; 16 * 1024];
        loop {
            match timeout(PATIENCE, self.stream.read(&mut buffer)).await {
                Ok(Ok(0) | Err(_)) => {
                    return Some((String::from_utf8_lossy(&received).into_owned(), started.elapsed()));
                }
                Ok(Ok(count)) => received.extend_from_slice(&buffer[..count]),
                Err(_) => return None,
            }
        }
    }

    /// Everything until nothing more comes.
    pub(super) async fn until_silent(&mut self) -> String {
        let (mut received, mut buffer) = (Vec::new(), vec![0; 16 * 1024]);
        let mut patience = PATIENCE;
        while let Ok(Ok(count @ 1..)) = timeout(patience, self.stream.read(&mut buffer)).await {
            received.extend_from_slice(&buffer[..count]);
            patience = SILENCE;
        }
        String::from_utf8_lossy(&received).into_owned()
    }

    /// Whether the connection is open and nothing has come.
    pub(super) async fn is_open(&mut self) -> bool {
        timeout(Duration::from_millis(50), self.stream.read(&mut [0; 1])).await.is_err()
    }
}

/// What the server sends in response to these bytes.
pub(super) async fn exchange(address: SocketAddr, bytes: impl AsRef<[u8]>) -> String {
    let mut client = Raw::connect(address).await;
    client.send(bytes).await;
    client.until_silent().await
}

/// The statuses of all responses in a text.
pub(super) fn statuses(text: &str) -> Vec<u16> {
    text.split("HTTP/1.").skip(1).filter_map(|line| line.get(2..5)?.parse().ok()).collect()
}

/// A header field of the first response.
pub(super) fn field<'a>(response: &'a str, name: &str) -> Option<&'a str> {
    let head = response.split("\r\n\r\n").next().unwrap_or_default();
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Whether a response is signed for this request.
pub(super) fn is_signed(key: &PublicKey, response: &str, method: &str, path: &str, host: &str) -> bool {
    let body = response.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let text = |name| field(response, name).unwrap_or_default().to_owned();
    let signed =
        SignedHeaders { date: text("keygen-date"), digest: text("keygen-digest"), signature: text("keygen-signature") };
    verify(key, Target { method, path_and_query: path, host }, &signed, body.as_bytes())
}
