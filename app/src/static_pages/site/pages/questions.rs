//! `/faq`: questions with their answers, which can be linked to.

use leptos::prelude::*;

use crate::{
    shared::branding::Contact,
    static_pages::{
        document::render,
        site::{
            Site, SitePage,
            model::{Question, SiteContent, Slug},
            prose::Prose,
            shell::SiteDocument,
        },
    },
};

impl SiteContent {
    /// The questions with these ids, in the order of the ids.
    pub(crate) fn questions_by_id(&self, ids: &[Slug]) -> Vec<Question> {
        let find = |id: &Slug| self.questions.iter().find(|question| question.id == *id).cloned();
        ids.iter().filter_map(find).collect()
    }
}

pub fn questions(site: &Site) -> String {
    let site = site.clone();
    render(move || {
        let questions = site.content.questions.clone();
        let brand = site.look.branding.brand.clone();
        let description =
            format!("Answers about {}: buying, licenses, computers, offline use, refunds and your data.", brand.name);
        view! {
            <SiteDocument site page=SitePage::Questions title="Questions and answers" description>
                <div class="band band-first band-questions" itemscope itemtype="https://schema.org/FAQPage">
                    <div class="band-head">
                        <h1 class="display-2">"Questions and answers"</h1>
                        <p class="lead">"Something else? Please " <Contact brand/> "."</p>
                    </div>
                    <QuestionList questions are_described=true/>
                </div>
            </SiteDocument>
        }
    })
}

/// Some questions on another page, with the way to all. Nothing if there are none.
#[component]
pub(crate) fn QuestionsBand(questions: Vec<Question>) -> impl IntoView {
    (!questions.is_empty()).then(|| {
        view! {
            <section class="band band-questions" aria-labelledby="questions-title">
                <div class="band-head">
                    <h2 class="display-2" id="questions-title">"Questions"</h2>
                    <p class="lead"><a href=SitePage::Questions.path()>"All questions and answers"</a></p>
                </div>
                <QuestionList questions/>
            </section>
        }
    })
}

/// `are_described` is whether they are described for search engines, which only one page should do.
#[component]
fn QuestionList(questions: Vec<Question>, #[prop(optional)] are_described: bool) -> impl IntoView {
    let questions = questions.into_iter().map(|question| {
        let Question { id, question, answer } = question;
        let html = answer.html().to_owned();
        let link = SitePage::question(&id);
        if are_described {
            // Open from the start, so that links to a question and searches in the page find the answers.
            view! {
                <section class="question" id=id.to_string() itemprop="mainEntity" itemscope itemtype="https://schema.org/Question">
                    <h2 class="title-2"><a href=link itemprop="name">{question}</a></h2>
                    <div itemprop="acceptedAnswer" itemscope itemtype="https://schema.org/Answer">
                        <div itemprop="text"><Prose html/></div>
                    </div>
                </section>
            }
            .into_any()
        } else {
            view! {
                <details class="question">
                    <summary>{question}</summary>
                    <Prose html/>
                </details>
            }
            .into_any()
        }
    });
    view! { <div class="questions">{questions.collect_view()}</div> }
}
