//! `doctor`: checks what this instance depends on, and says for each problem how to solve it.

mod mail;
mod stripe;

use serde::Serialize;
use serde_json::json;

use crate::{
    console,
    settings::Settings,
    startup::{self, Failure},
};

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Health {
    Ok,
    /// It works, and a person should know about it.
    Note,
    Problem,
}

/// A check.
#[derive(Clone, Debug, Serialize)]
struct Check {
    name: &'static str,
    health: Health,
    /// What was found, as a sentence.
    found: String,
    /// What to do about it, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, health: Health::Ok, found: found.into(), remedy: None }
    }

    fn note(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, health: Health::Note, found: found.into(), remedy: Some(remedy.into()) }
    }

    fn problem(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, health: Health::Problem, found: found.into(), remedy: Some(remedy.into()) }
    }
}

/// The caller has already read and checked the settings.
pub(crate) async fn doctor(settings: &Settings, as_json: bool) -> Result<(), Failure> {
    let mut checks = vec![Check::ok("settings", "The settings are valid.")];
    checks.push(mail::check(settings).await);
    match startup::open(settings).await {
        Ok(service) => {
            checks.push(Check::ok("database", "It can be opened, and its schema is up to date."));
            checks.extend(stripe::check(settings, Some(&service)).await?);
            service.store().close().await;
        }
        Err(error) => {
            checks.push(Check::problem(
                "database",
                format!("It cannot be opened: {error}."),
                "Check the section [database] of the settings and LATCHKEY__DATA_DIR.",
            ));
            checks.extend(stripe::check(settings, None).await?);
        }
    }
    let problems = checks.iter().filter(|check| check.health == Health::Problem).count();
    if as_json {
        console::json(&json!({ "healthy": problems == 0, "checks": checks }));
    } else {
        for check in &checks {
            let word = match check.health {
                Health::Ok => "ok     ",
                Health::Note => "note   ",
                Health::Problem => "PROBLEM",
            };
            console::line(&format!("{word}  {}: {}", check.name, check.found));
            if let Some(remedy) = &check.remedy {
                console::line(&format!("         {remedy}"));
            }
        }
    }
    match problems {
        0 => Ok(()),
        1 => Err(Failure::PartlyDone("there is 1 problem".to_owned())),
        count => Err(Failure::PartlyDone(format!("there are {count} problems"))),
    }
}
