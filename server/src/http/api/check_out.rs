//! Check-out: parsing requests for files, and creating the files.

use std::collections::BTreeSet;

use axum::{
    extract::{FromRequest, Request},
    http::Method,
};
use latchkey_licensing::{certificate::FileAlgorithm, policy::MIN_FILE_TTL};
use latchkey_service::{CheckOutError, CheckOutRequest, FileSubject, FileTtl, KeyHolder, SignedFile};
use latchkey_wire::{
    document::{File, FileAttributes, FileResource, to_one},
    error::ErrorCode,
    request,
};
use serde_json::{Map, Value};
use utoipa::IntoParams;

use crate::http::{
    api::{
        documents::{
            dataset::{self, Include},
            resources::{Document, relationships},
        },
        error::ApiError,
        input::OptionalJson,
    },
    state::AppState,
};

/// The longest time that a request may ask for, in seconds. Files get at most what clients accept.
pub(crate) const MAX_TTL: u64 = i64::MAX.unsigned_abs();

/// The options of all files, for the description of the API.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the options are parsed individually, because clients send them in several forms")]
pub(crate) struct FileParams {
    /// How long the file is valid, in seconds, at least 3600; `null` or an empty value for the longest time
    /// that clients accept; by default what the policy says
    ttl: Option<String>,
    /// Whether the file is encrypted
    encrypt: Option<bool>,
    /// `base64+ed25519` or `aes-256-gcm+ed25519`; not together with `encrypt`
    algorithm: Option<String>,
}

/// The file that is requested, by the name in the path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RequestedFile<'a> {
    License(&'a str),
    Machine(&'a str),
}

/// Creates the requested file.
pub(crate) async fn create_file(
    state: &AppState,
    app: &KeyHolder,
    wanted: RequestedFile<'_>,
    request: FileRequest,
) -> Result<(SignedFile, Options), ApiError> {
    let options = request.options(matches!(wanted, RequestedFile::License(_)))?;
    let subject = match wanted {
        RequestedFile::License(name) if !app.has_id_or_key(name) => return Err(ApiError::not_found()),
        RequestedFile::License(_) => FileSubject::License,
        RequestedFile::Machine(name) => FileSubject::Machine(name),
    };
    let account = state.account();
    let request = CheckOutRequest {
        subject,
        ttl: options.ttl.unwrap_or(FileTtl::Default),
        is_encrypted: options.is_encrypted,
        with_components: options.includes.contains(&Include::Components),
    };
    let compose = |facts: &_| dataset::compose(facts, &options.includes, &account);
    let file = app.check_out(request, compose).await?;
    Ok((file, options))
}

impl From<CheckOutError> for ApiError {
    fn from(error: CheckOutError) -> Self {
        match error {
            CheckOutError::NotFound => Self::not_found(),
            CheckOutError::TtlTooShort => ttl_invalid().in_parameter("ttl"),
            CheckOutError::TooLong(_) => Self::new(
                ErrorCode::CheckoutTooLarge,
                "The file would be longer than 64 KiB, which clients reject: include less.",
            )
            .in_parameter("include"),
            CheckOutError::Refused(refusal) => refusal.into(),
            CheckOutError::Internal(error) => error.into(),
        }
    }
}

pub(crate) fn document(state: &AppState, file: SignedFile, options: Options) -> Result<Document<File>, ApiError> {
    let account = state.account();
    let license = ("license", to_one("licenses", &file.facts.license.license.id.to_string()));
    let machine =
        file.facts.machine.as_ref().map(|document| ("machine", to_one("machines", &document.machine.id.to_string())));
    let kind = if machine.is_some() { "machine-files" } else { "license-files" };
    let all = [Some(("account", to_one("accounts", &account))), Some(license), machine];
    let data = FileResource {
        id: state.new_id()?.to_string(),
        kind,
        attributes: FileAttributes {
            certificate: file.text,
            algorithm: file.algorithm.as_str(),
            includes: options.requested_includes,
            ttl: file.facts.ttl,
            issued: file.facts.issued_at.rfc3339(),
            expiry: file.facts.expires_at.rfc3339(),
        },
        relationships: relationships(all.into_iter().flatten()),
    };
    Ok(Document(File { data }))
}

/// How a file is created.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    ttl: Option<FileTtl>,
    is_encrypted: bool,
    /// As requested, for the response.
    requested_includes: Vec<String>,
    includes: BTreeSet<Include>,
}

/// The options of a request for a file, from its query and from `meta` in its body, if there is one. Some
/// clients send both. Unknown options are ignored.
#[derive(Debug)]
pub(crate) struct FileRequest {
    query: RawOptions,
    body: RawOptions,
}

impl FromRequest<AppState> for FileRequest {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        if request.method() == Method::HEAD {
            // HEAD would create a file that nobody receives, start a trial, and keep a signing key in use.
            return Err(ApiError::method_not_allowed());
        }
        let query = RawOptions::of_query(request.uri().query().unwrap_or_default());
        if request.method() != Method::POST {
            return Ok(Self { query, body: RawOptions::default() });
        }
        let OptionalJson(body) = OptionalJson::<request::CheckOut>::from_request(request, state).await?;
        let options = body.and_then(|body| body.meta).unwrap_or_default();
        Ok(Self { query, body: RawOptions::of_body(options) })
    }
}

impl FileRequest {
    /// If an option is in both halves, the query takes precedence; an invalid value is an error in either. `encrypt` and
    /// `algorithm` are two forms of one option: if the query has either, it takes precedence over both of the body's.
    fn options(self, is_license: bool) -> Result<Options, ApiError> {
        let (query, mut body) =
            (self.query.check(Place::Query, is_license)?, self.body.check(Place::Body, is_license)?);
        if query.encrypt.as_ref().is_some_and(Choice::is_made) || query.algorithm.as_ref().is_some_and(Choice::is_made)
        {
            body.encrypt = None;
            body.algorithm = None;
        }
        let algorithm_place = if query.algorithm.is_some() { Place::Query } else { Place::Body };
        let ttl = query.ttl.or(body.ttl);
        let encrypt = query.encrypt.or(body.encrypt).and_then(|choice| choice.0);
        let algorithm = query.algorithm.or(body.algorithm).and_then(|choice| choice.0);
        let (requested_includes, includes) = query.include.or(body.include).unwrap_or_default();
        let is_encrypted = match (encrypt, algorithm) {
            (Some(false), Some(FileAlgorithm::Encrypted)) | (Some(true), Some(FileAlgorithm::Plain)) => {
                let error = algorithm_invalid("encrypt and algorithm contradict each other: send only one.");
                return Err(algorithm_place.locate(error, "algorithm"));
            }
            (_, Some(algorithm)) => algorithm == FileAlgorithm::Encrypted,
            (encrypt, None) => encrypt.unwrap_or(false),
        };
        Ok(Options { ttl, is_encrypted, requested_includes, includes })
    }
}

/// Where an option was found, for error messages.
#[derive(Clone, Copy, Debug)]
enum Place {
    Query,
    Body,
}

impl Place {
    fn locate(self, error: ApiError, name: &str) -> ApiError {
        match self {
            Self::Query => error.in_parameter(name),
            Self::Body => error.at(format!("/meta/{name}")),
        }
    }
}

/// An option: `None` if it is absent.
type ParsedOption<T> = Option<Result<T, ApiError>>;

/// The answer to an option that is sent twice.
const TWICE: &str = "This option is sent twice: send it once, lists with commas.";

/// The value of an option. `None` leaves the choice open.
#[derive(Clone, Copy, Debug)]
struct Choice<T>(Option<T>);

impl<T> Choice<T> {
    fn is_made(&self) -> bool {
        self.0.is_some()
    }
}

/// The options in a query or in a body.
#[derive(Debug, Default)]
struct RawOptions {
    ttl: ParsedOption<FileTtl>,
    encrypt: ParsedOption<Choice<bool>>,
    algorithm: ParsedOption<Choice<FileAlgorithm>>,
    include: ParsedOption<Vec<String>>,
}

impl RawOptions {
    fn of_query(query: &str) -> Self {
        Self::read(Place::Query, url::form_urlencoded::parse(query.as_bytes()).into_owned())
    }

    fn of_body(meta: Map<String, Value>) -> Self {
        let text = |(name, value): (String, Value)| {
            let text = if name == "include" { list(value) } else { plain(value) };
            (name, text)
        };
        Self::read(Place::Body, meta.into_iter().map(text))
    }

    fn read(place: Place, pairs: impl Iterator<Item = (String, String)>) -> Self {
        let mut options = Self::default();
        for (name, value) in pairs {
            let locate = |error| place.locate(error, &name);
            match name.as_str() {
                "ttl" => {
                    let twice = || locate(ApiError::new(ErrorCode::CheckoutTtlInvalid, TWICE));
                    note(&mut options.ttl, parse_ttl(&value).map_err(locate), twice);
                }
                "encrypt" => {
                    let twice = || locate(algorithm_invalid(TWICE));
                    note(&mut options.encrypt, parse_encrypt(&value).map_err(locate), twice);
                }
                "algorithm" => {
                    let twice = || locate(algorithm_invalid(TWICE));
                    note(&mut options.algorithm, parse_algorithm(&value).map_err(locate), twice);
                }
                "include" => {
                    let names = value.split(',').map(|name| name.trim_matches(' '));
                    let names = names.filter(|name| !name.is_empty() && *name != "null");
                    let twice = || locate(ApiError::new(ErrorCode::CheckoutIncludeInvalid, TWICE));
                    note(&mut options.include, Ok(names.map(str::to_owned).collect()), twice);
                }
                _ => {}
            }
        }
        options
    }

    fn check(self, place: Place, is_license: bool) -> Result<CheckedOptions, ApiError> {
        let include = |names: Vec<String>| {
            let includes = dataset::includes(&names, is_license).map_err(|error| place.locate(error, "include"))?;
            Ok::<_, ApiError>((names, includes))
        };
        Ok(CheckedOptions {
            ttl: self.ttl.transpose()?,
            encrypt: self.encrypt.transpose()?,
            algorithm: self.algorithm.transpose()?,
            include: self.include.transpose()?.map(include).transpose()?,
        })
    }
}

/// Valid options.
struct CheckedOptions {
    ttl: Option<FileTtl>,
    encrypt: Option<Choice<bool>>,
    algorithm: Option<Choice<FileAlgorithm>>,
    /// As requested, and what that means.
    include: Option<(Vec<String>, BTreeSet<Include>)>,
}

/// An option that is sent twice has no clear value.
fn note<T>(option: &mut ParsedOption<T>, parsed: Result<T, ApiError>, twice: impl FnOnce() -> ApiError) {
    *option = Some(match option {
        None => parsed,
        Some(_) => Err(twice()),
    });
}

/// A JSON value in the form that it has in a query.
fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Number(number) => {
            request::whole_number(&number).map_or_else(|| number.to_string(), |whole| whole.to_string())
        }
        other => other.to_string(),
    }
}

/// The same for a list, which may be an array.
fn list(value: Value) -> String {
    match value {
        Value::Array(items) => items.into_iter().map(plain).collect::<Vec<_>>().join(","),
        other => plain(other),
    }
}

fn parse_ttl(text: &str) -> Result<FileTtl, ApiError> {
    match text {
        "" | "null" => Ok(FileTtl::Perpetual),
        text => {
            let seconds = text.parse().ok().filter(|seconds| (MIN_FILE_TTL.as_secs()..=MAX_TTL).contains(seconds));
            seconds.map(FileTtl::Seconds).ok_or_else(ttl_invalid)
        }
    }
}

fn parse_encrypt(text: &str) -> Result<Choice<bool>, ApiError> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" => Ok(Choice(Some(true))),
        "0" | "false" => Ok(Choice(Some(false))),
        "" | "null" => Ok(Choice(None)),
        _ => Err(algorithm_invalid("encrypt must be 1, true, 0 or false.")),
    }
}

fn parse_algorithm(text: &str) -> Result<Choice<FileAlgorithm>, ApiError> {
    match text {
        // `ed25519` only names the signature: encryption is a separate option.
        "" | "null" | "ed25519" => Ok(Choice(None)),
        text => FileAlgorithm::parse(text).map(|known| Choice(Some(known))).ok_or_else(|| {
            let all: Vec<_> = FileAlgorithm::ALL.iter().map(|algorithm| algorithm.as_str()).collect();
            algorithm_invalid(&format!("This server creates files with {}.", all.join(" or ")))
        }),
    }
}

fn ttl_invalid() -> ApiError {
    let detail = "ttl must be a number of seconds, at least 3600, or null for the longest time that clients accept.";
    ApiError::new(ErrorCode::CheckoutTtlInvalid, detail)
}

fn algorithm_invalid(detail: &str) -> ApiError {
    ApiError::new(ErrorCode::CheckoutAlgorithmInvalid, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(query: &str, is_license: bool) -> Result<Options, u16> {
        let request = FileRequest { query: RawOptions::of_query(query), body: RawOptions::default() };
        request.options(is_license).map_err(|error| error.status().as_u16())
    }

    #[test]
    fn options_as_clients_send_them() {
        for (query, ttl, is_encrypted, includes) in [
            ("", None, false, 0),
            ("ttl=86400", Some(FileTtl::Seconds(86_400)), false, 0),
            ("encrypt=true&include=entitlements&ttl=86400", Some(FileTtl::Seconds(86_400)), true, 1),
            ("ttl=null", Some(FileTtl::Perpetual), false, 0),
            ("ttl=", Some(FileTtl::Perpetual), false, 0),
            ("encrypt=0", None, false, 0),
            ("algorithm=aes-256-gcm%2Bed25519", None, true, 0),
            ("algorithm=base64%2Bed25519&encrypt=false", None, false, 0),
            ("algorithm=ed25519&encrypt=1", None, true, 0),
            ("include=entitlements,product, policy", None, false, 3),
            ("include=&nonsense=1", None, false, 0),
        ] {
            let read = options(query, true).expect(query);
            assert_eq!((read.ttl, read.is_encrypted, read.includes.len()), (ttl, is_encrypted, includes), "{query}");
        }
        let machine = options("encrypt=1&include=license.entitlements&ttl=86400", false).expect("good");
        assert_eq!(machine.requested_includes, ["license.entitlements"]);
        assert!(machine.is_encrypted);
    }

    #[test]
    fn invalid_options_are_rejected() {
        for (query, is_license) in [
            ("ttl=-1", true),
            ("ttl=1.5", true),
            ("ttl=soon", true),
            ("ttl=99999999999999999999999", true),
            ("encrypt=maybe", true),
            ("algorithm=aes-256-gcm%2Brsa-sha256", true),
            ("algorithm=none", true),
            ("algorithm=base64%2Bed25519&encrypt=1", true),
            ("algorithm=aes-256-gcm%2Bed25519&encrypt=0", true),
            ("include=secrets", true),
            ("include=product&include=policy", true),
            ("ttl=3600&ttl=3600", true),
            ("encrypt=1&encrypt=0", true),
            ("algorithm=ed25519&algorithm=ed25519", true),
            ("include=license", true),
            ("include=entitlements", false),
            ("include=license.secrets", false),
        ] {
            assert_eq!(options(query, is_license), Err(400), "{query}");
        }
    }

    #[test]
    fn the_query_takes_precedence_over_the_body() {
        use serde_json::json;
        for (query, body, ttl, is_encrypted, includes) in [
            ("", json!({ "encrypt": true, "ttl": 7200, "include": ["product"] }), Some(7_200), true, 1),
            ("ttl=3600", json!({ "ttl": 7200 }), Some(3_600), false, 0),
            ("encrypt=0", json!({ "algorithm": "aes-256-gcm+ed25519" }), None, false, 0),
            ("algorithm=base64%2Bed25519", json!({ "encrypt": true }), None, false, 0),
            ("algorithm=ed25519", json!({ "encrypt": 1 }), None, true, 0),
            ("encrypt=", json!({ "encrypt": true, "algorithm": "base64+ed25519" }), None, false, 0),
            ("include=", json!({ "include": "product" }), None, false, 0),
        ] {
            let meta = body.as_object().cloned().expect("an object");
            let request = FileRequest { query: RawOptions::of_query(query), body: RawOptions::of_body(meta) };
            let read = request.options(true).expect(query);
            let seen = (read.ttl, read.is_encrypted, read.includes.len());
            assert_eq!(seen, (ttl.map(FileTtl::Seconds), is_encrypted, includes), "{query} {body}");
        }
    }

    #[test]
    fn an_invalid_option_is_refused_even_if_another_takes_precedence() {
        use serde_json::json;
        let too_long = MAX_TTL + 1;
        for (query, body) in [
            ("ttl=3600", json!({ "ttl": "soon" })),
            ("ttl=3600", json!({ "ttl": 3_599 })),
            ("ttl=3600", json!({ "ttl": too_long })),
            ("encrypt=0", json!({ "encrypt": "perhaps" })),
            ("encrypt=0", json!({ "algorithm": "rsa" })),
            ("include=", json!({ "include": "secrets" })),
            ("include=product", json!({ "include": ["product", 5] })),
        ] {
            let meta = body.as_object().cloned().expect("an object");
            let request = FileRequest { query: RawOptions::of_query(query), body: RawOptions::of_body(meta) };
            let refused = request.options(true).expect_err(query);
            assert_eq!(refused.status().as_u16(), 400, "{query} {body}");
        }
    }
}
