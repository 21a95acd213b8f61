//! Which role may do what to records.

use latchkey_licensing::account::Role;
use latchkey_testkit::on_both;
use reqwest::StatusCode;

use crate::{
    admin::{
        staff,
        support::{audits, hidden},
    },
    support::app::{TestApp, with_app},
};

on_both!(with_app: su_01_support_may_only_help, su_01_customers_and_strangers_find_no_acts);

/// The acts with what support may do.
const ACTS: [(&str, &[(&str, bool)]); 4] = [
    (
        "licenses",
        &[
            ("suspend", false),
            ("reinstate", false),
            ("renew", false),
            ("change", false),
            ("owner", false),
            ("new-key", false),
            ("show-key", false),
            ("revoke", false),
            ("mail-key", true),
            ("note", true),
            ("explain", true),
        ],
    ),
    ("machines", &[("free", true)]),
    ("customers", &[("disable", false), ("enable", false), ("note", true)]),
    ("orders", &[("refund", false), ("release", false), ("note", true), ("evidence", true)]),
];

struct World {
    license: String,
    machine: String,
    customer: String,
    order: String,
}

impl World {
    async fn new(app: &TestApp) -> Self {
        let issued = app.issue("ada@example.com").await;
        let made = app.desktop(Some(issued.key.expose())).activate("laptop").await;
        Self {
            license: issued.view.license.id.to_string(),
            machine: made.body["data"]["id"].as_str().expect("an id").to_owned(),
            customer: issued.owner.id.to_string(),
            order: app.add_order(issued.owner.id, 1).await,
        }
    }

    fn path(&self, kind: &str, act: &str) -> String {
        let id = match kind {
            "licenses" => &self.license,
            "machines" => &self.machine,
            "customers" => &self.customer,
            _ => &self.order,
        };
        format!("/admin/{kind}/{id}/{act}")
    }
}

async fn su_01_support_may_only_help(app: &TestApp) {
    let world = World::new(app).await;
    let browser = staff(app, Role::Support).await;
    let before = audits(app, "license", &world.license).await.len();
    for (kind, acts) in ACTS {
        for (act, is_allowed) in acts {
            let path = world.path(kind, act);
            let opened = browser.get(&path).await;
            let wanted = if *is_allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(opened.status(), wanted, "{path}");
            let form = opened.text().await.expect("a page");
            if *is_allowed {
                continue;
            }
            assert!(form.contains("Only admins may do this."), "{path}: {form}");
            assert_eq!(hidden(&form, "version"), None);
            let fields = [("reason", "abuse"), ("phrase", "x"), ("version", "1"), ("owner", "ada@example.com")];
            assert_eq!(browser.submit(&path, &fields).await.status(), StatusCode::FORBIDDEN, "{path}");
        }
    }
    assert_eq!(audits(app, "license", &world.license).await.len(), before);
}

async fn su_01_customers_and_strangers_find_no_acts(app: &TestApp) {
    let world = World::new(app).await;
    for browser in [app.browser(), app.customer("ada@example.com").await] {
        for (kind, acts) in ACTS {
            for (act, _) in acts {
                let path = world.path(kind, act);
                assert_eq!(browser.get(&path).await.status(), StatusCode::NOT_FOUND, "{path}");
                assert_eq!(
                    browser.submit(&path, &[("reason", "abuse")]).await.status(),
                    StatusCode::NOT_FOUND,
                    "{path}"
                );
            }
        }
    }
}
