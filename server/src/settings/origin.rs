//! Where the settings in force come from.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};

use config::{Config, File, FileFormat};

use super::{DEMO, Sources, collect_keys, environment_name, fields};

/// Where a setting comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// It is not set, so it has its default.
    #[default]
    Default,
    /// The demo sets it.
    Demo,
    /// The settings file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A flag of the command.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Demo => f.write_str("demo"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// The settings that do not have their default.
#[derive(Clone, Debug, Default)]
pub struct Origins(BTreeMap<&'static str, Origin>);

impl Origins {
    pub fn of(&self, key: &str) -> Origin {
        self.0.get(key).cloned().unwrap_or_default()
    }

    /// Must be called before the sources are read, because reading uses them up.
    pub(super) fn find(sources: &Sources) -> Self {
        let path = sources.file.clone().unwrap_or_else(|| PathBuf::from("latchkey.toml"));
        let in_file =
            keys_of(Config::builder().add_source(File::from(path.as_path()).format(FileFormat::Toml).required(false)));
        let in_demo = if sources.is_demo {
            keys_of(Config::builder().add_source(File::from_str(DEMO, FileFormat::Toml)))
        } else {
            BTreeSet::new()
        };
        let find = |key: &str| {
            if sources.flags.iter().any(|(flag, _)| *flag == key) {
                return Some(Origin::Flag);
            }
            let name = environment_name(key);
            let variables = [name.clone(), format!("{name}_FILE")];
            if let Some(variable) = variables.into_iter().find(|name| sources.environment.contains_key(name)) {
                return Some(Origin::Environment(variable));
            }
            if in_file.contains(key) {
                return Some(Origin::File(shown(&path)));
            }
            in_demo.contains(key).then_some(Origin::Demo)
        };
        Self(fields().filter_map(|field| Some((field.key, find(field.key)?))).collect())
    }
}

/// The path as it was given: it may be relative to the folder in which the program was started.
fn shown(path: &Path) -> PathBuf {
    path.to_owned()
}

/// The keys that a file sets. None if it cannot be read, which is an error elsewhere.
fn keys_of(builder: config::ConfigBuilder<config::builder::DefaultState>) -> BTreeSet<String> {
    let mut keys = Vec::new();
    let table = builder.build().and_then(Config::try_deserialize::<BTreeMap<String, config::Value>>);
    if let Ok(table) = table {
        collect_keys("", &table.into_iter().collect(), &mut keys);
    }
    keys.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_source_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("latchkey.toml");
        std::fs::write(&file, "data_dir = \"x\"\n[brand]\nname = \"Acme\"\n[log]\nlevel = \"warn\"\n")
            .expect("written");
        let sources = Sources {
            file: Some(file.clone()),
            environment: [("LATCHKEY__LOG__LEVEL", "debug"), ("LATCHKEY__SECRETS__MASTER_SECRET_FILE", "/x")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            flags: vec![("data_dir", "y".to_owned())],
            is_demo: true,
            is_setup: false,
        };
        let origins = Origins::find(&sources);
        assert_eq!(origins.of("data_dir"), Origin::Flag);
        assert_eq!(origins.of("log.level"), Origin::Environment("LATCHKEY__LOG__LEVEL".to_owned()));
        let secret = Origin::Environment("LATCHKEY__SECRETS__MASTER_SECRET_FILE".to_owned());
        assert_eq!(origins.of("secrets.master_secret"), secret);
        assert_eq!(origins.of("brand.name"), Origin::File(file));
        assert_eq!(origins.of("brand.support"), Origin::Demo);
        assert_eq!(origins.of("server.listen"), Origin::Default);
    }
}
