//! What a page shows.

use std::{
    any::Any,
    convert::Infallible,
    fmt::{self, Debug, Display},
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
    str::FromStr,
    sync::Arc,
};

use leptos::{
    prelude::{Resource, untrack},
    server::codee::string::FromToStringCodec,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::shared::error::UiError;

type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What a page shows, as a server function returns it: the server fetches it while it renders the page, and the browser when
/// it goes to another page or when the source changes.
///
/// It does what a [`Resource`] does. But each type in a [`Resource`] is some 10 kB of code, so all pages share one.
pub(crate) struct PageData<T> {
    resource: Resource<Fetched, FromToStringCodec>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for PageData<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for PageData<T> {}

impl<T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static> PageData<T> {
    /// Fetches anew when what `source` returns, as debugging shows it, is another.
    pub(crate) fn new<S: Debug, F: Future<Output = Result<T, UiError>> + Send + 'static>(
        source: impl Fn() -> S + Send + Sync + 'static,
        fetch: impl Fn(S) -> F + Send + Sync + 'static,
    ) -> Self {
        let source = Arc::new(source);
        let key = Arc::clone(&source);
        let resource = shared(
            Box::new(move || format!("{:?}", key())),
            Box::new(move || {
                let result = fetch(untrack(|| source()));
                Box::pin(async move { Fetched::returned(result.await) })
            }),
        );
        Self { resource, kind: PhantomData }
    }
}

/// Not generic, so that its code exists once.
fn shared(
    source: Box<dyn Fn() -> String + Send + Sync>,
    fetch: Box<dyn Fn() -> Later<Fetched> + Send + Sync>,
) -> Resource<Fetched, FromToStringCodec> {
    Resource::new_str(source, move |_| fetch())
}

impl<T: Clone + DeserializeOwned + Send + Sync + 'static> IntoFuture for PageData<T> {
    type Output = Result<T, UiError>;
    type IntoFuture = Later<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let fetched = self.resource.into_future();
        Box::pin(async move { fetched.await.read() })
    }
}

/// The result of a server function of any type.
#[derive(Clone)]
enum Fetched {
    /// As JSON, which the server wrote into the page.
    Written(Arc<str>),
    Returned {
        result: Arc<dyn Any + Send + Sync>,
        #[cfg(feature = "ssr")]
        write: fn(&(dyn Any + Send + Sync)) -> String,
    },
}

impl Fetched {
    fn returned<T: Serialize + Send + Sync + 'static>(result: Result<T, UiError>) -> Self {
        Self::Returned {
            result: Arc::new(result),
            #[cfg(feature = "ssr")]
            write: |result| {
                let result = result.downcast_ref::<Result<T, UiError>>();
                result.and_then(|result| serde_json::to_string(result).ok()).unwrap_or_default()
            },
        }
    }

    fn read<T: Clone + DeserializeOwned + 'static>(&self) -> Result<T, UiError> {
        let read = match self {
            Self::Written(text) => serde_json::from_str(text).ok(),
            Self::Returned { result, .. } => result.downcast_ref::<Result<T, UiError>>().cloned(),
        };
        read.unwrap_or(Err(UiError::Unavailable))
    }
}

impl FromStr for Fetched {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::Written(text.into()))
    }
}

impl Display for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written(text) => f.write_str(text),
            #[cfg(feature = "ssr")]
            Self::Returned { result, write } => f.write_str(&write(result.as_ref())),
            // Only the server writes.
            #[cfg(not(feature = "ssr"))]
            Self::Returned { .. } => Ok(()),
        }
    }
}
