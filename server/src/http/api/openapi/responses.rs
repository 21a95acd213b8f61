//! Errors that endpoints share, for the description of the API.

use std::collections::BTreeMap;

use latchkey_wire::{document::MEDIA_TYPE, error::ErrorDocument};
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{Content, Ref, RefOr, Response, ResponseBuilder},
};

pub(super) type Responses = BTreeMap<String, RefOr<Response>>;

type Error = (u16, &'static str);

const UNREADABLE: Error = (400, "`DOCUMENT_INVALID`: the body is invalid; `source.pointer` says where");
const NO_KEY: Error = (401, "`TOKEN_MISSING`, `TOKEN_INVALID`, `TOKEN_FORMAT_INVALID`, `LICENSE_INVALID`");
const NOT_IN_GOOD_STANDING: Error = (403, "`LICENSE_SUSPENDED` (also if revoked), `LICENSE_BANNED`, `LICENSE_EXPIRED`");
const NOT_FOUND: Error = (404, "`NOT_FOUND`: nothing that this license may access");
const TOO_MANY: Error =
    (429, "`TOO_MANY_REQUESTS`: too many with this key or from this network. `Retry-After` says when to retry.");

/// Errors by status, each with an error document.
pub(super) fn errors(all: &[Error]) -> Responses {
    let describe = |(status, text): &Error| {
        let document = Content::new(Some(Ref::from_schema_name(ErrorDocument::name())));
        let response = ResponseBuilder::new().description(*text).content(MEDIA_TYPE, document).build();
        (status.to_string(), RefOr::T(response))
    };
    all.iter().map(describe).collect()
}

/// Defines sets of errors for the `responses(…)` of endpoints.
macro_rules! error_sets {
    ($($(#[$doc:meta])* $name:ident: $errors:expr;)*) => {
        $(
            $(#[$doc])*
            pub(crate) struct $name;

            impl IntoResponses for $name {
                fn responses() -> Responses {
                    errors(&$errors)
                }
            }
        )*
    };
}

error_sets! {
    /// Errors of all endpoints.
    LimitErrors: [TOO_MANY];
    /// Errors of endpoints where a key is optional. Each describes its response to an invalid key.
    OptionalKeyErrors: [NOT_IN_GOOD_STANDING, TOO_MANY];
    /// Errors of endpoints that require a key.
    KeyErrors: [NO_KEY, NOT_IN_GOOD_STANDING, TOO_MANY];
    /// Errors of endpoints that require a key and name a license or a machine.
    NamedErrors: [NO_KEY, NOT_IN_GOOD_STANDING, NOT_FOUND, TOO_MANY];
    /// Errors of endpoints that parse a body.
    BodyErrors: [UNREADABLE];
    /// Errors of lists.
    PagingErrors: [(400, "`PARAMETER_INVALID`")];
    /// Errors of endpoints with versions and parameters.
    VersionErrors: [(400, "`PARAMETER_INVALID`: a version or a parameter; `source.parameter` says which")];
    /// Errors of endpoints that create files.
    FileErrors: [
        (
            400,
            "`CHECKOUT_TTL_INVALID`, `CHECKOUT_INCLUDE_INVALID`, `CHECKOUT_ALGORITHM_INVALID`, `DOCUMENT_INVALID`; `source` says where"
        ),
        (422, "`CHECKOUT_TOO_LARGE`: the file would be longer than 64 KiB")
    ];
}
