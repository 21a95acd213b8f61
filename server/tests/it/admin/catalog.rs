//! The catalog's pages: what they show, and how a change is entered, planned and applied.

use std::time::Duration;

use latchkey_licensing::account::Role;
use latchkey_service::{Operator, PolicyEntry, PriceEntry};
use latchkey_testkit::on_both;
use reqwest::{Response, StatusCode};
use serde_json::json;

use crate::{
    admin::{
        staff,
        support::{hidden, newest, page},
    },
    support::app::{Browser, TestApp, location, with_app},
};

on_both!(with_app:
    the_catalog_is_shown_with_its_licenses,
    a_policy_is_changed_after_its_plan_was_seen,
    cleared_fields_are_applied,
    entries_are_added_and_removed,
    a_change_that_breaks_licenses_names_them,
    mistakes_stand_beside_their_fields,
    two_admins_keep_what_they_entered,
    two_admins_edit_one_price,
    another_price_at_stripe_has_its_own_amount,
    an_entry_that_is_gone_can_be_made_again,
    su_07_a_change_needs_a_recent_second_factor,
    support_may_only_read
);

const POLICY: &str = "/admin/catalog/policies/chartgpt-lifetime";
const EDIT: &str = "/admin/catalog/policies/chartgpt-lifetime/edit";

/// All values that a form on a page sends if nothing is changed.
fn values(page: &str, class: &str) -> Vec<(String, String)> {
    let form = page.split("<form").find(|form| form.contains(class)).expect("a form");
    let form = form.split("</form>").next().expect("a form");
    let attribute = |tag: &str, name: &str| {
        let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
        Some(value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    };
    let mut found = Vec::new();
    for tag in form.split('<').filter_map(|part| part.split('>').next()) {
        let is_box = tag.contains("type=\"checkbox\"");
        if tag.starts_with("input") && (!is_box || tag.contains(" checked")) {
            let name = attribute(tag, "name").expect("a name");
            found.push((name, attribute(tag, "value").unwrap_or_default()));
        }
    }
    for select in form.split("<select").skip(1) {
        let name = attribute(select, "name").expect("a name");
        let chosen = select
            .split("<option")
            .find(|option| option.split('>').next().is_some_and(|tag| tag.contains(" selected")));
        let first = select.split("<option").nth(1);
        let option = chosen.or(first).expect("an option");
        found.push((name, attribute(option, "value").unwrap_or_default()));
    }
    found
}

/// The values with some replaced. An empty one unchecks a box.
fn with(values: &[(String, String)], changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let kept = values.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name)).cloned();
    let changed = changes.iter().filter(|(_, value)| *value != "unchecked");
    kept.chain(changed.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).collect()
}

async fn send(browser: &Browser<'_>, path: &str, fields: &[(String, String)]) -> Response {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.submit(path, &fields).await
}

async fn text(answer: Response, status: StatusCode) -> String {
    let found = answer.status();
    let text = answer.text().await.expect("a page");
    assert_eq!(found, status, "{text}");
    text
}

/// Enters changes into an entry's form. Returns the page with the plan.
async fn plan(browser: &Browser<'_>, path: &str, changes: &[(&str, &str)]) -> String {
    let form = page(browser, path).await;
    browser.app.kit.clock.advance(Duration::from_secs(1));
    text(send(browser, path, &with(&values(&form, "entry-form"), changes)).await, StatusCode::OK).await
}

/// Applies a plan. Returns the page with the result.
async fn apply(browser: &Browser<'_>, path: &str, plan: &str) -> String {
    let fields = with(&values(plan, "class=\"confirm"), &[("reason", "mistake"), ("note", "as agreed")]);
    let answer = send(browser, path, &fields).await;
    let status = answer.status();
    assert!(status == StatusCode::SEE_OTHER, "{status}: {}", answer.text().await.unwrap_or_default());
    let to = location(&answer).to_owned();
    page(browser, &to).await
}

/// Adds or changes prices as another admin does it.
async fn set_prices(app: &TestApp, prices: &[serde_json::Value]) {
    let host = app.service().admin(Operator::Host);
    let (mut file, _) = host.catalog().await.expect("read");
    for price in prices {
        let price: PriceEntry = serde_json::from_value(price.clone()).expect("a price");
        file.prices.retain(|known| known.code != price.code);
        file.prices.push(price);
    }
    let plan = host.plan_catalog(&file).await.expect("planned");
    host.apply_catalog(&file, &plan, &Operator::Host.fresh()).await.expect("applied");
}

async fn price(app: &TestApp, code: &str) -> PriceEntry {
    let (file, _) = app.service().admin(Operator::Host).catalog().await.expect("read");
    file.prices.into_iter().find(|price| price.code == code).expect("a price")
}

/// The second sees what the first changed, and what was entered is kept.
async fn two_admins_edit_one_price(app: &TestApp) {
    let entry =
        |amount: i64| json!({ "code": "once", "policy": "chartgpt-lifetime", "amount": amount, "currency": "USD" });
    set_prices(app, &[entry(4_900)]).await;
    let browser = staff(app, Role::Admin).await;
    let path = "/admin/catalog/prices/once/edit";
    let shown = plan(&browser, path, &[("max_quantity", "5")]).await;
    app.kit.clock.advance(Duration::from_secs(1));
    set_prices(app, &[entry(5_900)]).await;
    let fields = with(&values(&shown, "class=\"confirm"), &[("reason", "mistake"), ("note", "as agreed")]);
    let again = text(send(&browser, path, &fields).await, StatusCode::CONFLICT).await;
    for part in ["changed while the page was open", ">49.00<", ">59.00<", "as agreed"] {
        assert!(again.contains(part), "{part} is missing: {again}");
    }
    apply(&browser, path, &again).await;
    let after = price(app, "once").await;
    assert_eq!((after.amount, after.max_quantity), (Some(5_900), 5));
}

/// The amount of the last price at Stripe, which the form contains, is not that of the next one.
async fn another_price_at_stripe_has_its_own_amount(app: &TestApp) {
    set_prices(
        app,
        &[json!({
            "code": "once", "policy": "chartgpt-lifetime", "amount": 4_900, "currency": "USD", "stripe_price": "price_1",
        })],
    )
    .await;
    let browser = staff(app, Role::Admin).await;
    let path = "/admin/catalog/prices/once/edit";
    // An amount that is left to the same price of Stripe is known, so only the other field changes.
    let shown = plan(&browser, path, &[("amount", ""), ("currency", ""), ("max_quantity", "5")]).await;
    let steps = shown.split("<form").next().expect("a page");
    assert!(!steps.contains("As at Stripe") && !steps.contains("$49.00"), "{steps}");

    let shown = plan(&browser, path, &[("stripe_price", "price_2")]).await;
    assert!(shown.contains("As at Stripe") && shown.contains("$49.00"), "{shown}");
    apply(&browser, path, &shown).await;
    let after = price(app, "once").await;
    assert_eq!((after.stripe_price.as_deref(), after.amount, after.currency), (Some("price_2"), None, None));
    // An amount that was entered counts.
    let entered = [("stripe_price", "price_3"), ("amount", "59.00"), ("currency", "USD")];
    let shown = plan(&browser, path, &entered).await;
    apply(&browser, path, &shown).await;
    let after = price(app, "once").await;
    assert_eq!((after.stripe_price.as_deref(), after.amount), (Some("price_3"), Some(5_900)));
}

async fn policy(app: &TestApp, code: &str) -> Option<PolicyEntry> {
    let (file, _) = app.service().admin(Operator::Host).catalog().await.expect("read");
    file.policies.into_iter().find(|policy| policy.code == code)
}

async fn the_catalog_is_shown_with_its_licenses(app: &TestApp) {
    for email in ["ada@example.com", "bob@example.com"] {
        app.issue(email).await;
    }
    for role in [Role::Support, Role::Admin] {
        let browser = staff(app, role).await;
        let shown = page(&browser, "/admin/catalog").await;
        assert!(shown.contains(&format!("href=\"{POLICY}\"")), "{shown}");
        assert!(shown.contains("href=\"/admin/licenses?policy=chartgpt-lifetime\">2<"), "{shown}");
        assert_eq!(shown.contains("New policy"), role == Role::Admin);
        let file = page(&browser, "/admin/catalog?tab=inspect").await;
        assert!(file.contains("[[policies]]") && file.contains("latchkey catalog apply catalog.toml"), "{file}");
        let entry = page(&browser, POLICY).await;
        assert!(entry.contains("A license lasts") && entry.contains("customer_frees_machines = true"), "{entry}");
        let answer = browser.get("/admin/catalog/policies/none").await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert_eq!(browser.get("/admin/catalog/products/chartgpt").await.status(), StatusCode::OK);
    }
}

async fn a_policy_is_changed_after_its_plan_was_seen(app: &TestApp) {
    app.issue("ada@example.com").await;
    let browser = staff(app, Role::Admin).await;
    let before = policy(app, "chartgpt-lifetime").await.expect("there");
    // Sending the form as it is changes nothing.
    let same = plan(&browser, EDIT, &[]).await;
    assert!(same.contains("Nothing changes"), "{same}");

    let changes = [("max_machines", "5"), ("customer_renames_machines", "unchecked"), ("name", "Five <b>machines</b>")];
    let shown = plan(&browser, EDIT, &changes).await;
    for part in
        ["Machines", "Customers rename machines", "Five &lt;b&gt;machines", "1 license is under it", "max_machines = 5"]
    {
        assert!(shown.contains(part), "{part} is missing: {shown}");
    }
    assert_eq!(policy(app, "chartgpt-lifetime").await.as_ref(), Some(&before), "a plan changes nothing");

    // Back to the form, with what was entered.
    let edit = text(send(&browser, EDIT, &values(&shown, "Keep editing")).await, StatusCode::OK).await;
    let entered = values(&edit, "entry-form");
    assert!(entered.contains(&("max_machines".to_owned(), "5".to_owned())), "{entered:?}");
    assert!(!entered.iter().any(|(name, _)| name == "customer_renames_machines"), "{entered:?}");

    // A reason is needed, and what was entered stays.
    let fields = with(&values(&shown, "class=\"confirm"), &[("note", "kept")]);
    let again = text(send(&browser, EDIT, &fields).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(
        again.contains("Choose a reason.") && again.contains("kept") && again.contains("max_machines = 5"),
        "{again}"
    );

    let done = apply(&browser, EDIT, &again).await;
    assert!(done.contains("was changed."), "{done}");
    let after = policy(app, "chartgpt-lifetime").await.expect("there");
    let wanted = PolicyEntry {
        name: "Five <b>machines</b>".to_owned(),
        max_machines: Some(5),
        customer_renames_machines: false,
        ..before
    };
    assert_eq!(after, wanted);
    let row = newest(app, "catalog", "catalog").await;
    assert_eq!(row.0, "catalog.applied");
    assert_eq!((row.1.as_str(), row.2), ("admin", Some(("mistake".to_owned(), "as agreed".to_owned()))));
}

/// A field that is cleared on the form stays cleared when the plan is applied.
async fn cleared_fields_are_applied(app: &TestApp) {
    let browser = staff(app, Role::Admin).await;
    let before = policy(app, "chartgpt-lifetime").await.expect("there");
    assert!(before.max_machines.is_some() && before.swaps.is_some(), "{before:?}");
    let cleared = [("max_machines", ""), ("swaps.count", ""), ("swaps.window", "")];
    let shown = plan(&browser, EDIT, &cleared).await;
    apply(&browser, EDIT, &shown).await;
    let wanted = PolicyEntry { max_machines: None, swaps: None, ..before };
    assert_eq!(policy(app, "chartgpt-lifetime").await, Some(wanted));
}

async fn entries_are_added_and_removed(app: &TestApp) {
    let browser = staff(app, Role::Admin).await;
    let add = async |kind: &str, fields: &[(&str, &str)]| {
        let path = format!("/admin/catalog/new/{kind}");
        let shown = plan(&browser, &path, fields).await;
        apply(&browser, &path, &shown).await
    };
    add("products", &[("code", "draw"), ("name", "Acme Draw"), ("key_prefix", "DRAW")]).await;
    add("entitlements", &[("code", "PRO.v2"), ("name", "Pro")]).await;
    let fields = [
        ("code", "yearly"),
        ("name", "A year"),
        ("product", "draw"),
        ("duration", "365d"),
        ("max_machines", "3"),
        ("entitlements.PRO.v2", "on"),
        ("swaps.count", "2"),
        ("swaps.window", "30d"),
        ("customer_downloads_files", "unchecked"),
    ];
    let shown = add("policies", &fields).await;
    assert!(shown.contains("Policy “A year” was added.") && shown.contains("365 days"), "{shown}");
    let made = policy(app, "yearly").await.expect("there");
    assert_eq!((made.max_machines, made.entitlements.len(), made.customer_downloads_files), (Some(3), 1, false));
    let shown = add(
        "prices",
        &[("code", "yearly"), ("policy", "yearly"), ("amount", "49.50"), ("currency", "eur"), ("interval", "year")],
    )
    .await;
    assert!(shown.contains("€49.50") && shown.contains("By year"), "{shown}");
    let (file, _) = app.service().admin(Operator::Host).catalog().await.expect("read");
    let price = file.prices.iter().find(|price| price.code == "yearly").expect("there");
    assert_eq!(price.amount, Some(4_950));

    // What others need cannot be removed.
    let blocked = browser.get("/admin/catalog/policies/yearly/remove").await.text().await.expect("a page");
    assert!(blocked.contains("The price “yearly” needs this policy."), "{blocked}");
    for path in [
        "/admin/catalog/prices/yearly/remove",
        "/admin/catalog/policies/yearly/remove",
        "/admin/catalog/entitlements/PRO.v2/remove",
        "/admin/catalog/products/draw/remove",
    ] {
        let plan = page(&browser, path).await;
        let shown = apply(&browser, path, &plan).await;
        assert!(shown.contains("was removed."), "{path}: {shown}");
    }
    assert!(policy(app, "yearly").await.is_none());
}

async fn a_change_that_breaks_licenses_names_them(app: &TestApp) {
    let policy_made = app.add_policy("two", |policy| policy.max_machines = Some(2)).await;
    let issued = app.issue_under("ada@example.com", &policy_made.code).await;
    app.issue_under("bob@example.com", &policy_made.code).await;
    for computer in ["one", "two"] {
        app.desktop(Some(issued.key.expose())).activate(computer).await;
    }
    let browser = staff(app, Role::Admin).await;
    let edit = "/admin/catalog/policies/two/edit";
    let shown = plan(&browser, edit, &[("max_machines", "1")]).await;
    let license = format!("href=\"/admin/licenses/{}\"", issued.view.license.id);
    for part in ["1 license would become invalid", "ada@example.com", &license, "href=\"/admin/licenses?policy=two\""] {
        assert!(shown.contains(part), "{part} is missing: {shown}");
    }
    assert!(!shown.contains("bob@example.com") && !shown.contains("class=\"confirm"), "{shown}");
    // A form that applies it all the same.
    let fields = with(&values(&shown, "Keep editing"), &[("step", "apply"), ("reason", "mistake")]);
    text(send(&browser, edit, &fields).await, StatusCode::CONFLICT).await;
    assert_eq!(policy(app, "two").await.expect("there").max_machines, Some(2));
    let shown = plan(&browser, edit, &[("check_in", "7d")]).await;
    assert!(shown.contains("cannot be asked of apps that do not do it yet"), "{shown}");
    let removal = page(&browser, "/admin/catalog/policies/two/remove").await;
    assert!(removal.contains("It cannot be removed: 2 licenses are under it."), "{removal}");
}

/// A form, what is entered into it, and what the page says.
type Mistake<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

async fn mistakes_stand_beside_their_fields(app: &TestApp) {
    let browser = staff(app, Role::Admin).await;
    let cases: &[Mistake<'_>] = &[
        (EDIT, &[("name", "")], "Enter a name of 1 to 100 letters."),
        (EDIT, &[("max_machines", "two")], "Enter a whole number, or leave it empty."),
        (EDIT, &[("max_cores", "0")], "Enter a number from 1 to 2,147,483,647"),
        (EDIT, &[("duration", "a year")], "Enter a number with d for days"),
        (EDIT, &[("expiry_basis", "FROM_FIRST_VALIDATION")], "needs “It is issued” here"),
        (EDIT, &[("floating", "unchecked")], "or check “Several machines at once”"),
        (EDIT, &[("offline_file", "")], "Enter how long"),
        (EDIT, &[("swaps.count", "3"), ("swaps.window", "")], "Enter in what period"),
        (EDIT, &[("check_in", "1m")], "Enter at least 1h."),
        (EDIT, &[("key_scheme", "NONE")], "A choice is not one of the list."),
        (
            "/admin/catalog/new/policies",
            &[("code", "Big"), ("name", "x"), ("product", "chartgpt")],
            "lower-case letters",
        ),
        ("/admin/catalog/new/policies", &[("code", "chartgpt-lifetime")], "There is another policy with this code."),
        ("/admin/catalog/new/products", &[("code", "x"), ("name", "x"), ("key_prefix", "x")], "2 to 8 capital letters"),
        ("/admin/catalog/new/entitlements", &[("code", "a b"), ("name", "x")], "Use 1 to 64 letters"),
        (
            "/admin/catalog/new/prices",
            &[("code", "x"), ("policy", "chartgpt-lifetime")],
            "Enter an amount and a currency",
        ),
        (
            "/admin/catalog/new/prices",
            &[("code", "x"), ("amount", "1.234"), ("currency", "USD")],
            "Enter an amount such as",
        ),
        (
            "/admin/catalog/new/prices",
            &[("code", "x"), ("amount", "1"), ("currency", "dollars")],
            "Enter three letters",
        ),
        (
            "/admin/catalog/new/prices",
            &[
                ("code", "x"),
                ("policy", "chartgpt-lifetime"),
                ("amount", "1"),
                ("currency", "USD"),
                ("interval", "month"),
            ],
            "there is nothing to pay for again",
        ),
    ];
    let before = app.service().admin(Operator::Host).catalog().await.expect("read").0;
    for (path, changes, says) in cases {
        let form = page(&browser, path).await;
        let fields = with(&values(&form, "entry-form"), &[changes, &[("before", "{}")][..]].concat());
        let again = text(send(&browser, path, &fields).await, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(again.contains(says), "{path} {changes:?}: {again}");
        let entered = values(&again, "entry-form");
        // A choice that is not one of the list cannot be shown.
        for (name, value) in changes.iter().filter(|(name, value)| *value != "unchecked" && *name != "key_scheme") {
            assert!(entered.contains(&((*name).to_owned(), (*value).to_owned())), "{name}: {entered:?}");
        }
    }
    assert_eq!(app.service().admin(Operator::Host).catalog().await.expect("read").0, before);
}

async fn two_admins_keep_what_they_entered(app: &TestApp) {
    let (first, second) = (staff(app, Role::Admin).await, staff(app, Role::Admin).await);
    let form = page(&first, EDIT).await;
    let opened = with(&values(&form, "entry-form"), &[("name", "Mine")]);
    let planned = text(send(&first, EDIT, &opened).await, StatusCode::OK).await;
    let theirs = plan(&second, EDIT, &[("max_machines", "7")]).await;
    apply(&second, EDIT, &theirs).await;

    // The plan that the first one saw is outdated.
    let fields = with(&values(&planned, "class=\"confirm"), &[("reason", "mistake"), ("note", "mine")]);
    let again = text(send(&first, EDIT, &fields).await, StatusCode::CONFLICT).await;
    for part in
        ["changed while the page was open", "Catalog changed", "as agreed", "Somebody else changed this entry", "Mine"]
    {
        assert!(again.contains(part), "{part} is missing: {again}");
    }
    assert_eq!(policy(app, "chartgpt-lifetime").await.expect("there").max_machines, Some(7));
    // The new plan keeps both changes.
    apply(&first, EDIT, &again).await;
    let made = policy(app, "chartgpt-lifetime").await.expect("there");
    assert_eq!((made.name.as_str(), made.max_machines), ("Mine", Some(7)));

    // A form from before the change, sent only now.
    let late = text(send(&first, EDIT, &with(&opened, &[("name", "Late")])).await, StatusCode::OK).await;
    assert!(late.contains("Somebody else changed this entry") && late.contains("Late"), "{late}");
}

async fn an_entry_that_is_gone_can_be_made_again(app: &TestApp) {
    app.add_policy("spare", |_| {}).await;
    let (first, second) = (staff(app, Role::Admin).await, staff(app, Role::Admin).await);
    let edit = "/admin/catalog/policies/spare/edit";
    let form = page(&first, edit).await;
    let removal = page(&second, "/admin/catalog/policies/spare/remove").await;
    apply(&second, "/admin/catalog/policies/spare/remove", &removal).await;
    let fields = with(&values(&form, "entry-form"), &[("name", "Still wanted"), ("max_machines", "9")]);
    let again = text(send(&first, edit, &fields).await, StatusCode::CONFLICT).await;
    assert!(
        again.contains("Somebody else removed this policy") && again.contains("action=\"/admin/catalog/new/policies\""),
        "{again}"
    );
    let fields = values(&again, "entry-form");
    let shown = text(send(&first, "/admin/catalog/new/policies", &fields).await, StatusCode::OK).await;
    apply(&first, "/admin/catalog/new/policies", &shown).await;
    let made = policy(app, "spare").await.expect("there");
    assert_eq!((made.name.as_str(), made.max_machines), ("Still wanted", Some(9)));
}

/// SU-07.
async fn su_07_a_change_needs_a_recent_second_factor(app: &TestApp) {
    let browser = staff(app, Role::Admin).await;
    let shown = plan(&browser, EDIT, &[("name", "Later")]).await;
    app.kit.clock.advance(Duration::from_mins(6));
    let fields = with(&values(&shown, "class=\"confirm"), &[("reason", "mistake"), ("note", "still here")]);
    let late = text(send(&browser, EDIT, &fields).await, StatusCode::FORBIDDEN).await;
    assert!(
        late.contains("needs your passkey again") && late.contains("still here") && late.contains("Later"),
        "{late}"
    );
    assert_ne!(policy(app, "chartgpt-lifetime").await.expect("there").name, "Later");
}

async fn support_may_only_read(app: &TestApp) {
    let (admin, support) = (staff(app, Role::Admin).await, staff(app, Role::Support).await);
    let shown = plan(&admin, EDIT, &[("name", "Other")]).await;
    let fields = with(&values(&shown, "class=\"confirm"), &[("reason", "mistake")]);
    for path in [EDIT, "/admin/catalog/policies/chartgpt-lifetime/remove", "/admin/catalog/new/products"] {
        let answer = support.get(path).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
        assert!(answer.text().await.expect("a page").contains("Only admins may do this."));
        let refused = text(send(&support, path, &fields).await, StatusCode::FORBIDDEN).await;
        assert!(refused.contains("Only admins may do this."), "{path}: {refused}");
    }
    assert_ne!(policy(app, "chartgpt-lifetime").await.expect("there").name, "Other");
    assert_eq!(hidden(&page(&support, POLICY).await, "step"), None);
}
