//! Releases and their files as documents.

use latchkey_app::releases::{Build, Release};
use latchkey_licensing::release::{Arch, Platform};
use latchkey_wire::{
    document::{Links, Resource, to_many, to_none, to_one},
    release::{ArtifactAttributes, ReleaseAttributes, Semver},
};
use serde_json::{Map, Value};

use crate::http::api::documents::resources::relationships;

pub(super) fn release(release: &Release, product: Option<&str>, account: &str) -> Resource<ReleaseAttributes> {
    let version = release.version.to_string();
    let path = format!("/v1/releases/{version}");
    let [major, minor, patch] = release.version.numbers();
    let day = release.date.timestamp().rfc3339();
    let text = |part: Option<&str>| part.map(str::to_owned);
    Resource {
        kind: "releases",
        attributes: ReleaseAttributes {
            name: version.clone(),
            description: release.notes.source().to_owned(),
            semver: Semver {
                major,
                minor,
                patch,
                prerelease: text(release.version.pre_release()),
                build: text(release.version.build()),
            },
            channel: release.channel.as_str(),
            status: "PUBLISHED",
            tag: None,
            metadata: Map::new(),
            created: day.clone(),
            updated: day,
            yanked: None,
            version: version.clone(),
        },
        relationships: relationships([
            ("account", to_one("accounts", account)),
            ("product", product.map_or_else(to_none, |product| to_one("products", product))),
            ("package", to_none()),
            ("artifacts", to_many(&format!("/v1/artifacts?release={version}"), Some(release.builds.len()))),
        ]),
        links: Links { this: path },
        id: version,
    }
}

pub(super) fn artifact(release: &Release, build: &Build, account: &str) -> Resource<ArtifactAttributes> {
    let (version, name) = (release.version.to_string(), build.name.to_string());
    let day = release.date.timestamp().rfc3339();
    let sha256 = Value::String(build.sha256.as_str().to_ascii_lowercase());
    Resource {
        kind: "artifacts",
        attributes: ArtifactAttributes {
            filename: name.clone(),
            filetype: name.rsplit_once('.').map(|(_, extension)| extension.to_owned()),
            filesize: build.size,
            platform: platform(build.platform),
            arch: build.arch.map(arch),
            signature: build.signature.as_ref().map(ToString::to_string),
            checksum: build.sha512.as_ref().map(|sum| sum.as_str().trim_end_matches('=').to_owned()),
            status: "UPLOADED",
            metadata: Map::from_iter([("sha256".to_owned(), sha256)]),
            created: day.clone(),
            updated: day,
            yanked: None,
        },
        relationships: relationships([
            ("account", to_one("accounts", account)),
            ("release", to_one("releases", &version)),
        ]),
        links: Links { this: format!("/v1/releases/{version}/artifacts/{name}") },
        id: name,
    }
}

/// The name that the protocol's clients use, which are those of Go.
fn platform(platform: Platform) -> &'static str {
    match platform {
        Platform::MacOs => "darwin",
        other => other.as_str(),
    }
}

fn arch(arch: Arch) -> &'static str {
    match arch {
        Arch::X64 => "amd64",
        Arch::X86 => "386",
        Arch::Armv7 => "arm",
        other => other.as_str(),
    }
}
