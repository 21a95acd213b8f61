//! Finding a machine by what an app names it.

use latchkey_licensing::{ids::LicenseId, machine::Machine};
use latchkey_store::Conn;

use crate::{error::Internal, operation::vault::plain_hash};

/// The active machine of a license with this id or fingerprint.
pub(crate) async fn find_machine(conn: &mut Conn, license: LicenseId, text: &str) -> Result<Option<Machine>, Internal> {
    if let Ok(id) = text.parse()
        && let Some(machine) = conn.find_machine(license, id).await?
    {
        return Ok(Some(machine));
    }
    Ok(conn.find_machine_by_fingerprint(license, &plain_hash(text.as_bytes())).await?)
}
