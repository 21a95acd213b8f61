//! `content export`

use std::{fs, io, path::Path};

use serde_json::json;

use crate::{cli::Content, console, content::all_compiled_in, startup::Failure};

pub(crate) fn content(command: &Content, as_json: bool) -> Result<(), Failure> {
    let Content::Export { folder } = command;
    let cannot = |error: io::Error| Failure::Refused(format!("{} cannot be written: {error}", folder.display()));
    if !is_free(folder).map_err(cannot)? {
        return Err(Failure::Refused(format!(
            "{} exists and is not empty: name a new folder, so that no text is overwritten",
            folder.display()
        )));
    }
    let mut written = Vec::new();
    for (name, bytes) in all_compiled_in() {
        let path = folder.join(&*name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(cannot)?;
        }
        fs::write(&path, bytes).map_err(cannot)?;
        written.push(name);
    }
    if as_json {
        console::json(&json!({ "folder": folder.display().to_string(), "files": written }));
    } else {
        console::line(&format!(
            "The texts of the site and the help for customers are in {}. Change them, set content.folder to it, and run `latchkey config check`.",
            folder.display()
        ));
    }
    Ok(())
}

fn is_free(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}
