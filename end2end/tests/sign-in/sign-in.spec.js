import { expect, nextMail, signIn, signOut, test } from "../../support/test.js";

async function ask(page, portal, email) {
  await page.goto(`${portal.origin}/login`);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByRole("heading", { name: "Check your e-mail" })).toBeVisible();
}

const linkIn = (mail) => mail.text.match(/http:\S+\/login\/link\/\S+/)[0];
const codeIn = (mail) => mail.text.match(/\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/)[0];

test("the mailed link signs in the browser that requested it", async ({ page, portal, mailbox }) => {
  await ask(page, portal, "ada@example.com");
  const mail = await nextMail(mailbox);
  expect(mail.to.text).toBe("ada@example.com");
  expect(mail.html).toContain(linkIn(mail));
  await page.goto(linkIn(mail));
  await expect(page.getByText("Sign in as ada@example.com in this browser?")).toBeVisible();
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${portal.origin}/portal`);
  await expect(page.getByRole("heading", { name: "Your license" })).toBeVisible();
});

test("the mailed code signs in, in any notation", async ({ page, portal, mailbox }) => {
  await ask(page, portal, "Ada@Example.com");
  const code = codeIn(await nextMail(mailbox));
  await page.getByLabel("Code").fill("0000-0000");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("not valid");
  await page.getByLabel("Code").fill(` ${code.toLowerCase().replace("-", " ")} `);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${portal.origin}/portal`);
});

test("ML-03: the link does nothing in another browser and remains valid", async ({ page, portal, mailbox, browser, javaScriptEnabled }) => {
  await ask(page, portal, "ada@example.com");
  const link = linkIn(await nextMail(mailbox));
  const stranger = await browser.newContext({ javaScriptEnabled });
  const other = await stranger.newPage();
  await other.goto(link);
  await expect(other.getByText("only works in the browser in which it was requested")).toBeVisible();
  // There is no button that could consume the link.
  await expect(other.getByRole("main").getByRole("button")).toHaveCount(0);
  await expect(other.getByRole("main").getByRole("link", { name: "Request a new e-mail" })).toBeVisible();
  await other.goto(`${portal.origin}/portal`);
  await expect(other).toHaveURL(`${portal.origin}/login`);
  await stranger.close();
  await page.goto(link);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${portal.origin}/portal`);
});

test("ML-11: an unknown address gets the same page and no e-mail", async ({ page, portal, mailbox }) => {
  await ask(page, portal, "nobody@example.com");
  await ask(page, portal, "ada@example.com");
  const mail = await nextMail(mailbox);
  expect(mail.to.text).toBe("ada@example.com");
  expect(mailbox.mails).toHaveLength(1);
});

test("an invalid address is reported at its field", async ({ page, portal }) => {
  await page.goto(`${portal.origin}/login`);
  await page.getByLabel("E-mail address").fill("ada@example");
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByRole("alert")).toContainText("not an e-mail address");
});

test("signing in leads back to the requested page", async ({ page, portal, mailbox }) => {
  await page.goto(`${portal.origin}/portal/account`);
  await expect(page).toHaveURL(`${portal.origin}/login?next=/portal/account`);
  await page.getByLabel("E-mail address").fill("ada@example.com");
  await page.getByRole("button", { name: "Continue" }).click();
  const code = codeIn(await nextMail(mailbox));
  await page.getByLabel("Code").fill(code);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${portal.origin}/portal/account`);
});

test("ML-23: after signing out, nothing is visible even with the back button", async ({ page, portal, context }) => {
  await signIn(page, portal);
  await signOut(page);
  await expect(page.getByRole("heading", { name: "You are signed out" })).toBeVisible();
  expect(await context.cookies()).toEqual([]);
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Your license" })).toHaveCount(0);
  await page.goto(`${portal.origin}/portal`);
  await expect(page).toHaveURL(`${portal.origin}/login`);
});

test("a link from the host's console works once", async ({ page, portal, context }) => {
  await signIn(page, portal);
  await context.clearCookies();
  await page.goto(portal.customerLink);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("not valid");
});
