//! The vendor's color and logo, read once at startup and served under paths that change with them.

use std::future::ready;

use axum::{
    Router,
    body::Bytes,
    http::{HeaderName, HeaderValue, header},
    routing::get,
};
use latchkey_app::Branding;
use latchkey_licensing::{brand::Brand, hex};
use sha2::{Digest, Sha256};

use crate::settings::{Settings, SettingsError, Surface};

/// An SVG logo may contain anything, but if it is opened directly, nothing in it is run or loaded.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// What pages show of the vendor, and the files that they load for it.
#[derive(Clone, Debug)]
pub(crate) struct Branded {
    pub(crate) pages: Branding,
    files: Vec<BrandFile>,
}

#[derive(Clone, Debug)]
struct BrandFile {
    path: String,
    media_type: &'static str,
    bytes: Bytes,
}

impl BrandFile {
    fn new(name: &str, media_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let hash = Sha256::digest(&bytes);
        let version = hex::encode(hash.first_chunk::<8>().unwrap_or(&[0; 8]));
        Self { path: format!("/brand/{version}/{name}"), media_type, bytes }
    }
}

impl Branded {
    pub(crate) fn read(settings: &Settings, brand: &Brand) -> Result<Self, SettingsError> {
        let accent = settings
            .brand
            .accent()
            .map(|accent| BrandFile::new("accent.css", "text/css; charset=utf-8", accent.stylesheet()));
        let logo = settings
            .brand
            .read_logo()?
            .map(|logo| BrandFile::new(&format!("logo.{}", logo.extension), logo.media_type, logo.bytes));
        let pages = Branding {
            brand: brand.clone(),
            logo: logo.as_ref().map(|file| file.path.clone()),
            portal: (!settings.server.surfaces.has(Surface::Portal)).then(|| settings.portal_url()),
            home: settings.server.surfaces.has(Surface::Site).then(|| "/".to_owned()),
            download_url: settings.brand.download_url.clone(),
            stylesheet: accent.as_ref().map(|file| file.path.clone()),
        };
        Ok(Self { pages, files: accent.into_iter().chain(logo).collect() })
    }

    pub(crate) fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.files.iter().fold(Router::new(), |router, file| {
            let headers: [(HeaderName, HeaderValue); 3] = [
                (header::CONTENT_TYPE, HeaderValue::from_static(file.media_type)),
                (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
                (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
            ];
            let bytes = file.bytes.clone();
            router.route(&file.path, get(move || ready((headers.clone(), bytes.clone()))))
        })
    }
}
