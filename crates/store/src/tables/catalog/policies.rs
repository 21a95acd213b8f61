//! Policies.

use latchkey_licensing::{
    component::{ComponentTerms, ComponentUniqueness},
    policy::{
        ExpiryBasis, ExpiryStrategy, HeartbeatCull, HeartbeatResurrection, KeyScheme, MatchingStrategy,
        OverageStrategy, Policy, RenewalBasis, SwapAllowance,
    },
    process::{ProcessLeasing, ProcessTerms},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

#[derive(sqlx::FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "the columns of the table")]
pub(crate) struct PolicyRow {
    id: Uuid,
    product_id: Uuid,
    code: String,
    name: String,
    duration_us: Option<i64>,
    expiry_basis: String,
    renewal_basis: String,
    max_machines: Option<i64>,
    max_cores: Option<i64>,
    max_uses: Option<i64>,
    max_processes: Option<i64>,
    process_leasing: String,
    process_us: i64,
    component_matching: String,
    component_uniqueness: String,
    requires_components: bool,
    is_floating: bool,
    is_strict: bool,
    expiry_strategy: String,
    overage_strategy: String,
    machine_matching: String,
    requires_heartbeat: bool,
    heartbeat_us: i64,
    heartbeat_cull: String,
    heartbeat_resurrection: String,
    check_in_us: Option<i64>,
    key_scheme: String,
    offline_file_us: i64,
    swap_count: Option<i64>,
    swap_window_us: Option<i64>,
    customer_replaces_key: bool,
    customer_frees_machines: bool,
    customer_renames_machines: bool,
    customer_downloads_files: bool,
    customer_sees_history: bool,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<PolicyRow> for Policy {
    type Error = StoreError;

    fn try_from(row: PolicyRow) -> Result<Self> {
        let origin = Origin::new("policies", row.id);
        let unknown = |what| origin.corrupt(format!("unknown {what}"));
        let limit = |limit: Option<i64>| limit.map(|limit| origin.count(limit)).transpose();
        let swaps = match (row.swap_count, row.swap_window_us) {
            (Some(times), Some(window)) => {
                Some(SwapAllowance { count: origin.count(times)?, window: origin.duration(window)? })
            }
            (None, None) => None,
            _ => return Err(origin.corrupt("the swap allowance is incomplete")),
        };
        Ok(Self {
            id: row.id.into(),
            product: row.product_id.into(),
            code: row.code,
            name: row.name,
            duration: row.duration_us.map(|us| origin.duration(us)).transpose()?,
            expiry_basis: ExpiryBasis::parse(&row.expiry_basis).ok_or_else(|| unknown("expiry_basis"))?,
            renewal_basis: RenewalBasis::parse(&row.renewal_basis).ok_or_else(|| unknown("renewal_basis"))?,
            max_machines: limit(row.max_machines)?,
            max_cores: limit(row.max_cores)?,
            max_uses: limit(row.max_uses)?,
            processes: ProcessTerms {
                max: limit(row.max_processes)?,
                leasing: ProcessLeasing::parse(&row.process_leasing).ok_or_else(|| unknown("process_leasing"))?,
                window: origin.duration(row.process_us)?,
            },
            components: ComponentTerms {
                matching: MatchingStrategy::parse(&row.component_matching)
                    .ok_or_else(|| unknown("component_matching"))?,
                uniqueness: ComponentUniqueness::parse(&row.component_uniqueness)
                    .ok_or_else(|| unknown("component_uniqueness"))?,
                are_required: row.requires_components,
            },
            is_floating: row.is_floating,
            is_strict: row.is_strict,
            expiry_strategy: ExpiryStrategy::parse(&row.expiry_strategy).ok_or_else(|| unknown("expiry_strategy"))?,
            overage_strategy: OverageStrategy::parse(&row.overage_strategy)
                .ok_or_else(|| unknown("overage_strategy"))?,
            machine_matching: MatchingStrategy::parse(&row.machine_matching)
                .ok_or_else(|| unknown("machine_matching"))?,
            requires_heartbeat: row.requires_heartbeat,
            heartbeat_window: origin.duration(row.heartbeat_us)?,
            cull: HeartbeatCull::parse(&row.heartbeat_cull).ok_or_else(|| unknown("heartbeat_cull"))?,
            resurrection: HeartbeatResurrection::parse(&row.heartbeat_resurrection)
                .ok_or_else(|| unknown("heartbeat_resurrection"))?,
            check_in_interval: row.check_in_us.map(|us| origin.duration(us)).transpose()?,
            key_scheme: KeyScheme::parse(&row.key_scheme).ok_or_else(|| unknown("key_scheme"))?,
            file_ttl: origin.duration(row.offline_file_us)?,
            swap_allowance: swaps,
            customer_replaces_key: row.customer_replaces_key,
            customer_frees_machines: row.customer_frees_machines,
            customer_renames_machines: row.customer_renames_machines,
            customer_downloads_files: row.customer_downloads_files,
            customer_sees_history: row.customer_sees_history,
            created_at: Timestamp::from_unix_micros(row.created_at),
            updated_at: Timestamp::from_unix_micros(row.updated_at),
        })
    }
}
