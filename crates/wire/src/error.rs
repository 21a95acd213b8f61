//! Error codes and error documents.

use serde::Serialize;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $case:ident = $word:literal, $status:literal, $title:literal;)+) => {
        /// An error code, with the HTTP status that goes with it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ErrorCode { $($(#[doc = $doc])+ $case,)+ }

        impl ErrorCode {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$case),+];

            /// The code as sent to clients.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$case => $word),+ }
            }

            /// The HTTP status sent with the code.
            pub const fn status(self) -> u16 {
                match self { $(Self::$case => $status),+ }
            }

            /// What the code means, as a sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$case => concat!($($doc),+)),+ }.trim()
            }

            /// A short title for the kind of error.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$case => $title),+ }
            }
        }
    };
}

codes! {
    /// The license key is unknown or malformed.
    LicenseInvalid = "LICENSE_INVALID", 401, "Unauthorized";
    /// The token is unknown.
    TokenInvalid = "TOKEN_INVALID", 401, "Unauthorized";
    /// A credential is required and none was sent.
    TokenMissing = "TOKEN_MISSING", 401, "Unauthorized";
    /// The `Authorization` header is malformed.
    TokenFormatInvalid = "TOKEN_FORMAT_INVALID", 401, "Unauthorized";
    /// The license is suspended or revoked.
    LicenseSuspended = "LICENSE_SUSPENDED", 403, "Access denied";
    /// The license has expired and its policy revokes access.
    LicenseExpired = "LICENSE_EXPIRED", 403, "Access denied";
    /// The license's owner is banned.
    LicenseBanned = "LICENSE_BANNED", 403, "Access denied";
    /// The server chooses the ids of what it creates: the request must not contain one.
    IdNotAllowed = "ID_NOT_ALLOWED", 403, "Access denied";
    /// The resource does not exist or the credential does not give access to it.
    NotFound = "NOT_FOUND", 404, "Not found";
    /// The path does not support this method.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405, "Method not allowed";
    /// The path and the query are longer than 4 KiB.
    UrlTooLong = "URL_TOO_LONG", 414, "URI too long";
    /// The header is longer than 16 KiB, or has more than 64 fields.
    HeaderTooLarge = "HEADER_TOO_LARGE", 431, "Request header fields too large";
    /// The body is longer than 16 KiB.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", 413, "Payload too large";
    /// The content type of the body is not JSON.
    MediaTypeUnsupported = "MEDIA_TYPE_UNSUPPORTED", 415, "Unsupported media type";
    /// The body is not JSON, or does not have the form that the operation expects.
    DocumentInvalid = "DOCUMENT_INVALID", 400, "Bad request";
    /// A query parameter is malformed.
    ParameterInvalid = "PARAMETER_INVALID", 400, "Bad request";
    /// The requested protocol version is not supported.
    InvalidApiVersion = "INVALID_API_VERSION", 400, "Bad request";
    /// A machine with this fingerprint is already active.
    FingerprintTaken = "FINGERPRINT_TAKEN", 422, "Unprocessable resource";
    /// The fingerprint is missing.
    FingerprintMissing = "FINGERPRINT_MISSING", 422, "Unprocessable resource";
    /// The fingerprint is empty, too long or contains control characters.
    FingerprintInvalid = "FINGERPRINT_INVALID", 422, "Unprocessable resource";
    /// A field has a value that cannot be stored.
    AttributeInvalid = "ATTRIBUTE_INVALID", 422, "Unprocessable resource";
    /// As many machines are active as the license allows.
    MachineLimitExceeded = "MACHINE_LIMIT_EXCEEDED", 422, "Unprocessable resource";
    /// Together, the machines would have more cores than the license allows.
    MachineCoreLimitExceeded = "MACHINE_CORE_LIMIT_EXCEEDED", 422, "Unprocessable resource";
    /// Two of the machine's components have the same fingerprint.
    ComponentsFingerprintConflict = "COMPONENTS_FINGERPRINT_CONFLICT", 422, "Unprocessable resource";
    /// Another machine of the license has a component with this fingerprint, and the policy does not allow that.
    ComponentsFingerprintTaken = "COMPONENTS_FINGERPRINT_TAKEN", 422, "Unprocessable resource";
    /// As many processes run as the license allows.
    MachineProcessLimitExceeded = "MACHINE_PROCESS_LIMIT_EXCEEDED", 422, "Unprocessable resource";
    /// A process with this pid is already running on the machine.
    PidTaken = "PID_TAKEN", 422, "Unprocessable resource";
    /// The usage counter would exceed its limit.
    UsesLimitExceeded = "USES_LIMIT_EXCEEDED", 422, "Unprocessable resource";
    /// The requested time to live is too short or malformed.
    CheckoutTtlInvalid = "CHECKOUT_TTL_INVALID", 400, "Bad request";
    /// A requested include is unknown.
    CheckoutIncludeInvalid = "CHECKOUT_INCLUDE_INVALID", 400, "Bad request";
    /// The requested algorithm is not supported.
    CheckoutAlgorithmInvalid = "CHECKOUT_ALGORITHM_INVALID", 400, "Bad request";
    /// The file would be larger than clients accept.
    CheckoutTooLarge = "CHECKOUT_TOO_LARGE", 422, "Unprocessable resource";
    /// A rate limit is exceeded.
    TooManyRequests = "TOO_MANY_REQUESTS", 429, "Too many requests";
    /// The machine is dead and its policy does not resurrect it.
    MachineHeartbeatDead = "MACHINE_HEARTBEAT_DEAD", 422, "Unprocessable resource";
    /// The process is dead.
    ProcessHeartbeatDead = "PROCESS_HEARTBEAT_DEAD", 422, "Unprocessable resource";
    /// The server failed. The request can be retried.
    Internal = "INTERNAL_SERVER_ERROR", 500, "Internal server error";
    /// The database is busy, out of reach or out of space. The same request can succeed later.
    Unavailable = "SERVICE_UNAVAILABLE", 503, "Service unavailable";
}

/// An error document.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorDocument {
    /// Data about the response.
    pub meta: ErrorMeta,
    /// Exactly one error.
    pub errors: Vec<ErrorObject>,
}

/// Data about an error response.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorMeta {
    /// The request's id, for finding it in the server's log.
    pub id: String,
}

/// An error.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorObject {
    /// A short title for the kind of error.
    pub title: &'static str,
    /// What went wrong and what to do about it.
    pub detail: String,
    /// The error code.
    pub code: &'static str,
    /// The part of the request that caused the error, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// For machine limits: the portal page on which machines can be freed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<ErrorLinks>,
    /// Further data, depending on the code. For machine limits: the active machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub meta: Option<serde_json::Value>,
}

/// The part of a request that caused an error.
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

/// Links for resolving an error.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorLinks {
    /// The URL of a page to show to the user.
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
