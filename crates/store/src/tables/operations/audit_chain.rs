//! The chain of authentication codes over the audit log.

use latchkey_licensing::{ids::AuditId, time::Timestamp};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::{Origin, operations::audit_log::AuditRow},
};

/// The end of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// The number of entries.
    pub position: i64,
    /// The authentication code of the last entry. Zeros if there is none.
    pub mac: [u8; 32],
}

/// An entry of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditLink {
    /// Counts from 1, without gaps.
    pub position: i64,
    pub audit_id: AuditId,
    pub mac: [u8; 32],
}

/// An entry of the chain with the row that it covers, which is missing if someone deleted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainedAudit {
    pub link: AuditLink,
    pub row: Option<AuditRow>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct HeadColumns {
    position: i64,
    mac: Vec<u8>,
}

impl TryFrom<HeadColumns> for AuditHead {
    type Error = StoreError;

    fn try_from(row: HeadColumns) -> Result<Self> {
        Ok(Self { position: row.position, mac: Origin::new("audit_head", row.position).bytes32(&row.mac)? })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct ChainedColumns {
    position: i64,
    audit_id: Uuid,
    mac: Vec<u8>,
    at: Option<i64>,
    actor_kind: Option<String>,
    actor_id: Option<String>,
    network: Option<String>,
    verb: Option<String>,
    subject_kind: Option<String>,
    subject_id: Option<String>,
    detail: Option<String>,
}

impl TryFrom<ChainedColumns> for ChainedAudit {
    type Error = StoreError;

    fn try_from(row: ChainedColumns) -> Result<Self> {
        let mac = Origin::new("audit_chain", row.position).bytes32(&row.mac)?;
        let id: AuditId = row.audit_id.into();
        let link = AuditLink { position: row.position, audit_id: id, mac };
        let found = (row.at, row.actor_kind, row.verb, row.subject_kind, row.subject_id, row.detail);
        let (Some(at), Some(actor_kind), Some(verb), Some(subject_kind), Some(subject_id), Some(detail)) = found else {
            return Ok(Self { link, row: None });
        };
        let at = Timestamp::from_unix_micros(at);
        let (actor_id, network) = (row.actor_id, row.network);
        let row = AuditRow { id, at, actor_kind, actor_id, network, verb, subject_kind, subject_id, detail };
        Ok(Self { link, row: Some(row) })
    }
}
