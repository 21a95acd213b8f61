//! Notes about records. Every member of staff may write them.

use latchkey_service::{MAX_NOTE, NoteError, NoteSubject};

use crate::{
    admin::{
        acts::{Ask, Call, Completed, Draft, Problem, Submission, Trouble},
        model::{
            object_view::ActContent,
            objects::{ConfirmLevel, Input, InputKind, Toast},
        },
    },
    routes::AdminPage,
    shared::model::Tone,
};

const TEXT: &str = "text";

/// The form for a note.
pub(super) fn ask(page: &AdminPage, back: &AdminPage, draft: Option<&Draft>) -> ActContent {
    let input = Input {
        hint: Some("Customers do not see notes. A note cannot be changed or removed.".to_owned()),
        ..Input::new(TEXT, "Note", InputKind::Area { value: String::new(), rows: 6 })
    };
    let ask = Ask::new("Add a note", "Add note").level(ConfirmLevel::Reversible).without_reason().inputs(vec![input]);
    ActContent::Form(ask.form(page, back, draft))
}

/// Writes a note.
pub(super) async fn add(
    call: &Call<'_>,
    subject: &NoteSubject,
    form: &Submission,
    page: AdminPage,
) -> Result<Completed, Trouble> {
    match call.support().add_note(subject, form.get(TEXT)).await {
        Ok(_) => {
            let toast = Toast { text: "The note was added.".to_owned(), tone: Tone::Good, undo: None };
            Ok(Completed { toast, page })
        }
        Err(NoteError::Text) => Err(Problem::new(TEXT, format!("Enter a text of 1 to {MAX_NOTE} letters.")).into()),
        Err(NoteError::NotFound) => Err(Trouble::NotFound),
        Err(NoteError::Internal(error)) => Err(error.into()),
    }
}
