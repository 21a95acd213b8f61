//! The wire format of `/v1`: JSON:API documents, error codes and response signatures.
//!
//! The format is compatible with the public clients `keygen-rs`, `keygen-go` and `keygen-py`, and is
//! described in `content/docs/developers/protocol.md`. Server and client share these types.

#![warn(missing_docs)]

pub mod document;
pub mod error;
pub mod object;
pub mod parts;
pub mod release;
pub mod request;
pub mod signature;
