//! `release add`

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    str::FromStr,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use latchkey_app::releases::{
    BUILDS, Ed25519Base64, FileName, Minisign, Release, ReleaseDate, ReleaseList, WebAddress,
};
use latchkey_licensing::release::{Arch, Channel, Platform, Version, guess_arch, guess_platform, guess_version};
use latchkey_service::Clock;
use serde_json::json;

use super::{entry::Entry, key::ReleaseKey, sums::Sums};
use crate::{
    adapters::SystemClock,
    cli::ReleaseAdd,
    console,
    content::RELEASES,
    files::{WRITTEN_BYTES, read_text},
    settings::Settings,
    startup::Failure,
};

/// The longest file with a signature that is read, in bytes.
const SIGNATURE_LIMIT: u64 = 4 * 1024;

pub(super) fn add(options: &ReleaseAdd, settings: &Settings, as_json: bool) -> Result<(), Failure> {
    let folder = options.content.clone().or_else(|| settings.content.folder.clone()).ok_or_else(|| {
        usage("content.folder is not set: add --content FOLDER; `latchkey content export FOLDER` writes one to start from")
    })?;
    let (name, file) = open(options)?;
    if let Some(url) = &options.url {
        WebAddress::try_from(url.clone()).map_err(|why| usage(format!("--url: {why}")))?;
    }
    let version = version(options, &name)?;
    let target = Target::find(options, &name)?;
    let list_path = folder.join(RELEASES);
    let (text, releases) = read_list(&folder, &list_path)?;
    let listed = listed(&releases, &version, options, &name)?;
    let entry = Entry {
        version: &version,
        channel: options.channel.as_deref().map_or_else(|| Ok(Channel::of(&version)), channel)?,
        product: options.product.as_deref(),
        date: date(options)?,
        notes: &notes(options)?,
        lines: Vec::new(),
    };
    let sums = Sums::of(&file).map_err(|error| cannot_read(&options.file, &error))?;
    if sums.size == 0 {
        return Err(usage(format!("{} is empty", options.file.display())));
    }
    let signatures = Signatures::make(options, &file, &sums, &name)?;
    let entry = Entry { lines: lines(options, &name, target, &sums, &signatures), ..entry };
    let added = entry.added_to(&text, listed).ok_or_else(|| {
        let shown = list_path.display();
        Failure::Refused(format!(
            "nothing can be added to {shown}: it must list releases as [[releases]] and [[releases.files]]"
        ))
    })?;
    let copy = options.url.is_none().then(|| folder.join(BUILDS).join(name.as_str()));
    if let Some(copy) = &copy {
        check_copy(copy, &sums)?;
    }
    if !options.dry_run {
        if let Some(copy) = &copy {
            copy_file(&file, copy)?;
        }
        replace(&list_path, &added)?;
    }
    report(options, &entry, listed.is_some(), &name, &sums, &signatures, &list_path, as_json);
    Ok(())
}

fn usage(text: impl Into<String>) -> Failure {
    Failure::Usage(text.into())
}

fn cannot_read(path: &Path, why: &io::Error) -> Failure {
    usage(format!("{} cannot be read: {why}", path.display()))
}

/// The file, and the name under which it is published.
fn open(options: &ReleaseAdd) -> Result<(FileName, File), Failure> {
    let path = &options.file;
    let file = File::open(path).map_err(|error| cannot_read(path, &error))?;
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Err(usage(format!("{} is not a file", path.display())));
    }
    let name = match &options.name {
        Some(name) => name.clone(),
        None => path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
    };
    let name = FileName::try_from(name).map_err(|why| usage(format!("{why}, or add --name NAME")))?;
    Ok((name, file))
}

fn version(options: &ReleaseAdd, name: &FileName) -> Result<Version, Failure> {
    match &options.version {
        Some(text) => text.parse().map_err(|why| usage(format!("--version: `{text}` is {why}"))),
        None => guess_version(name.as_str())
            .ok_or_else(|| usage(format!("the name {name} contains no version such as 1.4.0: add --version VERSION"))),
    }
}

fn channel(text: &str) -> Result<Channel, Failure> {
    Channel::parse(text)
        .ok_or_else(|| usage(format!("--channel: `{text}` is not a channel: use stable, rc, beta, alpha or dev")))
}

fn date(options: &ReleaseAdd) -> Result<ReleaseDate, Failure> {
    let today = || SystemClock.now().rfc3339().chars().take(10).collect();
    let text = options.date.clone().unwrap_or_else(today);
    ReleaseDate::try_from(text).map_err(|why| usage(format!("--date: {why}")))
}

fn notes(options: &ReleaseAdd) -> Result<String, Failure> {
    let Some(path) = &options.notes else {
        return Ok(String::new());
    };
    let notes = read_text(path, WRITTEN_BYTES).map_err(|error| cannot_read(path, &error))?;
    let is_text = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\t');
    let notes = notes.replace("\r\n", "\n");
    if notes.chars().all(is_text) { Ok(notes) } else { Err(usage(format!("{} is not text", path.display()))) }
}

/// What the file runs on.
#[derive(Clone, Copy)]
struct Target {
    platform: Platform,
    arch: Option<Arch>,
}

impl Target {
    fn find(options: &ReleaseAdd, name: &FileName) -> Result<Self, Failure> {
        fn given<T: FromStr<Err: std::fmt::Display>>(flag: &str, text: Option<&String>) -> Result<Option<T>, Failure> {
            text.map(|text| text.parse().map_err(|why| usage(format!("{flag}: `{text}` is {why}")))).transpose()
        }
        let platform = given("--platform", options.platform.as_ref())?.or_else(|| guess_platform(name.as_str()));
        let platform = platform.ok_or_else(|| {
            usage(format!(
                "the name {name} does not say for which system the file is: add --platform windows, macos, linux or any"
            ))
        })?;
        let arch = given("--arch", options.arch.as_ref())?.or_else(|| guess_arch(name.as_str()));
        Ok(Self { platform, arch })
    }
}

/// The list of releases as text and parsed. Without a file it is empty.
fn read_list(folder: &Path, path: &Path) -> Result<(String, Vec<Release>), Failure> {
    if !folder.is_dir() {
        return Err(usage(format!("there is no folder {}", folder.display())));
    }
    let text = match read_text(path, WRITTEN_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((String::new(), Vec::new())),
        Err(error) => return Err(cannot_read(path, &error)),
    };
    let list: ReleaseList =
        toml::from_str(&text).map_err(|error| Failure::Refused(format!("{}: {error}", path.display())))?;
    Ok((text, list.releases))
}

/// The place of the version in the list, if it is there.
fn listed(
    releases: &[Release],
    version: &Version,
    options: &ReleaseAdd,
    name: &FileName,
) -> Result<Option<usize>, Failure> {
    let is_this = |release: &Release| release.version == *version && release.product == options.product;
    let Some(at) = releases.iter().position(is_this) else {
        let clashes = |release: &&Release| release.version == *version && release.is_of(options.product.as_deref());
        return match releases.iter().find(clashes) {
            Some(_) => Err(Failure::Refused(format!(
                "version {version} is listed for other products: name one with --product"
            ))),
            None => Ok(None),
        };
    };
    let release = releases.get(at);
    if release.is_some_and(|release| release.builds.iter().any(|build| build.name == *name)) {
        return Err(Failure::Refused(format!(
            "version {version} lists {name} already: remove it from {RELEASES} first, or add --name NAME"
        )));
    }
    let is_other = |text: &str| Channel::parse(text) != release.map(|release| release.channel);
    if options.notes.is_some() || options.date.is_some() || options.channel.as_deref().is_some_and(is_other) {
        let what = format!("version {version} is listed with its date, channel and notes: change those in {RELEASES}");
        return Err(Failure::Refused(what));
    }
    Ok(Some(at))
}

struct Signatures {
    /// In base64.
    signature: Option<String>,
    /// The content of a signature file, in base64.
    minisign: Option<String>,
}

impl Signatures {
    fn make(options: &ReleaseAdd, file: &File, sums: &Sums, name: &FileName) -> Result<Self, Failure> {
        let given = |text: &String| {
            Ed25519Base64::try_from(text.clone())
                .map_err(|why| usage(format!("--signature: {why}")))
                .map(|_| text.clone())
        };
        let mut made = Self {
            signature: options.signature.as_ref().map(given).transpose()?,
            minisign: options.minisign.as_deref().map(signature_file).transpose()?,
        };
        if let Some(path) = &options.key {
            let key = ReleaseKey::read(path)?;
            let signature = key.signature(file).map_err(|_| {
                Failure::Refused(format!(
                    "{} changed, or could not be read, while it was signed",
                    options.file.display()
                ))
            })?;
            made.signature = Some(STANDARD.encode(signature.to_bytes()));
            let timestamp = SystemClock.now().unix_millis() / 1_000;
            made.minisign = Some(STANDARD.encode(key.minisign(&sums.blake2b, name.as_str(), timestamp)));
        }
        Ok(made)
    }
}

/// The content of a signature file, in base64: as Tauri writes it, or as minisign does.
fn signature_file(path: &Path) -> Result<String, Failure> {
    let text = read_text(path, SIGNATURE_LIMIT).map_err(|error| cannot_read(path, &error))?;
    let text = if text.starts_with("untrusted comment:") { STANDARD.encode(text) } else { text.trim().to_owned() };
    let signature = Minisign::try_from(text);
    let signature =
        signature.map_err(|_| usage(format!("{} is not a signature of minisign or Tauri", path.display())))?;
    Ok(signature.to_string())
}

/// The lines of the file's table.
fn lines(
    options: &ReleaseAdd,
    name: &FileName,
    target: Target,
    sums: &Sums,
    signatures: &Signatures,
) -> Vec<(&'static str, toml::Value)> {
    let place = match &options.url {
        Some(url) => ("url", url.as_str().into()),
        None => ("file", format!("{BUILDS}{name}").into()),
    };
    let ends_with_name = options.url.as_ref().is_none_or(|url| url.as_str().ends_with(&format!("/{name}")));
    let is_package = name.as_str().to_ascii_lowercase().ends_with(".nupkg");
    let text = |text: &String| toml::Value::from(text.as_str());
    let all = [
        Some(("platform", target.platform.as_str().into())),
        target.arch.map(|arch| ("arch", arch.as_str().into())),
        (!ends_with_name).then(|| ("name", name.as_str().into())),
        Some(place),
        Some(("size", toml::Value::Integer(i64::try_from(sums.size).unwrap_or(i64::MAX)))),
        Some(("sha256", text(&sums.sha256))),
        Some(("sha512", text(&sums.sha512))),
        is_package.then(|| ("sha1", text(&sums.sha1))),
        signatures.signature.as_ref().map(|signature| ("signature", text(signature))),
        signatures.minisign.as_ref().map(|signature| ("minisign", text(signature))),
        options.public.then_some(("public", true.into())),
    ];
    all.into_iter().flatten().collect()
}

/// Fails if another file has the name.
fn check_copy(copy: &Path, sums: &Sums) -> Result<(), Failure> {
    let file = match File::open(copy) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::Refused(format!("{} cannot be read: {error}", copy.display()))),
    };
    let found = Sums::of(&file).map_err(|error| cannot_read(copy, &error))?;
    if found.sha256 == sums.sha256 {
        return Ok(());
    }
    Err(Failure::Refused(format!("another file is at {}: remove it, or add --name NAME", copy.display())))
}

fn copy_file(file: &File, copy: &Path) -> Result<(), Failure> {
    if copy.exists() {
        return Ok(());
    }
    let cannot = |error: io::Error| Failure::Refused(format!("{} cannot be written: {error}", copy.display()));
    let folder = copy.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(cannot)?;
    write(folder, copy, None, |to| {
        let mut failed = Ok(());
        super::sums::read(file, |part| {
            if failed.is_ok() {
                failed = to.write_all(part);
            }
        })?;
        failed
    })
    .map_err(cannot)
}

fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let cannot = |error: io::Error| Failure::Refused(format!("{} cannot be written: {error}", path.display()));
    let folder = path.parent().unwrap_or(Path::new("."));
    let permissions = fs::metadata(path).ok().map(|about| about.permissions());
    write(folder, path, permissions, |to| to.write_all(text.as_bytes())).map_err(cannot)
}

/// Writes a file so that others see all of it or nothing.
fn write(
    folder: &Path,
    path: &Path,
    permissions: Option<fs::Permissions>,
    content: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    // The server may be another user. The system's mask applies.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder.tempfile_in(folder)?;
    content(temporary.as_file_mut())?;
    if let Some(permissions) = permissions {
        temporary.as_file().set_permissions(permissions)?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(path).map(drop).map_err(|error| error.error)
}

#[expect(clippy::too_many_arguments, reason = "it reports what the command found out")]
fn report(
    options: &ReleaseAdd,
    entry: &Entry<'_>,
    is_listed: bool,
    name: &FileName,
    sums: &Sums,
    signatures: &Signatures,
    list: &Path,
    as_json: bool,
) {
    let version = entry.version.to_string();
    if as_json {
        let line = |key| entry.lines.iter().find(|(known, _)| *known == key).and_then(|(_, value)| value.as_str());
        console::json(&json!({
            "version": version,
            "channel": entry.channel.as_str(),
            "platform": line("platform"),
            "arch": line("arch"),
            "name": name.as_str(),
            "file": line("file"),
            "url": line("url"),
            "size": sums.size,
            "sha256": sums.sha256,
            "sha512": sums.sha512,
            "signature": signatures.signature,
            "minisign": signatures.minisign,
            "public": options.public,
            "releases": list.display().to_string(),
            "added": !options.dry_run,
        }));
        return;
    }
    console::line(entry.text(is_listed).trim_end());
    console::line("");
    if options.dry_run {
        console::line(&format!("Nothing was written. Without --dry-run, this is added to {}.", list.display()));
        return;
    }
    console::line(&format!("Added to {}. Restart the server to publish it.", list.display()));
    if !is_listed && entry.notes.trim().is_empty() {
        console::line("Its notes are empty: write what changed.");
    }
    if signatures.signature.is_none() {
        console::line(
            "It is not signed, so Sparkle, NetSparkle and Tauri do not offer it: see `latchkey release key`.",
        );
    }
}
