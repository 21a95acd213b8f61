// A support case from beginning to end: an admin finds a customer's license by its key, learns why it fails and fixes it.
import AxeBuilder from "@axe-core/playwright";
import { signInAsAdmin } from "../../support/admin.js";
import { expect, test } from "../../support/test.js";

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

test("an admin finds a license by its key, learns why it fails and fixes it", async ({ browser, page, portal }, info) => {
  const customer = await portal.command("customer", "show", "ada@example.com");
  const [license] = customer.licenses;
  await portal.command("license", "suspend", license.id, "--no-mail");
  await signInAsAdmin(browser, page, portal);

  await page.goto(`${portal.origin}/admin/search`);
  await page.getByLabel("Find a page or an object").first().fill(license.key);
  await page.getByRole("button", { name: "Search" }).click();
  const hit = page.getByRole("main").locator(`a[href="/admin/licenses/${license.id}"]`);
  await expect(hit).toHaveCount(1);
  await hit.click();
  await expect(page.getByRole("main").getByText("Suspended").first()).toBeVisible();
  await page.locator("summary", { hasText: "Actions" }).click();
  await page.getByRole("link", { name: "Why does it fail?" }).click();

  const checks = page.getByRole("listitem").filter({ hasText: "Fails" });
  await expect(checks).toHaveCount(1);
  await expect(checks).toContainText("SUSPENDED");
  await page.screenshot({ path: info.outputPath("why.png"), fullPage: true });
  await checks.getByRole("link").click();
  await page.getByLabel("Reason").selectOption({ index: 1 });
  await page.getByRole("button", { name: "Reinstate license" }).click();
  await expect(page.getByText("reinstated").first()).toBeVisible();

  await page.goto(`${portal.origin}/admin/licenses/${license.id}/explain`);
  await expect(page.getByRole("listitem").filter({ hasText: "Fails" })).toHaveCount(0);
});

test("a session that ends in the middle of a form loses nothing that was typed", async ({ browser, page, portal, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, "without script, the browser sends the form");
  const customer = await portal.command("customer", "show", "ada@example.com");
  await signInAsAdmin(browser, page, portal);
  await page.goto(`${portal.origin}/admin/customers/${customer.id}/note`);
  await page.waitForLoadState("networkidle");
  await page.getByRole("textbox").last().fill("Called about a new computer.");
  const cookies = await page.context().cookies();
  await page.context().clearCookies();
  const send = page.getByRole("main").locator("form.confirm button[type=submit]");
  await send.click();
  await expect(page.getByText("nothing was sent")).toBeVisible();
  await expect(page.getByRole("textbox").last()).toHaveValue("Called about a new computer.");
  await page.context().addCookies(cookies);
  await send.click();
  await expect(page.getByText("Called about a new computer.")).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`/admin/customers/${customer.id}$`));
});

test("without script, a form that is sent after the session has ended is kept", async ({ browser, page, portal, clock, javaScriptEnabled }, info) => {
  test.skip(javaScriptEnabled !== false, "with script, the form is not sent");
  const customer = await portal.command("customer", "show", "ada@example.com");
  await signInAsAdmin(browser, page, portal);
  await page.goto(`${portal.origin}/admin/customers/${customer.id}/note`);
  const note = "Called about a <new> computer.\nTwo lines & more.";
  await page.getByRole("textbox").last().fill(note);
  await clock.advance({ minutes: 31 });
  await page.getByRole("main").locator("form.confirm button[type=submit]").click();
  await expect(page.getByRole("heading", { name: "Your session has ended" })).toBeVisible();
  await expect(page.getByText("Called about a <new> computer.")).toBeVisible();
  for (const [name, width] of [["wide", 1280], ["390", 390]]) {
    await page.setViewportSize({ width, height: 800 });
    await page.screenshot({ path: info.outputPath(`session-ended-${name}.png`) });
  }
  // Sent again before signing in, it is still kept.
  await page.getByRole("button", { name: "Send again" }).click();
  await expect(page.getByText("Called about a <new> computer.")).toBeVisible();
  const [signIn] = await Promise.all([
    page.context().waitForEvent("page"),
    page.getByRole("link", { name: "Sign in in a new tab" }).click(),
  ]);
  await expect(signIn).toHaveURL(/\/login\?next=\/admin\/customers\//);
  const { sign_in_url: link } = await portal.command("admin", "reset", "admin@example.com", "--yes");
  await signInAsAdmin(browser, page, { adminLink: link });
  await page.getByRole("button", { name: "Send again" }).click();
  await expect(page).toHaveURL(new RegExp(`/admin/customers/${customer.id}$`));
  await expect(page.getByText("Two lines & more.")).toBeVisible();
});

for (const colorScheme of ["light", "dark"]) {
  test(`axe on the pages of the admin portal, ${colorScheme}`, async ({ browser, page, portal, javaScriptEnabled }, info) => {
    test.skip(javaScriptEnabled === false, "axe is a script");
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const customer = await portal.command("customer", "show", "ada@example.com");
    const [license] = customer.licenses;
    const machine = license.machines[0].id;
    await signInAsAdmin(browser, page, portal);
    const pages = {
      overview: "/admin",
      search: "/admin/search?q=ada",
      customers: "/admin/customers",
      customer: `/admin/customers/${customer.id}`,
      "customer-timeline": `/admin/customers/${customer.id}?tab=timeline`,
      licenses: "/admin/licenses",
      "no-licenses": "/admin/licenses?q=nothing-at-all",
      license: `/admin/licenses/${license.id}`,
      inspect: `/admin/licenses/${license.id}?tab=inspect`,
      suspend: `/admin/licenses/${license.id}/suspend`,
      change: `/admin/licenses/${license.id}/change`,
      explain: `/admin/licenses/${license.id}/explain`,
      machines: "/admin/machines",
      machine: `/admin/machines/${machine}`,
      free: `/admin/machines/${machine}/free`,
      activations: "/admin/activations",
      orders: "/admin/orders",
      events: "/admin/events",
      mails: "/admin/mails",
      catalog: "/admin/catalog",
      audit: "/admin/audit",
      issue: "/admin/new/licenses",
      export: "/admin/export/licenses",
      diagnostics: "/admin/diagnostics",
      shortcuts: "/admin/shortcuts",
    };
    for (const [name, path] of Object.entries(pages)) {
      await page.setViewportSize({ width: 1280, height: 900 });
      const answer = await page.goto(portal.origin + path);
      expect(answer.status(), path).toBe(200);
      await page.waitForLoadState("networkidle");
      const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
      const found = violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(" ")}`);
      expect.soft(found, name).toEqual([]);
      await page.screenshot({ path: info.outputPath(`${name}.png`), fullPage: true });
      await page.setViewportSize({ width: 320, height: 700 });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect.soft(overflow, `${name} scrolls sideways at 320 px`).toBeLessThanOrEqual(0);
      await page.screenshot({ path: info.outputPath(`${name}-phone.png`), fullPage: true });
    }
  });
}
