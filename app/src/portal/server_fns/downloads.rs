//! The builds that a customer's license may have.

use leptos::prelude::*;

use crate::{
    portal::model::downloads::LicenseDownloads,
    shared::{error::UiError, page_form::PageForm, page_json::PageJson},
};

#[server(prefix = "/fn", endpoint = "downloads", input = PageForm, output = PageJson)]
pub async fn downloads(license: String) -> Result<LicenseDownloads, UiError> {
    use crate::server_side as server;
    server_downloads(&license).await.map_err(server::failed)
}

#[cfg(feature = "ssr")]
async fn server_downloads(license: &str) -> Result<LicenseDownloads, UiError> {
    use crate::{portal::model::downloads::DownloadList, portal::present, server_side as server};
    let (backend, who) = (server::backend()?, server::viewer()?);
    let id = license.parse().map_err(|_| UiError::NotFound)?;
    let view = who.view(&backend.service).license(id).await.map_err(super::licenses::refusal)?;
    let (now, brand) = (backend.service.now(), backend.service.brand());
    let list = present::downloads::downloads(&view, &backend.library, brand, now);
    let none = DownloadList { releases: Vec::new(), has_more: false, notice: None };
    Ok(LicenseDownloads { license: present::license(&view, now, brand), list: list.unwrap_or(none) })
}
