//! `audit …`

use latchkey_service::{AuditLog, ChainHead, ChainReport, Operator, Service};
use serde_json::json;

use crate::{
    cli::{Audit, lists::AuditList},
    commands::terminal::{
        describe::with,
        listing::{self, Fields},
    },
    console,
    startup::Failure,
};

pub(crate) async fn audit(service: &Service, command: Audit, as_json: bool) -> Result<(), Failure> {
    match command {
        Audit::List(command) => list(service, *command, as_json).await,
        Audit::Head => {
            service.seal_audit_log().await?;
            let head = service.audit_head().await?;
            if as_json {
                console::json(&json!({ "head": head.to_string() }));
            } else {
                console::line(&head.to_string());
            }
            Ok(())
        }
        Audit::Verify { head } => {
            let kept = head.map(|head| head.trim().parse::<ChainHead>()).transpose();
            let kept = kept.map_err(|error| Failure::Usage(format!("--head: {error}")))?;
            let report = service.admin(Operator::Host).verify_audit_log(kept).await?;
            show(&report, as_json)
        }
    }
}

async fn list(service: &Service, command: AuditList, as_json: bool) -> Result<(), Failure> {
    let AuditList { actor, actor_id, event, subject, subject_id, from, to, list } = command;
    let fields = Fields::new(&list)
        .add("actor", actor)
        .add("actor_id", actor_id)
        .add("event", event)
        .add("subject", subject)
        .add("subject_id", subject_id)
        .add("from", from)
        .add("to", to);
    let shown = &["at", "event", "actor", "subject", "subject_id", "detail"];
    listing::list::<AuditLog>(service, fields, &list, shown, as_json).await
}

fn show(report: &ChainReport, as_json: bool) -> Result<(), Failure> {
    if as_json {
        let problems: Vec<_> = report
            .problems
            .iter()
            .map(|problem| with(json!(problem), [("text", json!(problem.to_string()))]))
            .collect();
        console::json(&json!({
            "intact": report.problem_count == 0,
            "head": report.head.to_string(),
            "entries": report.entries,
            "problem_count": report.problem_count,
            "problems": problems,
        }));
    }
    if report.problem_count == 0 {
        if !as_json {
            console::line(&format!("The audit log is intact: {} entries.", report.entries));
            console::line(&format!("Its end is {}", report.head));
        }
        return Ok(());
    }
    if !as_json {
        for problem in &report.problems {
            console::line(&format!("- {problem}"));
        }
        if report.problem_count > report.problems.len() {
            console::line(&format!("and {} more", report.problem_count - report.problems.len()));
        }
    }
    let count = report.problem_count;
    let problems = if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") };
    Err(Failure::PartlyDone(format!("the audit log was tampered with: {problems}")))
}
