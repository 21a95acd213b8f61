//! What the frame of every page shows.

use latchkey_service::Role;

use crate::{
    admin::model::{Frame, PaymentMode, StaffRole},
    server_side as server,
};

/// Who is signed in, and what the frame shows about the instance. `None` for everyone else.
pub(crate) fn frame() -> Option<Frame> {
    let (who, backend) = (server::staff().ok()?, server::backend().ok()?);
    Some(Frame {
        email: who.account.email.to_string(),
        role: if who.account.role == Role::Admin { StaffRole::Admin } else { StaffRole::Support },
        mode: match backend.service.payments().map(|payments| payments.is_live()) {
            Some(true) => PaymentMode::Live,
            Some(false) => PaymentMode::Test,
            None => PaymentMode::Off,
        },
        has_letter_keys: server::cookies::has_letter_keys(),
    })
}
