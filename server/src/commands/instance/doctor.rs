//! `doctor`: checks what this instance depends on, and says for each problem how to solve it.

use latchkey_service::{Check, Health, Operator};
use serde_json::json;

use crate::{
    console, diagnostics,
    settings::Settings,
    startup::{self, Failure},
};

/// The caller has already read and checked the settings.
pub(crate) async fn doctor(settings: &Settings, as_json: bool) -> Result<(), Failure> {
    let mut checks = vec![Check::ok("settings", "The settings are valid.")];
    match startup::open(settings).await {
        Ok(service) => {
            checks.push(Check::ok("database", "It can be opened, and its schema is up to date."));
            checks.extend(service.admin(Operator::Host).diagnostics().await?.checks());
            checks.extend(diagnostics::checks(settings, Some(&service)).await?);
            service.store().close().await;
        }
        Err(error) => {
            checks.push(Check::problem(
                "database",
                format!("It cannot be opened: {error}."),
                "Check the section [database] of the settings and LATCHKEY__DATA_DIR.",
            ));
            checks.extend(diagnostics::checks(settings, None).await?);
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
