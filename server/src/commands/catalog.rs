//! `catalog show | apply`

use std::path::Path;

use latchkey_service::{CatalogError, CatalogFile, CatalogObstacle, CatalogPlan, Operator, Service};
use serde_json::{Map, Value, json};

use crate::{
    cli::Catalog,
    commands::terminal::{
        confirmation::{Answer, confirm},
        describe::with,
    },
    console,
    files::{WRITTEN_BYTES, read_text},
    startup::Failure,
};

/// The hint for an empty catalog.
pub(crate) const NO_PRODUCTS: &str = "There are no products yet: `latchkey catalog show` prints an example catalog \
    file, and `latchkey catalog apply FILE` creates the products in a file.";

/// A catalog file to start from.
const EXAMPLE: &str = include_str!("../../../content/catalog.example.toml");

impl From<CatalogError> for Failure {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::InvalidFile(_) | CatalogError::Changed => Self::Refused(error.to_string()),
            CatalogError::Obstacle(obstacle) => Self::Refused(format!("{obstacle}{}", hint(&obstacle))),
            CatalogError::Internal(error) => Self::Internal(error),
        }
    }
}

/// What to do about an obstacle.
fn hint(obstacle: &CatalogObstacle) -> String {
    let hint = match obstacle {
        CatalogObstacle::PolicyInUse { .. } => ". Move them first (`license set --policy`), or keep it in the file",
        CatalogObstacle::PolicyOrdered { .. } => ". Keep it in the file",
        CatalogObstacle::EntitlementInUse { .. } => {
            ". Remove it from them first (`license set --remove-entitlement`), or keep it in the file"
        }
        CatalogObstacle::ProductInUse { .. } => ". Create a new policy instead",
        CatalogObstacle::NewRequirement { .. } => {
            ": they would become invalid. Create a new policy and move licenses to it (`license set --policy`)"
        }
        CatalogObstacle::WouldInvalidate { found, .. } => {
            let example = found.examples.first().map_or_else(String::new, |id| format!(", such as {id}"));
            return format!(
                "{example}. Change those first (`license set`), or create a new policy and move licenses to it"
            );
        }
    };
    hint.to_owned()
}

pub(crate) async fn catalog(service: &Service, command: Catalog, as_json: bool) -> Result<(), Failure> {
    match command {
        Catalog::Show => show(service, as_json).await,
        Catalog::Apply { file, yes, dry_run } => apply(service, &file, yes, dry_run, as_json).await,
    }
}

async fn show(service: &Service, as_json: bool) -> Result<(), Failure> {
    let (file, ids) = service.admin(Operator::Host).catalog().await?;
    if as_json {
        let ids: Map<String, Value> = ids.into_iter().map(|(code, id)| (code, json!(id.to_string()))).collect();
        console::json(&json!({ "product_ids": ids, "catalog": file }));
        return Ok(());
    }
    if file.products.is_empty() {
        console::line("# There are no products yet. This is an example: save it as a file, edit it, and run");
        console::line("# `latchkey catalog apply FILE`.");
        console::line("");
        console::line(EXAMPLE.trim_end());
        return Ok(());
    }
    let text = file.to_text()?;
    console::line(
        "# The catalog. Edit it and run `latchkey catalog apply FILE`. Omitted settings have their defaults.",
    );
    for (code, id) in ids {
        console::line(&format!("# The id of {code}, which apps embed: {id}"));
    }
    console::line("");
    console::line(text.trim_end());
    Ok(())
}

async fn apply(service: &Service, path: &Path, yes: bool, dry_run: bool, as_json: bool) -> Result<(), Failure> {
    let text = read_text(path, WRITTEN_BYTES)
        .map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", path.display())))?;
    let file: CatalogFile =
        toml::from_str(&text).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
    let admin = service.admin(Operator::Host);
    let plan = admin.plan_catalog(&file).await?;
    if !as_json {
        for step in &plan.steps {
            console::line(&step.to_string());
        }
        for warning in &plan.warnings {
            console::line(&format!("warning: {warning}"));
        }
    }
    let is_done = !dry_run && !plan.steps.is_empty();
    if is_done {
        let question = if plan.changes_terms() {
            "Remove what is not in the file, and change the terms of existing licenses?"
        } else {
            "Apply the file in spite of the warnings?"
        };
        if plan.needs_confirmation() {
            if as_json && !yes {
                // The question cannot be answered without seeing the changes.
                for step in &plan.steps {
                    console::error(&step.to_string());
                }
                for warning in &plan.warnings {
                    console::error(&format!("warning: {warning}"));
                }
            }
            if confirm(yes, question)? == Answer::No {
                return Err(Failure::Refused("not applied".to_owned()));
            }
        }
        admin.apply_catalog(&file, &plan, &Operator::Host.fresh()).await?;
    }
    if as_json {
        console::json(&json!({ "changes": plan.steps, "warnings": warnings_json(&plan), "applied": is_done }));
    } else if plan.steps.is_empty() {
        console::line("The catalog already matches the file.");
    } else if is_done {
        console::line(&format!("{} changes applied.", plan.steps.len()));
    } else {
        console::line(&format!("{} changes, none of them applied.", plan.steps.len()));
    }
    Ok(())
}

/// The warnings of a plan, each with its sentence.
fn warnings_json(plan: &CatalogPlan) -> Value {
    plan.warnings.iter().map(|warning| with(json!(warning), [("message", json!(warning.to_string()))])).collect()
}
