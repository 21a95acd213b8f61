//! The commands: each reads the settings, does one thing, and prints the result.

mod accounts;
mod audit;
mod billing;
mod catalog;
mod content;
mod instance;
mod licenses;
mod machines;
mod manual;
mod offline;
mod personal_data;
mod release;
mod stats;
mod terminal;

pub(crate) use billing::stripe::{endpoint_url, is_complete, missing};

use std::process::ExitCode;

use serde_json::json;

use crate::{
    cli::{Cli, Command, Config, Stripe},
    console,
    settings::{Settings, Sources},
    startup::{self, Failure, logging},
};

/// Runs a command. The exit code tells scripts whether it succeeded.
pub fn run(cli: Cli) -> ExitCode {
    let as_json = cli.json;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            console::error(&format!("error: threads cannot be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(dispatch(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Each command prints one JSON document.
            if as_json && !matches!(failure, Failure::PartlyDone(_)) {
                console::json(&json!({ "error": failure.to_string() }));
            }
            console::error(&format!("error: {failure}"));
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn dispatch(cli: Cli) -> Result<(), Failure> {
    if matches!(cli.command, Command::Openapi) {
        console::line(&crate::http::api::description_text());
        return Ok(());
    }
    match &cli.command {
        Command::Completions { shell } => return manual::completions(*shell),
        Command::Man(man) => return manual::manual(man, cli.json),
        Command::Content(command) => return content::content(command, cli.json),
        _ => {}
    }
    if let Command::Verify(command) = &cli.command {
        return offline::verify::verify(command, cli.json);
    }
    // Before the keys are read.
    let is_server = matches!(cli.command, Command::Serve(_));
    let forbidden = if is_server { startup::core_dumps::forbid() } else { Ok(()) };
    let mut flags = Vec::new();
    if let Some(folder) = &cli.data_dir {
        flags.push(("data_dir", folder.display().to_string()));
    }
    if let Command::Serve(serve) = &cli.command
        && let Some(listen) = serve.listen
    {
        flags.push(("server.listen", listen.to_string()));
    }
    let is_demo = matches!(&cli.command, Command::Serve(serve) if serve.demo);
    let is_setup = matches!(&cli.command, Command::Stripe(Stripe::Provision { .. }) | Command::Doctor);
    let read = |is_demo| {
        let sources = Sources::of_process(cli.config.clone(), flags.clone());
        Settings::read(Sources { is_demo, is_setup, ..sources })
    };
    let mut settings = read(is_demo)?;
    // Mails that a command causes look like those of the demo's server.
    if !matches!(cli.command, Command::Serve(_) | Command::Config(_)) && instance::serve::is_demo(&settings) {
        settings = read(true)?;
    }
    if let Command::Config(command) = &cli.command {
        instance::config::show(command, &settings, cli.json);
        return Ok(());
    }
    if let Command::Release(command) = &cli.command {
        return release::release(command, &settings, cli.json);
    }
    if let Command::Mail(command) = &cli.command {
        return instance::mail::mail(command, &startup::options(&settings), cli.json);
    }
    logging::start(&settings.log, is_demo);
    if let Err(error) = forbidden {
        tracing::warn!(%error, "core dumps cannot be forbidden, and a dump would contain keys");
    }
    if matches!(cli.command, Command::Doctor) {
        return instance::doctor::doctor(&settings, cli.json).await;
    }
    let service = startup::open(&settings).await?;
    match cli.command {
        Command::Serve(options) => return instance::serve::serve(service, settings, options.demo, cli.json).await,
        Command::Migrate => {
            if cli.json {
                console::json(&json!({ "database": service.store().kind(), "migrated": true }));
            } else {
                console::line(&format!("The {} database's schema is up to date.", service.store().kind()));
            }
        }
        Command::Config(Config::Check | Config::Print)
        | Command::Mail(_)
        | Command::Release(_)
        | Command::Verify(_)
        | Command::Openapi
        | Command::Completions { .. }
        | Command::Content(_)
        | Command::Man(_)
        | Command::Doctor => {}
        Command::Admin(command) => accounts::admin(&service, command, cli.json).await?,
        Command::Customer(command) => accounts::customer(&service, command, cli.json).await?,
        Command::Account(command) => personal_data::account(&service, command, cli.json).await?,
        Command::License(command) => licenses::license(&service, command, cli.json).await?,
        Command::Machine(command) => machines::machine(&service, command, cli.json).await?,
        Command::Stats(options) => stats::stats(&service, &options, cli.json).await?,
        Command::Catalog(command) => catalog::catalog(&service, command, cli.json).await?,
        Command::Orders(command) => billing::orders::orders(&service, command, cli.json).await?,
        Command::Stripe(command) => billing::stripe::stripe(&service, &settings, command, cli.json).await?,
        Command::Audit(command) => audit::audit(&service, command, cli.json).await?,
        Command::Keys(command) => offline::keys::keys(&service, command, cli.json).await?,
    }
    service.store().close().await;
    Ok(())
}
