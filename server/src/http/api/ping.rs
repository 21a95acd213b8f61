//! `GET /v1/ping`

use latchkey_wire::document::{Pong, PongMeta};

use crate::http::api::{documents::resources::Document, responses::LimitErrors};

/// Says that the server is there.
#[utoipa::path(
    get,
    path = "/v1/ping",
    tag = "Server",
    operation_id = "ping",
    responses((status = 200, description = "The server is there", body = Pong), LimitErrors),
)]
pub(crate) async fn ping() -> Document<Pong> {
    Document(Pong { meta: PongMeta { ok: true } })
}
