//! What a policy lets customers do in the portal. What it does not allow is neither offered nor done.

use latchkey_licensing::{
    air_gap::{Action, AirGapRequest},
    machine::{Fingerprint, MachineFacts},
    policy::Policy,
};
use latchkey_testkit::on_both;
use reqwest::StatusCode;

use crate::support::app::{Browser, TestApp, location, with_app};

on_both!(with_app: customers_do_what_the_policy_allows, what_the_policy_does_not_allow_is_refused);

/// A customer with a license under a policy, and a computer on which it is active.
struct World<'a> {
    browser: Browser<'a>,
    license: String,
    machine: String,
    request: String,
}

impl<'a> World<'a> {
    async fn new(app: &'a TestApp, change: impl FnOnce(&mut Policy)) -> Self {
        let policy = app.add_policy("rights", change).await;
        let issued = app.issue_under("ada@example.com", &policy.code).await;
        let made = app.desktop(Some(issued.key.expose())).activate("one").await;
        let lab = Fingerprint::parse("lab").expect("a fingerprint");
        let now = app.service().now();
        Self {
            browser: app.customer("ada@example.com").await,
            license: issued.view.license.id.to_string(),
            machine: made.body["data"]["id"].as_str().expect("an id").to_owned(),
            request: AirGapRequest::new(Action::Activate, lab, MachineFacts::default(), now, &issued.key).to_text(),
        }
    }

    fn license_page(&self) -> String {
        format!("/portal/licenses/{}", self.license)
    }

    fn computer_page(&self) -> String {
        format!("{}/machines/{}", self.license_page(), self.machine)
    }

    async fn page(&self, path: &str) -> String {
        let answer = self.browser.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.expect("a page")
    }

    /// Submits a form, and returns the page that it leads to.
    async fn submit(&self, function: &str, more: &[(&str, &str)]) -> String {
        let ids = [("license", self.license.as_str()), ("machine", self.machine.as_str())];
        let answer = self.browser.submit(function, &[&ids, more].concat()).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{function}");
        let to = location(&answer).to_owned();
        self.page(&to).await
    }

    async fn download(&self) -> (StatusCode, String) {
        let answer = self.browser.submit(&format!("{}/file", self.computer_page()), &[("days", "7")]).await;
        (answer.status(), answer.headers().get("location").map_or("", |to| to.to_str().expect("text")).to_owned())
    }
}

async fn customers_do_what_the_policy_allows(app: &TestApp) {
    let world = World::new(app, |_| {}).await;
    let license = world.page(&world.license_page()).await;
    for part in [">Free<", ">History<", "License issued"] {
        assert!(license.contains(part), "{part} is missing: {license}");
    }
    let computer = world.page(&world.computer_page()).await;
    for part in ["Free this computer", "Save name", "Download license file"] {
        assert!(computer.contains(part), "{part} is missing: {computer}");
    }
    assert_eq!(world.download().await.0, StatusCode::OK);
    let renamed = world.submit("/fn/rename_computer", &[("name", "Desk")]).await;
    assert!(renamed.contains("Desk"), "{renamed}");
    let freed = world.submit("/fn/free_computer", &[]).await;
    assert!(freed.contains("Desk is free"), "{freed}");
}

async fn what_the_policy_does_not_allow_is_refused(app: &TestApp) {
    let world = World::new(app, |policy| {
        policy.customer_frees_machines = false;
        policy.customer_renames_machines = false;
        policy.customer_downloads_files = false;
        policy.customer_sees_history = false;
    })
    .await;
    // The pages do not offer it, and say so where people look for it.
    let license = world.page(&world.license_page()).await;
    for part in [">Free<", ">History<", "License issued"] {
        assert!(!license.contains(part), "{part} is there: {license}");
    }
    assert!(license.contains("Computers of this license cannot be freed here."), "{license}");
    let computer = world.page(&world.computer_page()).await;
    for part in ["Free this computer", "Save name", "Download license file"] {
        assert!(!computer.contains(part), "{part} is there: {computer}");
    }
    assert!(computer.contains("License files are not offered for this license."), "{computer}");
    let free = world.page(&format!("{}/free", world.computer_page())).await;
    assert!(free.contains("cannot be freed here") && !free.contains("Free this computer"), "{free}");
    let overview = world.page("/portal").await;
    assert!(!overview.contains(">Free<"), "{overview}");

    // Nor do the forms that other pages could send.
    let refused = world.submit("/fn/free_computer", &[]).await;
    assert!(refused.contains("cannot be freed here"), "{refused}");
    let refused = world.submit("/fn/rename_computer", &[("name", "Desk")]).await;
    assert!(refused.contains("cannot be renamed here") && !refused.contains(">Desk<"), "{refused}");
    assert_eq!(world.download().await, (StatusCode::SEE_OTHER, world.computer_page()));
    let shown = world.page(&format!("/portal/offline?request={}", world.request)).await;
    assert!(shown.contains("License files are not offered") && !shown.contains("Activate this computer"), "{shown}");
    let refused = world.browser.submit("/fn/carry_out_request", &[("request", &world.request)]).await;
    assert_eq!(refused.status(), StatusCode::SEE_OTHER);
    let license = world.page(&world.license_page()).await;
    assert!(license.contains("1 of 2 computers in use"), "{license}");
}
