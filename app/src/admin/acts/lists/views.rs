//! Saved views of lists: the page that gives the filters a name, and the page that removes a view.

use latchkey_service::{
    Accounts, Activations, AuditLog, Licenses, MAX_VIEW_NAME, Machines, Mails, Orders, SaveViewError, SavedViewRow,
    StripeEvents, Support,
};

use super::{bulk::nothing, choice::Choice};
use crate::{
    admin::{
        acts::{Ask, Call, Draft, Problem, Submission, Trouble},
        model::{
            object_view::{ActContent, ActView},
            objects::{ConfirmLevel, Input, InputKind, Toast},
        },
        present::lists::{Fields, ShownList, link, page_of, parse},
    },
    routes::{AdminPage, ListPath, ViewActName as Act},
    shared::model::Tone,
};

const NAME: &str = "name";
const VIEW: &str = "view";

pub(in crate::admin::acts) async fn view(
    call: &Call<'_>,
    list: ListPath,
    act: Act,
    query: &str,
    draft: Option<&Draft>,
) -> Result<ActView, Trouble> {
    let (page, shown) = (AdminPage::ViewAct(list, act), page_of(list));
    let (title, content, choice) = match act {
        Act::Save => {
            let choice = Choice::of(query, draft.map(|draft| &draft.form));
            ("Save view", ask_name(&page, &shown, &choice, draft), choice)
        }
        Act::Remove => {
            let id = draft.map_or_else(
                || parse(query).get(VIEW).unwrap_or_default().to_owned(),
                |draft| draft.form.get(VIEW).to_owned(),
            );
            let found = find(call, list, &id).await?;
            let choice = Choice::default();
            ("Remove view", ask_removal(&page, &shown, &found, draft), choice)
        }
    };
    Ok(ActView { title: title.to_owned(), record: choice.list(title_of(list), &shown), content })
}

fn ask_name(page: &AdminPage, shown: &AdminPage, choice: &Choice, draft: Option<&Draft>) -> ActContent {
    let fields = choice.fields().start();
    if fields.all().is_empty() {
        return nothing("There are no filters to save. Filter or sort the list first.");
    }
    let filters: Vec<String> = fields.all().iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let name = Input::new(NAME, "Name", InputKind::Text { value: String::new() })
        .hint(format!("At most {MAX_VIEW_NAME} letters, such as “Suspended this month”. Only you see your views."));
    let ask = Ask::new("Save these filters as a view?", "Save view")
        .effect(format!("It shows {}.", filters.join(", ")))
        .level(ConfirmLevel::Reversible)
        .without_reason()
        .inputs(vec![name]);
    let mut form = ask.form(page, shown, draft);
    form.back = link(shown, &fields);
    form.fields.extend(choice.hidden_fields());
    ActContent::Form(form)
}

fn ask_removal(page: &AdminPage, shown: &AdminPage, view: &SavedViewRow, draft: Option<&Draft>) -> ActContent {
    let ask = Ask::new(format!("Remove the view “{}”?", view.name), "Remove view")
        .effects(["The records that it shows stay as they are.", "The message about it offers to bring it back."])
        .level(ConfirmLevel::Reversible)
        .without_reason();
    let mut form = ask.form(page, shown, draft);
    form.back = link(shown, &parse(&view.query));
    form.fields.push((VIEW.to_owned(), view.id.to_string()));
    ActContent::Form(form)
}

/// One of the person's views of a list.
async fn find(call: &Call<'_>, list: ListPath, id: &str) -> Result<SavedViewRow, Trouble> {
    let id = id.parse().map_err(|_| Trouble::NotFound)?;
    let found = call.support().saved_view(id).await?;
    found.filter(|view| view.list == name_of(list)).ok_or(Trouble::NotFound)
}

/// Does it. Returns the message about it, and the address of the list.
pub(in crate::admin::acts) async fn perform(
    call: &Call<'_>,
    list: ListPath,
    act: Act,
    form: &Submission,
) -> Result<(Toast, String), Trouble> {
    let shown = page_of(list);
    match act {
        Act::Save => {
            let fields = Choice::of("", Some(form)).fields().start();
            let name = form.get(NAME).trim();
            save(call.support(), list, name, &fields).await.map_err(save_trouble)?;
            let toast = Toast { text: format!("The view “{name}” was saved."), tone: Tone::Good, undo: None };
            Ok((toast, link(&shown, &fields)))
        }
        Act::Remove => {
            let view = find(call, list, form.get(VIEW)).await?;
            let removed = call.support().delete_view(view.id).await?.ok_or(Trouble::NotFound)?;
            let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let undo = (
                AdminPage::ViewAct(list, Act::Save).path(),
                vec![field(NAME, &removed.name), field("filter", &removed.query), field("all", "on")],
            );
            let text = format!("The view “{}” was removed.", removed.name);
            Ok((Toast { text, tone: Tone::Good, undo: Some(undo) }, shown.path()))
        }
    }
}

fn save_trouble(error: SaveViewError) -> Trouble {
    match error {
        SaveViewError::Name => Problem::new(NAME, format!("Enter a name of 1 to {MAX_VIEW_NAME} letters.")).into(),
        SaveViewError::NameTaken => {
            let text = "You have a view of this list with this name. Enter another name, or remove that view first.";
            Problem::new(NAME, text).into()
        }
        SaveViewError::Field(error) => Trouble::Obstacle(format!("The filters are not valid: {error}.")),
        SaveViewError::TooMany => {
            Trouble::Obstacle("You have as many views as one person may have. Remove one first.".to_owned())
        }
        SaveViewError::NoAccount => Trouble::NotFound,
        SaveViewError::Internal(error) => error.into(),
    }
}

async fn save(support: &Support<'_>, list: ListPath, name: &str, fields: &Fields) -> Result<(), SaveViewError> {
    let (fields, query) = (fields.all(), fields.query());
    match list {
        ListPath::Customers => support.save_view::<Accounts>(name, fields, &query).await,
        ListPath::Licenses => support.save_view::<Licenses>(name, fields, &query).await,
        ListPath::Machines => support.save_view::<Machines>(name, fields, &query).await,
        ListPath::Activations => support.save_view::<Activations>(name, fields, &query).await,
        ListPath::Orders => support.save_view::<Orders>(name, fields, &query).await,
        ListPath::Events => support.save_view::<StripeEvents>(name, fields, &query).await,
        ListPath::Mails => support.save_view::<Mails>(name, fields, &query).await,
        ListPath::Audit => support.save_view::<AuditLog>(name, fields, &query).await,
    }
    .map(drop)
}

/// A list's title, and its name in the database.
const fn names<L: ShownList>() -> (&'static str, &'static str) {
    (L::TITLE, L::NAME)
}

const fn names_of(list: ListPath) -> (&'static str, &'static str) {
    match list {
        ListPath::Customers => names::<Accounts>(),
        ListPath::Licenses => names::<Licenses>(),
        ListPath::Machines => names::<Machines>(),
        ListPath::Activations => names::<Activations>(),
        ListPath::Orders => names::<Orders>(),
        ListPath::Events => names::<StripeEvents>(),
        ListPath::Mails => names::<Mails>(),
        ListPath::Audit => names::<AuditLog>(),
    }
}

const fn title_of(list: ListPath) -> &'static str {
    names_of(list).0
}

const fn name_of(list: ListPath) -> &'static str {
    names_of(list).1
}
