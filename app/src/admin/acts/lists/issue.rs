//! Issuing licenses for a list of addresses. The form stays the same: sending it shows what would happen, and sending it again
//! does it.

use latchkey_licensing::{email::EmailAddress, text::has_disruptive};
use latchkey_service::{BulkError, CatalogNames, IssuePlan, IssuePlanItem, NewLicense};

use super::bulk::{PLAN, PLAN_ID, approved, trouble};
use crate::{
    admin::{
        acts::{Ask, Call, Draft, Gate, Problem, Submission, Trouble},
        model::{
            bulk::BulkView,
            lists::LinkTo,
            object_view::{ActContent, ActView},
            objects::{Input, InputKind},
        },
        present::{
            bulk::{self, licenses},
            objects::{Needs, count},
        },
    },
    routes::{AdminPage, NewName, confirm_for},
};

const POLICY: &str = "policy";
pub(in crate::admin::acts) const LINES: &str = "customers";

const MAIL: &str = "Otherwise each of them gets a mail with the key.";

/// The most lines of a form.
const MAX_LINES: usize = 500;

/// The longest name of a person, in letters.
const MAX_NAME: usize = 100;

/// The most mistakes that are listed.
const SHOWN_MISTAKES: usize = 20;

pub(in crate::admin::acts) async fn view(call: &Call<'_>, draft: Option<&Draft>) -> Result<ActView, Trouble> {
    let page = AdminPage::New(NewName::Licenses);
    let gate = Gate { needs: Needs::Admin, is_sensitive: false, obstacle: None };
    let content = match gate.closed(call, &page, draft) {
        Some(content) => content,
        None => match draft.and_then(|draft| draft.report.clone()) {
            Some(report) => ActContent::Report(report),
            None => asked(call, &page, draft).await?,
        },
    };
    let record = LinkTo::new("Licenses", AdminPage::Licenses.path());
    Ok(ActView { title: "Issue licenses".to_owned(), record, content })
}

async fn asked(call: &Call<'_>, page: &AdminPage, draft: Option<&Draft>) -> Result<ActContent, Trouble> {
    let names = call.support().catalog_names().await?;
    let wanted = draft.filter(|draft| !draft.is_too_long()).and_then(|draft| read(&draft.form).ok());
    let plan = match &wanted {
        None => None,
        Some(wanted) => match call.admin()?.plan_issue(wanted).await {
            Ok(plan) => Some(plan),
            // The policy was removed, which the form says beside its field.
            Err(BulkError::PolicyNotFound(_)) => None,
            Err(error) => return Err(trouble(error)),
        },
    };
    let Some((wanted, plan)) = wanted.zip(plan) else {
        let ask = Ask::new("Who gets a license?", "Continue").inputs(inputs(&names)).mail(MAIL);
        let ask = ask.effects(["Nothing is issued yet: the next page shows what would happen."]);
        return Ok(ActContent::Form(ask.form(page, &AdminPage::Licenses, draft)));
    };
    let outcome = bulk::issue_planned(&wanted, &plan.items);
    let issued = plan.items.iter().filter(|item| **item != IssuePlanItem::OwnerIsBanned).count();
    let (question, verb) = match issued {
        0 => ("No license can be issued to these customers.".to_owned(), "Check again".to_owned()),
        issued => (format!("Issue {}?", licenses(issued)), format!("Issue {}", licenses(issued))),
    };
    let ask = Ask::new(question, verb).inputs(inputs(&names)).mail(MAIL);
    let ask = ask.effects(["If you change the list, the next page shows what would happen then."]);
    let mut form = ask.form(page, &AdminPage::Licenses, draft);
    // Better asked for now than after the reason is entered.
    if form.confirm.is_none() && call.support().fresh().is_err() {
        form.confirm = Some(confirm_for(&page.path()));
    }
    if issued > 0 {
        form.fields.push((PLAN.to_owned(), plan.version));
        form.fields.push((PLAN_ID.to_owned(), call.support().new_bulk_act()?.to_string()));
    }
    Ok(ActContent::BulkPlan { outcome, form: Some(form) })
}

fn inputs(names: &CatalogNames) -> Vec<Input> {
    let policies = names.policies.iter().map(|(code, name)| (code.clone(), format!("{name} ({code})")));
    let first = names.policies.first().map(|(code, _)| code.clone()).unwrap_or_default();
    let policy = InputKind::Select { value: first, options: policies.collect() };
    let lines = InputKind::Area { value: String::new(), rows: 8 };
    let policy = Input::new(POLICY, "Policy", policy);
    let policy = if names.policies.is_empty() {
        policy.hint("There is none yet. Add a product and a policy to the catalog first.".to_owned())
    } else {
        policy
    };
    vec![
        policy,
        Input::new(LINES, "Customers", lines).hint(format!(
            "One per line: an e-mail address and, if you like, a comma and the name. At most {MAX_LINES} lines. An address on \
             two lines gets two licenses."
        )),
    ]
}

/// The licenses that the form asks for.
fn read(form: &Submission) -> Result<Vec<NewLicense>, Vec<Problem>> {
    let policy = form.get(POLICY).trim();
    let mut problems = Vec::new();
    if policy.is_empty() {
        problems.push(Problem::new(POLICY, "Choose a policy."));
    }
    let lines = form.get(LINES).lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let (mut wanted, mut mistakes) = (Vec::new(), Vec::new());
    for (number, line) in lines {
        match read_line(line) {
            Ok((email, name)) => wanted.push(NewLicense { email, name, policy: policy.to_owned() }),
            Err(why) => mistakes.push(format!("Line {}: {why}", number + 1)),
        }
    }
    if wanted.len() + mistakes.len() > MAX_LINES {
        let text =
            format!("Enter at most {MAX_LINES} lines at once. For more, use the command `latchkey license import`.");
        mistakes = vec![text];
    } else if wanted.is_empty() && mistakes.is_empty() {
        mistakes.push("Enter at least one e-mail address.".to_owned());
    } else if mistakes.len() > SHOWN_MISTAKES {
        let others = mistakes.len() - SHOWN_MISTAKES;
        mistakes.truncate(SHOWN_MISTAKES);
        mistakes.push(format!("And {}.", count(others, "other line", "other lines")));
    }
    if !mistakes.is_empty() {
        problems.push(Problem::new(LINES, mistakes.join("\n")));
    }
    if problems.is_empty() { Ok(wanted) } else { Err(problems) }
}

/// An address and a name, separated by a comma, a semicolon or a tab, as in a copied part of a spreadsheet.
fn read_line(line: &str) -> Result<(EmailAddress, Option<String>), String> {
    let (email, name) = line.split_once([',', ';', '\t']).unwrap_or((line, ""));
    let (email, name) = (email.trim().trim_matches('"'), name.trim().trim_matches('"').trim());
    let shown: String = email.chars().take(60).collect();
    let email = EmailAddress::parse(email)
        .map_err(|_| format!("“{shown}” is not an e-mail address such as ada@example.com."))?;
    if name.chars().count() > MAX_NAME || has_disruptive(name) {
        return Err(format!("the name has more than {MAX_NAME} letters or invisible ones."));
    }
    Ok((email, (!name.is_empty()).then(|| name.to_owned())))
}

pub(in crate::admin::acts) async fn perform(call: &Call<'_>, form: &Submission) -> Result<BulkView, Trouble> {
    let admin = call.admin()?;
    let wanted = read(form).map_err(Trouble::Problems)?;
    let IssuePlan { version, .. } = admin.plan_issue(&wanted).await.map_err(|error| match error {
        BulkError::PolicyNotFound(_) => Problem::new(POLICY, "There is no such policy any more.").into(),
        error => trouble(error),
    })?;
    // The form was sent for the first time, or the list was edited after the plan was shown.
    if form.get(PLAN) != version {
        return Err(Trouble::Review);
    }
    let (reason, approved, fresh) = (form.reason()?, approved(form)?, call.fresh()?);
    let admin = admin.because(&reason);
    let outcomes = admin.issue_many(&wanted, &approved, form.notify(), &fresh).await.map_err(trouble)?;
    Ok(bulk::issue_done(&wanted, &outcomes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(lines: &str) -> Submission {
        let body = serde_urlencoded::to_string([(POLICY, "pro"), (LINES, lines)]).expect("a form");
        Submission::parse(body.as_bytes())
    }

    fn problem(lines: &str) -> String {
        read(&form(lines)).expect_err("refused").remove(0).text
    }

    #[test]
    fn lines_are_read() {
        let text = "ada@example.com\r\n\n  Bob@Example.com ,\tBob Smith \r\n\"eve@example.com\";\"Eve, Adam\"\n";
        let wanted = read(&form(text)).expect("valid");
        let lines: Vec<_> = wanted.iter().map(|new| (new.email.as_str(), new.name.as_deref())).collect();
        let expected =
            [("ada@example.com", None), ("bob@example.com", Some("Bob Smith")), ("eve@example.com", Some("Eve, Adam"))];
        assert_eq!(lines, expected);
        assert!(wanted.iter().all(|new| new.policy == "pro"));
    }

    #[test]
    fn mistakes_name_their_line() {
        let found = problem("ada@example.com\nbob\n\n<eve>@, x");
        assert_eq!(found.lines().count(), 2);
        assert!(found.contains("Line 2: “bob”") && found.contains("Line 4: "), "{found}");
        assert!(problem(" \n").contains("at least one"));
        let many = "x\n".repeat(30);
        assert!(problem(&many).ends_with("And 10 other lines."));
        assert!(problem(&"ada@example.com\n".repeat(501)).contains("at most 500 lines"));
        assert_eq!(read(&form(&"ada@example.com\n".repeat(500))).map(|wanted| wanted.len()), Ok(500));
        assert!(problem(&format!("ada@example.com,{}", "n".repeat(101))).contains("Line 1"));
    }
}
