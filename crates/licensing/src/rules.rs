//! Policies, licenses and machines, and the decisions that follow from them.

pub mod activation;
pub mod component;
pub mod entitlement;
pub mod license;
pub mod machine;
pub mod outage;
pub mod policy;
pub mod process;
pub mod release;
pub mod validation;
