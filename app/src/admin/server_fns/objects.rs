//! The pages of records and of their acts. Forms are sent to the acts' pages, see [`acts`](crate::admin::acts).

use crate::shared::{page_form::PageForm, page_json::PageJson};
use leptos::prelude::*;

use crate::{
    admin::model::object_view::{ActView, EvidenceView, ExplainFields, ExplainView, ObjectKind, ObjectView},
    shared::error::UiError,
};

/// A record's page. `query` is the query of the page's address.
#[server(prefix = "/fn/admin", endpoint = "object", input = PageForm, output = PageJson)]
pub async fn admin_object(kind: ObjectKind, id: String, query: String) -> Result<ObjectView, UiError> {
    use crate::{admin::objects, server_side as server};
    objects::page(kind, &id, &query).await.map_err(server::failed)
}

/// The page of an act, by its path. `query` is the query of the page's address.
#[server(prefix = "/fn/admin", endpoint = "act", input = PageForm, output = PageJson)]
pub async fn admin_act(path: String, query: String) -> Result<ActView, UiError> {
    use crate::{admin::objects, server_side as server};
    objects::act(&path, &query).await.map_err(server::failed)
}

/// Why a license does or does not validate. Nothing is recorded.
#[server(prefix = "/fn/admin", endpoint = "explain", input = PageForm, output = PageJson)]
pub async fn admin_explain(license: String, fields: ExplainFields) -> Result<ExplainView, UiError> {
    use crate::{admin::objects, server_side as server};
    objects::explain(&license, fields).await.map_err(server::failed)
}

/// What answers a dispute about an order.
#[server(prefix = "/fn/admin", endpoint = "evidence", input = PageForm, output = PageJson)]
pub async fn admin_evidence(order: String) -> Result<EvidenceView, UiError> {
    use crate::{admin::objects, server_side as server};
    objects::evidence(&order).await.map_err(server::failed)
}
