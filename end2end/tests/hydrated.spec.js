// Behavior that requires script.
import { expect, hydrated, signIn, test } from "../support/test.js";

test("navigation does not reload the document", async ({ page, portal }) => {
  await signIn(page, portal);
  await hydrated(page, true);
  await page.evaluate(() => (window.sameDocument = true));
  const tabs = page.getByRole("navigation", { name: "Portal" });
  await tabs.getByRole("link", { name: "Orders" }).click();
  await expect(page.getByRole("heading", { name: "No orders yet" })).toBeVisible();
  await expect(tabs.getByRole("link", { name: "Orders" })).toHaveAttribute("aria-current", "page");
  await tabs.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByText("1 of 2 computers in use")).toBeVisible();
  expect(await page.evaluate(() => window.sameDocument)).toBe(true);
  await expect(page).toHaveTitle("Overview · ChartGPT");
});

// ADR 18: the account has a script of its own.
test("the account loads a document, and so does the way back", async ({ page, portal }) => {
  await signIn(page, portal);
  await hydrated(page, true);
  const tabs = page.getByRole("navigation", { name: "Portal" });
  const script = () => page.evaluate(() => performance.getEntriesByType("resource").some((entry) => entry.name.endsWith("/latchkey-account.js")));
  expect(await script()).toBe(false);
  await tabs.getByRole("link", { name: "Account" }).click();
  await expect(page.getByRole("heading", { name: "Signed-in browsers" })).toBeVisible();
  await expect(tabs.getByRole("link", { name: "Account" })).toHaveAttribute("aria-current", "page");
  await expect.poll(script).toBe(true);
  await tabs.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByText("1 of 2 computers in use")).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Signed-in browsers" })).toBeVisible();
});

test("a key is copied without being shown", async ({ page, portal, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const customer = await portal.command("customer", "show", "ada@example.com");
  const license = await portal.command("license", "show", customer.licenses[0].id);
  await signIn(page, portal);
  // The button says "Copied" for two seconds. Watch it from before the click, so that a slow machine does not miss it.
  const copied = page.getByRole("button", { name: "Copied", exact: true });
  const said = expect.poll(() => copied.count(), { intervals: [50] }).toBe(1);
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await said;
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(license.key);
  await expect(page.getByText(license.key)).toHaveCount(0);
});

test("freeing a computer does not reload the document", async ({ page, portal }) => {
  await signIn(page, portal);
  await hydrated(page, true);
  await page.evaluate(() => (window.sameDocument = true));
  await page.getByRole("link", { name: "Free Office PC" }).click();
  await page.getByRole("button", { name: "Free this computer" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Office PC is free" })).toBeVisible();
  expect(await page.evaluate(() => window.sameDocument)).toBe(true);
});

test("a session that was ended elsewhere leads to the sign-in page", async ({ page, portal, context }) => {
  await signIn(page, portal);
  await hydrated(page, true);
  await context.clearCookies();
  await page.getByRole("navigation", { name: "Portal" }).getByRole("link", { name: "Licenses" }).click();
  await expect(page.getByRole("alert")).toContainText("You are signed out");
  await page.getByRole("link", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${portal.origin}/login?next=/portal/licenses`);
});

test("a message is shown on its page but not on the next", async ({ page, portal }) => {
  await signIn(page, portal);
  await hydrated(page, true);
  await page.getByRole("link", { name: "Free Office PC" }).click();
  await page.getByRole("button", { name: "Free this computer" }).click();
  await expect(page.getByText("Office PC is free")).toBeVisible();
  await page.getByRole("navigation", { name: "Portal" }).getByRole("link", { name: "Account" }).click();
  await expect(page.getByRole("heading", { name: "Signed-in browsers" })).toBeVisible();
  await expect(page.getByText("Office PC is free")).toHaveCount(0);
  await page.goBack();
  await expect(page.getByRole("button", { name: "Show", exact: true })).toBeVisible();
  await expect(page.getByText("Office PC is free")).toHaveCount(0);
});

test("after the session has ended, a key is not shown but a link to sign in is", async ({ page, portal, context }) => {
  await signIn(page, portal);
  await hydrated(page, true);
  await context.clearCookies();
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("You are signed out");
  await expect(page.getByRole("link", { name: "Sign in" })).toBeVisible();
});

test("the skip link moves the focus", async ({ page, portal }) => {
  await signIn(page, portal);
  await hydrated(page, true);
  await page.getByRole("link", { name: "Skip to content" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
});

test("the account menu closes with Escape, with a click elsewhere and on another page", async ({ page, portal }) => {
  await signIn(page, portal);
  await hydrated(page, true);
  const menu = page.locator(".account-summary");
  const signOut = page.getByRole("button", { name: "Sign out", exact: true });
  await menu.click();
  await expect(signOut).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(signOut).toBeHidden();
  await expect(menu).toBeFocused();
  await menu.click();
  await page.getByText("Signed in as").click();
  await expect(signOut).toBeVisible();
  await page.getByRole("heading", { name: "Your license" }).click();
  await expect(signOut).toBeHidden();
  await menu.click();
  await page.getByRole("link", { name: "Account and security" }).click();
  await expect(page.getByRole("heading", { name: "Signed-in browsers" })).toBeVisible();
  await expect(signOut).toBeHidden();
});

test("after navigating, the focus is on the heading of the page", async ({ page, portal }) => {
  await signIn(page, portal);
  await hydrated(page, true);
  await expect(page.getByRole("heading", { level: 1 })).not.toBeFocused();
  const tabs = page.getByRole("navigation", { name: "Portal" });
  for (const [tab, heading] of [["Licenses", "Licenses"], ["Orders", "No orders yet"], ["Offline", "Computers without internet"], ["Overview", "Your license"]]) {
    await tabs.getByRole("link", { name: tab }).click();
    await expect(page.getByRole("heading", { level: 1, name: heading })).toBeFocused();
  }
  await page.goBack();
  await expect(page.getByRole("heading", { level: 1, name: "Computers without internet" })).toBeFocused();
});

test("Back returns to the place on a long page", async ({ page, portal }) => {
  const customer = await portal.command("customer", "show", "ada@example.com");
  const { id } = customer.licenses[0];
  await portal.command("license", "set", id, "--max-machines", "100");
  const { key } = await portal.command("license", "show", id);
  for (let n = 0; n < 40; n++) {
    const body = {
      data: {
        type: "machines",
        attributes: { fingerprint: `pc-${n}`, name: `Desk ${n}` },
        relationships: { license: { data: { type: "licenses", id } } },
      },
    };
    const answer = await fetch(`${portal.origin}/v1/machines`, {
      method: "POST",
      headers: { Authorization: `License ${key}`, "Content-Type": "application/vnd.api+json" },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(201);
  }
  await signIn(page, portal);
  await hydrated(page, true);
  await page.getByRole("link", { name: "Show all 41 computers" }).click();
  await expect(page.getByRole("heading", { name: "Computers", exact: true })).toBeInViewport();
  const link = page.getByRole("link", { name: "Free Desk 30" });
  await link.scrollIntoViewIfNeeded();
  const place = await page.evaluate(() => scrollY);
  expect(place).toBeGreaterThan(500);
  await link.click();
  await expect(page.getByRole("heading", { name: "Free Desk 30?" })).toBeFocused();
  expect(await page.evaluate(() => scrollY)).toBeLessThan(100);
  await page.goBack();
  await expect(link).toBeInViewport();
  expect(Math.abs((await page.evaluate(() => scrollY)) - place)).toBeLessThan(5);
});

test("offline, a form and what was typed stay, and it is sent again", async ({ page, portal, context }) => {
  await signIn(page, portal);
  await hydrated(page, true);
  await page.getByRole("navigation", { name: "Portal" }).getByRole("link", { name: "Account" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Augusta Ada King");
  await context.setOffline(true);
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByRole("alert")).toHaveText("You are offline. Nothing was saved.");
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Augusta Ada King");
  await context.setOffline(false);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("Your name was saved.")).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await page.reload();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Augusta Ada King");
});

test("a replaced key is shown, and its buttons keep their width", async ({ page, portal, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const customer = await portal.command("customer", "show", "ada@example.com");
  const { id } = customer.licenses[0];
  await signIn(page, portal);
  await hydrated(page, true);
  await page.getByRole("link", { name: "License details" }).click();
  await page.getByRole("link", { name: "Replace this key" }).click();
  await page.getByRole("button", { name: "Replace the key" }).click();
  await expect(page.getByText("This license has a new key.")).toBeVisible();
  const { key } = await portal.command("license", "show", id);
  await expect(page.getByText(key)).toBeVisible();
  const width = (name) => page.getByRole("button", { name, exact: true }).evaluate((button) => button.getBoundingClientRect().width);
  const before = await width("Copy");
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  expect(await width("Copied")).toBe(before);
  expect(await width("Hide")).toBe(before);
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(key);
});

test("the message area takes no space while it is empty, and forced colors show the current tab", async ({ page, portal }) => {
  await signIn(page, portal);
  await hydrated(page, true);
  const gap = await page.evaluate(() => document.querySelector("h1").getBoundingClientRect().top - document.querySelector("main").getBoundingClientRect().top);
  expect(gap).toBeLessThanOrEqual(33);
  await page.emulateMedia({ forcedColors: "active" });
  const border = (name) =>
    page.getByRole("navigation", { name: "Portal" }).getByRole("link", { name }).evaluate((tab) => getComputedStyle(tab).borderBottomColor);
  expect(await border("Overview")).not.toBe(await border("Licenses"));
});

// What password managers, translators and broken networks do to a page before its script starts.
for (const [what, spoil] of Object.entries({
  "elements of an extension": (page) =>
    page.addInitScript(() => {
      new MutationObserver((_, observer) => {
        const main = document.querySelector("main");
        if (!main) return;
        observer.disconnect();
        for (const element of main.querySelectorAll("*")) element.prepend(document.createElement("x-extension"));
      }).observe(document, { childList: true, subtree: true });
    }),
  "a program that cannot be loaded": (page) => page.route(/_bg\.wasm$/, (route) => route.abort()),
  "a script that cannot be loaded": (page) => page.route(/\/latchkey[a-z-]*\.js$/, (route) => route.abort()),
})) {
  test(`with ${what}, the page works as without script`, async ({ page: signedIn, portal, context }) => {
    await signIn(signedIn, portal);
    // Not watched for errors, which are wanted here.
    const page = await context.newPage();
    await spoil(page);
    await page.goto(`${portal.origin}/portal`);
    // Long enough for the program to start, or to fail.
    await page.waitForLoadState("networkidle");
    await page.waitForTimeout(1_000);
    await page.getByRole("navigation", { name: "Portal" }).getByRole("link", { name: "Orders" }).click();
    await expect(page).toHaveURL(/\/portal\/orders$/);
    await expect(page.getByRole("heading", { name: "No orders yet" })).toBeVisible();
    await page.goto(`${portal.origin}/portal/account`);
    await page.waitForTimeout(1_000);
    await page.getByLabel("Name", { exact: true }).fill("Augusta Ada King");
    await page.getByRole("button", { name: "Save name" }).click();
    await expect(page.getByText("Your name was saved.")).toBeVisible();
  });
}
