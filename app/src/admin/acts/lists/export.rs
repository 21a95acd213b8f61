//! Exporting a list as a file.

use latchkey_service::{
    Accounts, Activations, AuditLog, ExportListError, Fresh, Licenses, ListError, ListExport, MAX_EXPORTS, Machines,
    Mails, Orders, RowCount, StripeEvents, Support,
};

use super::{bulk::nothing, choice::Choice};
use crate::{
    admin::{
        acts::{Ask, Call, Draft, Gate, Submission, Trouble},
        model::{
            object_view::{ActContent, ActView},
            objects::ConfirmLevel,
        },
        present::{
            lists::{ShownList, grouped, page_of},
            objects::Needs,
        },
    },
    routes::{AdminPage, ListPath, confirm_for},
};

/// What an export contains.
struct Contents {
    title: &'static str,
    columns: &'static [&'static str],
    /// How many rows match the filters.
    count: String,
}

pub(in crate::admin::acts) async fn view(
    call: &Call<'_>,
    list: ListPath,
    query: &str,
    draft: Option<&Draft>,
) -> Result<ActView, Trouble> {
    let (page, shown) = (AdminPage::Export(list), page_of(list));
    let choice = Choice::of(query, draft.map(|draft| &draft.form));
    let found = contents(call.support(), list, &choice).await?;
    let title = found.as_ref().map_or("list", |contents| contents.title).to_lowercase();
    let gate = Gate { needs: Needs::Admin, is_sensitive: false, obstacle: None };
    let content = match (gate.closed(call, &page, draft), found) {
        (Some(content), _) => content,
        // The page that asks for the second factor leads back to the same rows.
        (None, _) if draft.is_none() && call.support().fresh().is_err() => {
            ActContent::Confirm(confirm_for(&format!("{}?{}", page.path(), query.trim_start_matches('?'))))
        }
        (None, Err(error)) => nothing(&format!("The filter of the list is not valid: {error}.")),
        (None, Ok(_)) if choice.is_empty() => nothing("Nothing is selected. Go back to the list and select rows."),
        (None, Ok(contents)) => {
            let rows = match choice.ids().len() {
                0 => format!("all {} rows that match", contents.count),
                1 => "1 row".to_owned(),
                rows => format!("{rows} rows"),
            };
            let ask = Ask::new(format!("Export {rows}?"), "Download CSV")
                .effect(format!("The file has the columns {}.", contents.columns.join(", ")))
                .effects([
                    "It contains personal data: keep it where it belongs, and delete it when it has served its purpose.",
                    "Texts that a spreadsheet would compute get an apostrophe in front. Times are in UTC.",
                    "The audit log records who exported which list, and by which filters.",
                ])
                .level(ConfirmLevel::Costly)
                .without_reason();
            let mut form = ask.form(&page, &shown, draft);
            form.back = choice.list("", &shown).href;
            form.fields.extend(choice.hidden_fields());
            ActContent::Form(form)
        }
    };
    let label = if title == "list" { "List".to_owned() } else { capitalized(&title) };
    Ok(ActView { title: format!("Export {title}"), record: choice.list(&label, &shown), content })
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What an export would contain, or what is wrong with the filter.
async fn contents(
    support: &Support<'_>,
    list: ListPath,
    choice: &Choice,
) -> Result<Result<Contents, latchkey_service::FieldError>, Trouble> {
    async fn of<L: ShownList>(
        support: &Support<'_>,
        choice: &Choice,
    ) -> Result<Result<Contents, latchkey_service::FieldError>, Trouble> {
        let count = match support.list::<L>(choice.fields().start().all()).await {
            Ok(page) => page.count,
            Err(ListError::Field(error)) => return Ok(Err(error)),
            Err(ListError::Internal(error)) => return Err(error.into()),
        };
        let count = match count {
            RowCount::Exactly(count) => grouped(count),
            RowCount::MoreThan(count) => format!("more than {}", grouped(count)),
        };
        Ok(Ok(Contents { title: L::TITLE, columns: L::COLUMNS, count }))
    }
    match list {
        ListPath::Customers => of::<Accounts>(support, choice).await,
        ListPath::Licenses => of::<Licenses>(support, choice).await,
        ListPath::Machines => of::<Machines>(support, choice).await,
        ListPath::Activations => of::<Activations>(support, choice).await,
        ListPath::Orders => of::<Orders>(support, choice).await,
        ListPath::Events => of::<StripeEvents>(support, choice).await,
        ListPath::Mails => of::<Mails>(support, choice).await,
        ListPath::Audit => of::<AuditLog>(support, choice).await,
    }
}

pub(in crate::admin::acts) async fn perform(
    call: &Call<'_>,
    list: ListPath,
    form: &Submission,
) -> Result<ListExport, Trouble> {
    let (admin, fresh) = (call.admin()?, call.fresh()?);
    let choice = Choice::of("", Some(form));
    if choice.is_empty() {
        return Err(Trouble::Obstacle("Nothing is selected.".to_owned()));
    }
    let fields = choice.fields().start();
    let (fields, ids): (_, &[uuid::Uuid]) = (fields.all(), choice.ids());
    let fresh: &Fresh = &fresh;
    let export = match list {
        ListPath::Customers => admin.export_list::<Accounts>(fields, ids, fresh).await,
        ListPath::Licenses => admin.export_list::<Licenses>(fields, ids, fresh).await,
        ListPath::Machines => admin.export_list::<Machines>(fields, ids, fresh).await,
        ListPath::Activations => admin.export_list::<Activations>(fields, ids, fresh).await,
        ListPath::Orders => admin.export_list::<Orders>(fields, ids, fresh).await,
        ListPath::Events => admin.export_list::<StripeEvents>(fields, ids, fresh).await,
        ListPath::Mails => admin.export_list::<Mails>(fields, ids, fresh).await,
        ListPath::Audit => admin.export_list::<AuditLog>(fields, ids, fresh).await,
    };
    export.map_err(|error| match error {
        ExportListError::Field(error) => Trouble::Obstacle(format!("The filter of the list is not valid: {error}.")),
        ExportListError::TooMany => Trouble::Busy(format!(
            "{MAX_EXPORTS} exports are being downloaded, which is all that the server does at the same time. Try again when \
             one of them has ended."
        )),
        ExportListError::Internal(error) => error.into(),
    })
}
