// Behavior that requires script.
import { expect, hydrated, signIn, test } from "../support/test.js";

test("navigation does not reload the document", async ({ page, portal }) => {
  await signIn(page, portal);
  await hydrated(page, true);
  await page.evaluate(() => (window.sameDocument = true));
  const tabs = page.getByRole("navigation", { name: "Portal" });
  await tabs.getByRole("link", { name: "Account" }).click();
  await expect(page.getByRole("heading", { name: "Signed-in browsers" })).toBeVisible();
  await expect(tabs.getByRole("link", { name: "Account" })).toHaveAttribute("aria-current", "page");
  await tabs.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByText("1 of 2 computers in use")).toBeVisible();
  expect(await page.evaluate(() => window.sameDocument)).toBe(true);
  await expect(page).toHaveTitle("Overview · ChartGPT");
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
  await page.getByRole("navigation", { name: "Portal" }).getByRole("link", { name: "Account" }).click();
  await expect(page.getByRole("alert")).toContainText("You are signed out");
  await page.getByRole("link", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${portal.origin}/login?next=/portal/account`);
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
