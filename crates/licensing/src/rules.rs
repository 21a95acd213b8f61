//! What policies grant, what licenses and machines are, and what follows from both.

pub mod activation;
pub mod entitlement;
pub mod license;
pub mod machine;
pub mod outage;
pub mod policy;
pub mod validation;
