//! The edge: what the server accepts from clients that are slow, greedy, numerous or malicious, over raw sockets.

mod forms;
mod framing;
mod full_house;
mod headers;
mod hosts;
mod http2;
mod raw;
mod sizes;
mod slow_clients;
#[cfg(target_os = "linux")]
mod whole_process;
