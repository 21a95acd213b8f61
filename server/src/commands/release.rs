//! `release add | key`: publishes files. They need no database, so that they run where the files are built.

mod add;
mod entry;
mod key;
mod sums;

use crate::{cli::Release, settings::Settings, startup::Failure};

pub(crate) fn release(command: &Release, settings: &Settings, as_json: bool) -> Result<(), Failure> {
    match command {
        Release::Add(options) => add::add(options, settings, as_json),
        Release::Key { file } => key::key(file, as_json),
    }
}
