//! Acts on many records in words.

use std::collections::BTreeMap;

use latchkey_service::{BulkItem, BulkOutcome, BulkReport, IssueOutcome, IssuePlanItem, NewLicense};

use crate::{
    admin::{
        model::{
            bulk::{BulkGroup, BulkLine, BulkView},
            lists::{BulkAct, LinkTo},
        },
        present::{lists::grouped, objects::count},
    },
    routes::{AdminPage, BulkActName as Act},
    shared::model::Tone,
};

/// The most records that a group shows.
const SHOWN: usize = 50;

/// The words for an act on many licenses.
pub(crate) struct Words {
    /// `Suspend`.
    pub(crate) verb: &'static str,
    /// `will be suspended`.
    will: &'static str,
    /// `were suspended`.
    did: &'static str,
    /// `are suspended already`.
    already: &'static str,
    /// The title of the mail that it causes. `None` if the mail is the act.
    pub(crate) mail: Option<&'static str>,
}

pub(crate) const fn words(act: Act) -> Words {
    match act {
        Act::Suspend => Words {
            verb: "Suspend",
            will: "will be suspended",
            did: "suspended",
            already: "suspended already",
            mail: Some("License suspended"),
        },
        Act::Reinstate => Words {
            verb: "Reinstate",
            will: "will be reinstated",
            did: "reinstated",
            already: "in good standing already",
            mail: Some("License reinstated"),
        },
        Act::Renew => Words {
            verb: "Renew",
            will: "will be renewed",
            did: "renewed",
            already: "renewed already",
            mail: Some("License renewed"),
        },
        Act::MailKey => Words {
            verb: "Mail key",
            will: "get their key mailed",
            did: "mailed",
            already: "mailed already",
            mail: None,
        },
        Act::Revoke => Words {
            verb: "Revoke",
            will: "will be revoked for good",
            did: "revoked",
            already: "revoked already",
            mail: Some("License revoked"),
        },
    }
}

/// The button of an act in a list.
pub(crate) fn act_of(act: Act) -> BulkAct {
    BulkAct {
        action: AdminPage::BulkAct(act).path(),
        label: words(act).verb.to_owned(),
        is_dangerous: act == Act::Revoke,
    }
}

/// `1,204 licenses`.
pub(crate) fn licenses(number: usize) -> String {
    match number {
        1 => "1 license".to_owned(),
        number => format!("{} licenses", grouped(u32::try_from(number).unwrap_or(u32::MAX))),
    }
}

/// What an act would do.
pub(crate) fn planned(act: Act, report: &BulkReport) -> BulkView {
    let words = words(act);
    view(report, &format!("{{}} {}", words.will), words.already, None)
}

/// What an act did.
pub(crate) fn done(act: Act, report: &BulkReport) -> BulkView {
    let words = words(act);
    view(report, &format!("{{}} {}", words.did), words.already, Some(Tone::Good))
}

/// `title` says what happens to the changed licenses, with `{}` for their number.
fn view(report: &BulkReport, title: &str, already: &str, tone: Option<Tone>) -> BulkView {
    let mut groups = Vec::new();
    let of = |outcome: &BulkOutcome| report.items.iter().filter(|item| item.outcome == *outcome).collect::<Vec<_>>();
    let changed = of(&BulkOutcome::Changed);
    groups.push(BulkGroup { tone, ..group(&changed, title.replace("{}", &licenses(changed.len()))) });
    let failed = of(&BulkOutcome::Failed);
    if !failed.is_empty() {
        groups.push(BulkGroup {
            tone: Some(Tone::Bad),
            why: Some("The server failed before these. They are as they were: select them again.".to_owned()),
            is_open: true,
            ..group(&failed, format!("{} not changed", licenses(failed.len())))
        });
    }
    // In the order of the words, so that a page is the same each time.
    let mut refused: BTreeMap<&str, Vec<&BulkItem>> = BTreeMap::new();
    for item in &report.items {
        if let BulkOutcome::Refused(why) = &item.outcome {
            refused.entry(why).or_default().push(item);
        }
    }
    for (why, items) in refused {
        groups.push(BulkGroup {
            tone: Some(Tone::Warn),
            why: Some(why.to_owned()),
            is_open: true,
            ..group(&items, format!("{} refused", licenses(items.len())))
        });
    }
    let unchanged = of(&BulkOutcome::Unchanged);
    if !unchanged.is_empty() {
        groups.push(group(&unchanged, format!("{} {already}", licenses(unchanged.len()))));
    }
    BulkView { groups }
}

fn group(items: &[&BulkItem], title: String) -> BulkGroup {
    let line = |item: &&BulkItem| match &item.known {
        Some((key, owner)) => BulkLine {
            record: LinkTo::new(key.as_str(), AdminPage::License(item.license).path()),
            detail: Some(owner.to_string()),
        },
        None => BulkLine { record: LinkTo::new(item.license.to_string(), ""), detail: None },
    };
    grouped_lines(title, items.iter().take(SHOWN).map(line).collect(), items.len())
}

fn grouped_lines(title: String, items: Vec<BulkLine>, all: usize) -> BulkGroup {
    let others = all.saturating_sub(items.len());
    let others = (others > 0).then(|| {
        format!("And {} others. The audit log has each change.", grouped(u32::try_from(others).unwrap_or(u32::MAX)))
    });
    BulkGroup { tone: None, title, why: None, items, others, is_open: false }
}

/// What issuing would do. The lines are in the order of the list.
pub(crate) fn issue_planned(wanted: &[NewLicense], items: &[IssuePlanItem]) -> BulkView {
    let of = |is_in: fn(&IssuePlanItem) -> bool| -> Vec<BulkLine> {
        let lines = wanted.iter().zip(items).filter(|(_, item)| is_in(item));
        lines.map(|(new, item)| planned_line(new, item)).collect()
    };
    let known = of(|item| matches!(item, IssuePlanItem::Known(_)));
    let new = of(|item| *item == IssuePlanItem::NewAccount);
    let banned = of(|item| *item == IssuePlanItem::OwnerIsBanned);
    let mut groups = Vec::new();
    if !known.is_empty() {
        groups.push(shortened(format!("{} for customers who are known", licenses(known.len())), known));
    }
    if !new.is_empty() {
        groups.push(shortened(format!("{} for new customers, who get an account", licenses(new.len())), new));
    }
    if !banned.is_empty() {
        groups.push(BulkGroup {
            tone: Some(Tone::Warn),
            why: Some("The account is disabled, so no license is issued.".to_owned()),
            is_open: true,
            ..shortened(format!("{} refused", count(banned.len(), "line", "lines")), banned)
        });
    }
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for new in wanted {
        *lines.entry(new.email.as_str()).or_default() += 1;
    }
    let repeated: Vec<BulkLine> = lines
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(email, count)| BulkLine { record: LinkTo::new(email, ""), detail: Some(format!("{count} licenses")) })
        .collect();
    if !repeated.is_empty() {
        groups.push(BulkGroup {
            tone: Some(Tone::Warn),
            why: Some("Each line is a license of its own.".to_owned()),
            is_open: true,
            ..shortened(format!("{} on several lines", count(repeated.len(), "address", "addresses")), repeated)
        });
    }
    BulkView { groups }
}

fn planned_line(new: &NewLicense, item: &IssuePlanItem) -> BulkLine {
    match item {
        IssuePlanItem::Known(account) => BulkLine {
            record: LinkTo::new(account.email.as_str(), AdminPage::Customer(account.id).path()),
            detail: account.name.clone(),
        },
        IssuePlanItem::NewAccount | IssuePlanItem::OwnerIsBanned => {
            BulkLine { record: LinkTo::new(new.email.as_str(), ""), detail: new.name.clone() }
        }
    }
}

/// What issuing did.
pub(crate) fn issue_done(wanted: &[NewLicense], outcomes: &[IssueOutcome]) -> BulkView {
    let of = |is_in: fn(&IssueOutcome) -> bool| -> Vec<BulkLine> {
        let lines = wanted.iter().zip(outcomes).filter(|(_, outcome)| is_in(outcome));
        lines.map(|(new, outcome)| issued_line(new, outcome)).collect()
    };
    let issued = of(|outcome| matches!(outcome, IssueOutcome::Issued(_)));
    let banned = of(|outcome| *outcome == IssueOutcome::OwnerIsBanned);
    let failed = of(|outcome| *outcome == IssueOutcome::Failed);
    let title = format!("{} issued", licenses(issued.len()));
    let mut groups = vec![BulkGroup { tone: Some(Tone::Good), is_open: true, ..shortened(title, issued) }];
    if !failed.is_empty() {
        // All of them, so that they can be pasted again.
        let all = failed.len();
        groups.push(BulkGroup {
            tone: Some(Tone::Bad),
            why: Some("The server failed before these lines. Nothing was issued for them: send them again.".to_owned()),
            is_open: true,
            ..grouped_lines(format!("{} not issued", licenses(all)), failed, all)
        });
    }
    if !banned.is_empty() {
        groups.push(BulkGroup {
            tone: Some(Tone::Warn),
            why: Some("The account is disabled, so no license was issued.".to_owned()),
            is_open: true,
            ..shortened(format!("{} refused", count(banned.len(), "line", "lines")), banned)
        });
    }
    BulkView { groups }
}

fn issued_line(new: &NewLicense, outcome: &IssueOutcome) -> BulkLine {
    let href = match outcome {
        IssueOutcome::Issued(id) => AdminPage::License(*id).path(),
        IssueOutcome::OwnerIsBanned | IssueOutcome::Failed => String::new(),
    };
    BulkLine { record: LinkTo::new(new.email.as_str(), href), detail: new.name.clone() }
}

fn shortened(title: String, mut lines: Vec<BulkLine>) -> BulkGroup {
    let all = lines.len();
    lines.truncate(SHOWN);
    grouped_lines(title, lines, all)
}

#[cfg(test)]
mod tests {
    use latchkey_licensing::{email::EmailAddress, ids::LicenseId, time::Timestamp};

    use super::*;

    fn item(n: u8, outcome: BulkOutcome) -> BulkItem {
        let owner = EmailAddress::parse("ada@example.com").expect("an address");
        BulkItem {
            license: LicenseId::new(Timestamp::from_unix_micros(0), [n; 10]),
            known: Some(("CGPT-••••-7F3K".to_owned(), owner)),
            outcome,
            is_mailed: true,
        }
    }

    #[test]
    fn everything_that_happens_is_in_a_group() {
        let refused = |why: &str| BulkOutcome::Refused(why.to_owned());
        let mut items: Vec<BulkItem> = (0..60).map(|n| item(n, BulkOutcome::Changed)).collect();
        items.extend([item(70, refused("b")), item(71, refused("a")), item(72, refused("b"))]);
        items.extend([item(80, BulkOutcome::Unchanged), item(90, BulkOutcome::Failed)]);
        let view = done(Act::Suspend, &BulkReport { items });
        let titles: Vec<&str> = view.groups.iter().map(|group| group.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "60 licenses suspended",
                "1 license not changed",
                "1 license refused",
                "2 licenses refused",
                "1 license suspended already"
            ]
        );
        assert_eq!((view.groups[0].items.len(), view.groups[0].others.is_some()), (50, true));
        assert_eq!((view.groups[3].items.len(), view.groups[3].why.as_deref()), (2, Some("b")));
    }
}
