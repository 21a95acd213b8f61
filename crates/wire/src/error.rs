//! Errors as documents.

use serde::Serialize;

macro_rules! codes {
    ($($(#[$doc:meta])* $case:ident = $word:literal, $status:literal, $title:literal;)+) => {
        /// An error code, with the HTTP status that goes with it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ErrorCode { $($(#[$doc])* $case,)+ }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$case),+];

            /// The word that clients see.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$case => $word),+ }
            }

            /// The HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Self::$case => $status),+ }
            }

            /// The kind of error in words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$case => $title),+ }
            }
        }
    };
}

codes! {
    /// No such license key, or one that cannot be read.
    LicenseInvalid = "LICENSE_INVALID", 401, "Unauthorized";
    /// A token that is not known.
    TokenInvalid = "TOKEN_INVALID", 401, "Unauthorized";
    /// No credential where one is needed.
    TokenMissing = "TOKEN_MISSING", 401, "Unauthorized";
    /// An Authorization header of no known form.
    TokenFormatInvalid = "TOKEN_FORMAT_INVALID", 401, "Unauthorized";
    /// The license is suspended or revoked.
    LicenseSuspended = "LICENSE_SUSPENDED", 403, "Access denied";
    /// The license is over and its policy revokes access.
    LicenseExpired = "LICENSE_EXPIRED", 403, "Access denied";
    /// The license's owner is banned.
    LicenseBanned = "LICENSE_BANNED", 403, "Access denied";
    /// There is nothing here that this credential may see.
    NotFound = "NOT_FOUND", 404, "Not found";
    /// The path knows other methods.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405, "Method not allowed";
    /// The body is longer than 16 KiB.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", 413, "Payload too large";
    /// The body is not JSON.
    MediaTypeUnsupported = "MEDIA_TYPE_UNSUPPORTED", 415, "Unsupported media type";
    /// The body is not JSON, or not of the form that the path takes.
    DocumentInvalid = "DOCUMENT_INVALID", 400, "Bad request";
    /// A query parameter is not of the form that the path takes.
    ParameterInvalid = "PARAMETER_INVALID", 400, "Bad request";
    /// The protocol version asked for is not known.
    InvalidApiVersion = "INVALID_API_VERSION", 400, "Bad request";
    /// A machine with this fingerprint is active.
    FingerprintTaken = "FINGERPRINT_TAKEN", 422, "Unprocessable resource";
    /// A fingerprint is missing.
    FingerprintMissing = "FINGERPRINT_MISSING", 422, "Unprocessable resource";
    /// A fingerprint cannot be kept.
    FingerprintInvalid = "FINGERPRINT_INVALID", 422, "Unprocessable resource";
    /// A field cannot be kept.
    AttributeInvalid = "ATTRIBUTE_INVALID", 422, "Unprocessable resource";
    /// All machines that the license allows are active.
    MachineLimitExceeded = "MACHINE_LIMIT_EXCEEDED", 422, "Unprocessable resource";
    /// The machines would have more cores than the license allows.
    MachineCoreLimitExceeded = "MACHINE_CORE_LIMIT_EXCEEDED", 422, "Unprocessable resource";
    /// The usage counter would pass its limit.
    UsesLimitExceeded = "USES_LIMIT_EXCEEDED", 422, "Unprocessable resource";
    /// A file is asked for that lasts too short, or for a time that is none.
    CheckoutTtlInvalid = "CHECKOUT_TTL_INVALID", 400, "Bad request";
    /// A file is asked for with something that it cannot include.
    CheckoutIncludeInvalid = "CHECKOUT_INCLUDE_INVALID", 400, "Bad request";
    /// A file is asked for in a form that this server does not make.
    CheckoutAlgorithmInvalid = "CHECKOUT_ALGORITHM_INVALID", 400, "Bad request";
    /// A file would be longer than clients read.
    CheckoutTooLarge = "CHECKOUT_TOO_LARGE", 422, "Unprocessable resource";
    /// A limit of requests is reached.
    TooManyRequests = "TOO_MANY_REQUESTS", 429, "Too many requests";
    /// The machine's heartbeat stopped and its policy lets it go.
    MachineHeartbeatDead = "MACHINE_HEARTBEAT_DEAD", 422, "Unprocessable resource";
    /// The server failed; the request can be repeated.
    Internal = "INTERNAL_SERVER_ERROR", 500, "Internal server error";
}

/// A document that tells of an error.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorDocument {
    /// The request's id.
    pub meta: ErrorMeta,
    /// Exactly one error.
    pub errors: Vec<ErrorObject>,
}

/// What belongs to the answer as a whole.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorMeta {
    /// The request's id, by which the vendor finds it in the log.
    pub id: String,
}

/// One error.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorObject {
    /// The kind of error in words.
    pub title: &'static str,
    /// What happened, and what to do.
    pub detail: String,
    /// The code.
    pub code: &'static str,
    /// Where in the request, if in one place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Where to go on: the portal's page that frees a machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<ErrorLinks>,
    /// More, for the code's own purposes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub meta: Option<serde_json::Value>,
}

/// Where in the request an error is.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A JSON pointer (RFC 6901) into the body.
    Pointer(String),
    /// The name of a query parameter.
    Parameter(String),
    /// The name of a header.
    Header(String),
}

/// Where to go on.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorLinks {
    /// A page for the person at the app.
    pub about: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_errors_and_codes_are_unique() {
        let mut words: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), ErrorCode::ALL.len());
        assert!(ErrorCode::ALL.iter().all(|code| (400..600).contains(&code.status())));
    }
}
