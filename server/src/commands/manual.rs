//! `completions` and `man`: both follow from the definition of the command line.

use std::io;

use clap::CommandFactory;
use serde_json::json;

use crate::{
    cli::{Cli, lists::Man},
    console,
    startup::Failure,
};

const PROGRAM: &str = "latchkey";

pub(crate) fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), PROGRAM, &mut script);
    print(&script)
}

pub(crate) fn manual(man: &Man, as_json: bool) -> Result<(), Failure> {
    let Some(folder) = &man.output else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(broken)?;
        return print(&page);
    };
    let cannot = |error: io::Error| Failure::Refused(format!("{} cannot be written: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(cannot)?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(cannot)?;
    if as_json {
        console::json(&json!({ "output": folder.display().to_string() }));
    } else {
        console::line(&format!("The manual is in {}.", folder.display()));
    }
    Ok(())
}

fn print(text: &[u8]) -> Result<(), Failure> {
    match console::part(&String::from_utf8_lossy(text)) {
        // The reader has read enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(broken(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn broken(error: io::Error) -> Failure {
    Failure::Refused(format!("the text cannot be written: {error}"))
}
