//! The forms of catalog entries. A form first shows what its change would do. That page has a form of its own, which applies
//! the change, or leads back with everything that was entered.

mod fields;
mod read;
mod revision;

use latchkey_service::{
    CatalogError, CatalogFile, CatalogObstacle, CatalogPlan, CatalogPreview, CatalogState, LicenseDetails,
};

use crate::{
    admin::{
        acts::{Ask, Call, Completed, Draft, Gate, Problem, Submission, Trouble},
        model::{
            catalog::{EntryForm, FileTexts, PlanObstacle, PlanView},
            lists::LinkTo,
            object_view::{ActContent, ActView},
            objects::{ConfirmLevel, TimelineEntry, Toast},
        },
        present::{
            catalog::{
                entry::Entry,
                overview::{commands, entry_page},
                plan, words,
            },
            objects::{Needs, timeline::shown_entry},
        },
    },
    routes::{AdminPage, CatalogActName, CatalogEntryKind as Kind},
    shared::model::Tone,
};
use latchkey_service::TimelineOf;

use fields::inputs;
use read::{Changed, changed, without};
use revision::{BEFORE, Revision, STEP, Step, VERSION, Version};

/// A plan with obstacles, which its page shows.
const REFUSED: &str = "This change cannot be applied. Nothing was changed.";

/// How many changes of the catalog are looked at for what happened while a form was open.
const RECENT: u32 = 20;

/// What a form is about.
pub(super) struct Target {
    page: AdminPage,
    kind: Kind,
    /// `None` for a new entry.
    code: Option<String>,
    is_removal: bool,
}

impl Target {
    /// `None` if the page has no such form.
    pub(super) fn of(page: &AdminPage) -> Option<Self> {
        let (kind, code, is_removal) = match page {
            AdminPage::CatalogNew(kind) => (*kind, None, false),
            AdminPage::CatalogAct(kind, code, act) => {
                (*kind, Some(code.as_str().to_owned()), *act == CatalogActName::Remove)
            }
            _ => return None,
        };
        Some(Self { page: page.clone(), kind, code, is_removal })
    }

    /// The page to return to.
    fn back(&self) -> AdminPage {
        let entry = self.code.as_deref().and_then(|code| entry_page(self.kind, code));
        entry.unwrap_or(AdminPage::Catalog)
    }

    fn title(&self) -> String {
        let noun = words::noun(self.kind);
        match (&self.code, self.is_removal) {
            (None, _) => format!("New {noun}"),
            (Some(_), true) => format!("Remove {noun}"),
            (Some(_), false) => format!("Edit {noun}"),
        }
    }

    /// The catalog after the change, or what is wrong with the form.
    fn changed(&self, state: &CatalogState, revision: &Revision) -> Result<Changed, Vec<Problem>> {
        match &self.code {
            Some(code) if self.is_removal => {
                Ok(Changed { file: without(self.kind, code, &state.file)?, code: code.clone() })
            }
            code => changed(self.kind, code.as_deref(), &revision.values, &state.file),
        }
    }
}

pub(super) async fn perform(call: &Call<'_>, target: &Target, form: &Submission) -> Result<Completed, Trouble> {
    let admin = call.admin()?;
    let state = admin.catalog_state().await?;
    let revision = Revision::of(target.kind, target.code.as_deref(), &state, form)?;
    if revision.is_gone {
        return Err(Trouble::Changed);
    }
    let step = Step::of(form);
    if step == Step::Edit {
        return Err(Trouble::Review);
    }
    let changed = target.changed(&state, &revision).map_err(Trouble::Problems)?;
    if step == Step::Plan {
        return Err(Trouble::Review);
    }
    let reason = form.reason()?;
    let fresh = call.fresh()?;
    let known = Version::of(form).ok_or(Trouble::Changed)?;
    if known.number != state.version {
        return Err(Trouble::Changed);
    }
    let CatalogPreview { plan, obstacles } = admin.preview_catalog(&changed.file).await.map_err(trouble)?;
    if !obstacles.is_empty() {
        return Err(Trouble::Obstacle(REFUSED.to_owned()));
    }
    if plan.steps.is_empty() {
        return Err(Trouble::Review);
    }
    if plan.version != known.number {
        // Between reading the catalog and making the plan.
        return Err(Trouble::Changed);
    }
    admin.because(&reason).apply_catalog(&changed.file, &plan, &fresh).await.map_err(trouble)?;
    let noun = words::title(target.kind);
    let name = |file: &CatalogFile| -> Result<String, Trouble> {
        Ok(Entry::find(file, target.kind, &changed.code)?.map_or_else(|| changed.code.clone(), |entry| entry.name))
    };
    let (text, page) = match (&target.code, target.is_removal) {
        (_, true) => (format!("{noun} “{}” was removed.", name(&state.file)?), AdminPage::Catalog),
        (Some(_), false) => (format!("{noun} “{}” was changed.", name(&changed.file)?), target.back()),
        (None, false) => (
            format!("{noun} “{}” was added.", name(&changed.file)?),
            entry_page(target.kind, &changed.code).unwrap_or(AdminPage::Catalog),
        ),
    };
    Ok(Completed { toast: Toast { text, tone: Tone::Good, undo: None }, page })
}

fn trouble(error: CatalogError) -> Trouble {
    match error {
        CatalogError::Changed => Trouble::Changed,
        CatalogError::Internal(error) => error.into(),
        // Both are shown by the plan.
        CatalogError::InvalidFile(_) | CatalogError::Obstacle(_) => Trouble::Obstacle(REFUSED.to_owned()),
    }
}

pub(super) async fn view(call: &Call<'_>, target: &Target, draft: Option<&Draft>) -> Result<ActView, Trouble> {
    let state = call.support().catalog_state().await?;
    let current = match &target.code {
        Some(code) => Entry::find(&state.file, target.kind, code)?,
        None => None,
    };
    if target.code.is_some() && current.is_none() && draft.is_none() {
        return Err(Trouble::NotFound);
    }
    let gate = Gate { needs: Needs::Admin, is_sensitive: false, obstacle: None };
    let content = match gate.closed(call, &target.page, draft) {
        Some(content) => content,
        None => open(call, target, &state, draft).await?,
    };
    let label = current.map_or_else(|| "Catalog".to_owned(), |entry| entry.name);
    Ok(ActView { title: target.title(), record: LinkTo::new(label, target.back().path()), content })
}

async fn open(
    call: &Call<'_>,
    target: &Target,
    state: &CatalogState,
    draft: Option<&Draft>,
) -> Result<ActContent, Trouble> {
    let empty = Submission::default();
    let form = draft.map_or(&empty, |draft| &draft.form);
    let revision = Revision::of(target.kind, target.code.as_deref(), state, form)?;
    let step = if draft.is_some() || target.is_removal { Step::of(form) } else { Step::Edit };
    if target.is_removal && revision.is_gone {
        return Ok(ActContent::Refused("Somebody else has removed it. There is nothing left to do.".to_owned()));
    }
    match target.changed(state, &revision) {
        Ok(changed) if !revision.is_gone && step != Step::Edit => {
            let view = plan_view(call, target, state, &revision, changed, draft).await?;
            Ok(ActContent::CatalogPlan(Box::new(view)))
        }
        Err(problems) if target.is_removal => {
            let why: Vec<String> = problems.into_iter().map(|problem| problem.text).collect();
            Ok(ActContent::Refused(why.join(" ")))
        }
        result => {
            let problems = result.err().filter(|_| step != Step::Edit).unwrap_or_default();
            Ok(ActContent::Entry(Box::new(entry_form(call, target, state, &revision, problems))))
        }
    }
}

/// The form of an entry, with what was entered and what is wrong with it.
fn entry_form(
    call: &Call<'_>,
    target: &Target,
    state: &CatalogState,
    revision: &Revision,
    problems: Vec<Problem>,
) -> EntryForm {
    // An entry that somebody removed can be created again with what was entered.
    let is_new = target.code.is_none() || revision.is_gone;
    let mut groups = inputs(target.kind, &revision.values, &state.file, is_new);
    let mut errors = Vec::new();
    if revision.is_gone {
        errors.push(format!(
            "Somebody else removed this {} while the page was open. What you entered is still here: you can create it again.",
            words::noun(target.kind)
        ));
    }
    for Problem { field, text } in problems {
        let input =
            groups.iter_mut().flat_map(|group| &mut group.inputs).find(|input| field == Some(input.name.as_str()));
        match (input, field) {
            (Some(input), _) => input.error = Some(text),
            (None, Some(field)) => errors.push(format!("{}: {text}", words::label(target.kind, field))),
            (None, None) => errors.push(text),
        }
    }
    let action = if revision.is_gone { AdminPage::CatalogNew(target.kind) } else { target.page.clone() };
    EntryForm {
        action: action.path(),
        fields: hidden_fields(call, state, revision, Step::Plan),
        groups,
        errors,
        merged: revision.merged.clone(),
        back: target.back().path(),
    }
}

/// The values that tell a form of this revision from one of another.
fn hidden_fields(call: &Call<'_>, state: &CatalogState, revision: &Revision, step: Step) -> Vec<(String, String)> {
    let version = Version { number: state.version, at: call.now };
    vec![
        (STEP.to_owned(), step.as_str().to_owned()),
        (VERSION.to_owned(), version.to_string()),
        (BEFORE.to_owned(), revision.current_text()),
    ]
}

async fn plan_view(
    call: &Call<'_>,
    target: &Target,
    state: &CatalogState,
    revision: &Revision,
    changed: Changed,
    draft: Option<&Draft>,
) -> Result<PlanView, Trouble> {
    let preview = call.support().preview_catalog(&changed.file).await.map_err(|error| match error {
        CatalogError::Internal(error) => Trouble::Internal(error),
        _ => Trouble::NotFound,
    })?;
    let before = Entry::find(&state.file, target.kind, &changed.code)?;
    let after = Entry::find(&changed.file, target.kind, &changed.code)?;
    let steps = preview.plan.steps.iter().map(|step| plan::step(step, before.as_ref(), after.as_ref())).collect();
    let mut obstacles = Vec::new();
    for obstacle in &preview.obstacles {
        obstacles.push(shown_obstacle(call, obstacle).await?);
    }
    let entered = |step| {
        let mut fields = hidden_fields(call, state, revision, step);
        if !target.is_removal {
            // Empty ones as well: the person may have cleared them.
            fields.extend(revision.values.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        fields
    };
    let can_apply = obstacles.is_empty() && !preview.plan.steps.is_empty();
    let confirmation = if can_apply {
        let mut ask = ask(target, &preview.plan);
        if draft.is_some_and(|draft| draft.is_outdated) {
            ask = ask.changes(changes_since(call, draft).await?);
        }
        let mut form = ask.form(&target.page, &target.back(), draft);
        form.fields = entered(Step::Apply);
        // Better asked for now than after the reason is entered.
        if form.confirm.is_none() && call.support().fresh().is_err() {
            form.confirm = Some(crate::routes::confirm_for(&target.page.path()));
        }
        Some(form)
    } else {
        None
    };
    Ok(PlanView {
        steps,
        warnings: preview.plan.warnings.iter().map(|warning| plan::warning(warning, &changed.file)).collect(),
        obstacles,
        merged: revision.merged.clone(),
        confirmation,
        edit: (!target.is_removal).then(|| (target.page.path(), entered(Step::Edit))),
        back: target.back().path(),
        file: FileTexts { entry: after.map(|entry| entry.text), whole: changed.file.to_text()?, commands: commands() },
    })
}

/// The fields of a price that Stripe's price depends on.
const SOLD_AS: [&str; 7] = ["amount", "currency", "interval", "interval_count", "tax", "stripe_price", "policy"];

fn ask(target: &Target, plan: &CatalogPlan) -> Ask {
    let noun = words::noun(target.kind);
    let (question, verb) = match (&target.code, target.is_removal) {
        (_, true) => (format!("Remove this {noun}?"), format!("Remove {noun}")),
        (Some(_), false) => (format!("Apply the change to this {noun}?"), "Apply change".to_owned()),
        (None, false) => (format!("Add this {noun}?"), format!("Add {noun}")),
    };
    let ask = Ask::new(question, verb).level(ConfirmLevel::Costly);
    let ask = if plan.changes_terms() && target.kind == Kind::Policy && !target.is_removal {
        ask.effects([
            "Apps get the new terms at their next check. License files keep the old ones until they expire.",
            "Customers get no mail.",
        ])
    } else {
        ask
    };
    let changes = |name: &str| plan.steps.iter().flat_map(|step| &step.fields).any(|(field, ..)| field == name);
    let is_sold_anew = target.code.is_none() || SOLD_AS.iter().any(|name| changes(name));
    if target.kind == Kind::Price && !target.is_removal && is_sold_anew {
        ask.effects(["Before it can be bought, run “latchkey stripe provision” on the host."])
    } else {
        ask
    }
}

/// An obstacle with the licenses that it names.
async fn shown_obstacle(call: &Call<'_>, obstacle: &CatalogObstacle) -> Result<PlanObstacle, Trouble> {
    let mut examples: Vec<LicenseDetails> = Vec::new();
    if let CatalogObstacle::WouldInvalidate { found, .. } = obstacle {
        for id in &found.examples {
            examples.extend(call.support().license_details(*id).await?);
        }
    }
    Ok(plan::obstacle(obstacle, &examples))
}

/// What happened to the catalog since the form was made.
async fn changes_since(call: &Call<'_>, draft: Option<&Draft>) -> Result<Vec<TimelineEntry>, Trouble> {
    let known = draft.and_then(|draft| Version::of(&draft.form));
    let timeline = call.support().timeline(&TimelineOf::Catalog, None, RECENT).await;
    let entries = timeline.map(|timeline| timeline.entries).unwrap_or_default();
    let is_new = |at| known.as_ref().is_none_or(|known| at > known.at);
    Ok(entries.iter().filter(|entry| is_new(entry.at)).map(|entry| shown_entry(entry, call.now)).collect())
}
