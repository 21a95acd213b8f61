//! Where the palette and the search page find objects.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use leptos::prelude::use_context;

use crate::{admin::model::find::HitGroup, shared::error::UiError};

type Found = Pin<Box<dyn Future<Output = Result<Vec<HitGroup>, UiError>> + Send>>;

/// Finds objects by what a person typed. Provided as context around the pages.
#[derive(Clone)]
pub(crate) struct ObjectSource(Arc<dyn Fn(String) -> Found + Send + Sync>);

impl fmt::Debug for ObjectSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectSource").finish_non_exhaustive()
    }
}

impl ObjectSource {
    pub(crate) fn new<F>(find: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<HitGroup>, UiError>> + Send + 'static,
    {
        Self(Arc::new(move |text| Box::pin(find(text))))
    }

    /// What it finds. Nothing is looked up for an empty text.
    pub(crate) async fn find(source: Option<Self>, text: String) -> Result<Vec<HitGroup>, UiError> {
        match source {
            Some(source) if !text.trim().is_empty() => (source.0)(text.trim().to_owned()).await,
            _ => Ok(Vec::new()),
        }
    }
}

pub(crate) fn use_objects() -> Option<ObjectSource> {
    use_context()
}
