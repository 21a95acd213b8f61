//! What an updater asks for, and which releases it may have.

use std::{fmt::Display, str::FromStr};

use axum::{extract::FromRequestParts, http::request::Parts};
use latchkey_app::releases::{Build, Library, Release};
use latchkey_licensing::release::{Arch, BuildAccess, Channel, Constraint, NoBuilds, Platform, Version, Wanted};
use latchkey_service::KeyHolder;
use latchkey_wire::error::ErrorCode;
use utoipa::IntoParams;

use crate::http::{
    api::{auth::OptionallyAuthenticated, error::ApiError},
    state::AppState,
};

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the parameters are parsed individually, so that errors name them")]
pub(crate) struct ProductParams {
    /// The id or code of the product. A license key has one of its own
    product: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the parameters are parsed individually, so that errors name them")]
pub(crate) struct ChannelParams {
    /// The app's channel, `stable` by default: `stable`, `rc`, `beta`, `alpha` or `dev`. Each gets what those before it get
    channel: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the parameters are parsed individually, so that errors name them")]
pub(crate) struct TargetParams {
    /// The operating system: `windows`, `macos` or `linux`
    os: Option<String>,
    /// The processor: `x64`, `arm64`, `x86` or `armv7`
    arch: Option<String>,
}

/// A request of an updater, which may have sent a license key.
#[derive(Debug)]
pub(crate) struct Updater {
    /// `None` without a license key.
    access: Option<BuildAccess>,
    /// The code of the product. `None` for all.
    product: Option<String>,
    /// The product's id, if the license key has one.
    pub(crate) product_id: Option<String>,
    pub(crate) channel: Channel,
    pub(crate) constraint: Option<Constraint>,
    pub(crate) platform: Option<Platform>,
    pub(crate) arch: Option<Arch>,
    /// Other parameters.
    query: Vec<(String, String)>,
}

/// A release with the builds that the updater may have.
#[derive(Debug)]
pub(crate) struct Offered<'l> {
    pub(crate) release: &'l Release,
    pub(crate) builds: Vec<&'l Build>,
}

impl FromRequestParts<AppState> for Updater {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let OptionallyAuthenticated(holder) = OptionallyAuthenticated::from_request_parts(parts, state).await?;
        let query = parts.uri.query().unwrap_or_default();
        let query: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let product = product(state, holder.as_ref(), value(&query, "product")).await?;
        // This server has no packages, so a package has no releases.
        if value(&query, "package").is_some() {
            return Err(ApiError::not_found().in_parameter("package"));
        }
        Ok(Self {
            access: holder.as_ref().map(KeyHolder::build_access),
            product,
            product_id: holder.as_ref().map(|holder| holder.product().id.to_string()),
            channel: channel(&query)?,
            constraint: parsed(&query, "constraint")?,
            platform: parsed(&query, "os")?,
            arch: parsed(&query, "arch")?,
            query,
        })
    }
}

/// The value of a parameter. An empty one is one that is not given.
fn value<'q>(query: &'q [(String, String)], name: &str) -> Option<&'q str> {
    query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

fn parsed<T: FromStr<Err: Display>>(query: &[(String, String)], name: &'static str) -> Result<Option<T>, ApiError> {
    let refuse = |why| ApiError::new(ErrorCode::ParameterInvalid, format!("The value is {why}.")).in_parameter(name);
    value(query, name).map(|text| text.parse().map_err(refuse)).transpose()
}

fn channel(query: &[(String, String)]) -> Result<Channel, ApiError> {
    let Some(text) = value(query, "channel") else {
        return Ok(Channel::Stable);
    };
    let unknown = || {
        let detail = "The value is not a channel: use stable, rc, beta, alpha or dev.";
        ApiError::new(ErrorCode::ParameterInvalid, detail).in_parameter("channel")
    };
    Channel::parse(text).ok_or_else(unknown)
}

/// The code of the product that is asked about. With a license key, it is the license's product and no other.
async fn product(
    state: &AppState,
    holder: Option<&KeyHolder>,
    asked: Option<&str>,
) -> Result<Option<String>, ApiError> {
    if let Some(holder) = holder {
        let product = holder.product();
        let is_same = asked.is_none_or(|asked| asked == product.code || asked.parse() == Ok(product.id));
        return if is_same {
            Ok(Some(product.code.clone()))
        } else {
            Err(ApiError::not_found().in_parameter("product"))
        };
    }
    let Some(asked) = asked else {
        return Ok(None);
    };
    let known = state.service.product_code(asked).await?;
    known.map(Some).ok_or_else(|| ApiError::not_found().in_parameter("product"))
}

impl Updater {
    /// The same on another channel.
    pub(crate) fn on(self, channel: Channel) -> Self {
        Self { channel, ..self }
    }

    /// The value of another parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        value(&self.query, name)
    }

    fn may_have(&self, release: &Release, build: &Build) -> bool {
        build.is_public || self.access.is_some_and(|access| access.includes(release.date.timestamp()))
    }

    /// The builds of a release that the updater may have and that run on its computer.
    fn offer<'l>(&self, release: &'l Release) -> Offered<'l> {
        let builds = release.builds.iter();
        let builds =
            builds.filter(|build| self.may_have(release, build) && build.runs_on(self.platform, self.arch)).collect();
        Offered { release, builds }
    }

    /// All releases on the channel with builds that the updater may have, the newest version first.
    pub(crate) fn offers<'a, 'l: 'a>(
        &'a self,
        library: &'l Library,
        newer_than: Option<&'a Version>,
    ) -> impl Iterator<Item = Offered<'l>> {
        let wanted = Wanted { channel: self.channel, constraint: self.constraint.as_ref(), newer_than };
        let fitting = library.of_product(self.product.as_deref()).filter(move |release| release.fits(&wanted));
        fitting.map(|release| self.offer(release)).filter(|offered| !offered.builds.is_empty())
    }

    /// A release, whatever its channel.
    pub(crate) fn find<'l>(&self, library: &'l Library, version: &Version) -> Result<Offered<'l>, ApiError> {
        let release = library.find(version, self.product.as_deref());
        let offered = release.map(|release| self.offer(release)).filter(|offered| !offered.builds.is_empty());
        offered.ok_or_else(ApiError::not_found)
    }

    /// That there is no newer release, or why the updater may not have it.
    pub(crate) fn nothing_newer(&self, library: &Library, newer_than: &Version) -> ApiError {
        let wanted =
            Wanted { channel: self.channel, constraint: self.constraint.as_ref(), newer_than: Some(newer_than) };
        let newest = library
            .of_product(self.product.as_deref())
            .find(|release| release.fits(&wanted) && !release.builds.is_empty());
        let Some(newest) = newest else {
            return ApiError::new(ErrorCode::NotFound, "There is no newer release.");
        };
        let version = &newest.version;
        ApiError::new(
            ErrorCode::NotFound,
            match self.access {
                None => format!("Version {version} is newer: send a license key to get it."),
                Some(BuildAccess::Until(at)) => {
                    format!(
                        "Version {version} is newer, but the license ended on {}, before its release.",
                        at.human_date()
                    )
                }
                Some(BuildAccess::Nothing(NoBuilds::Expired(at))) => {
                    format!("Version {version} is newer, but the license expired on {}.", at.human_date())
                }
                Some(BuildAccess::All | BuildAccess::Nothing(_)) => {
                    "There is no newer release for this system.".to_owned()
                }
            },
        )
    }
}
