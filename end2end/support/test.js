// Gives each test its own portal and mailbox, and fails it on errors in the browser.
import { test as base, expect } from "@playwright/test";
import { startClock } from "./clock.js";
import { startMailbox } from "./mailbox.js";
import { startPortal } from "./portal.js";

export const test = base.extend({
  mailbox: async ({}, use) => {
    const mailbox = await startMailbox();
    await use(mailbox);
    await mailbox.stop();
  },
  clock: async ({}, use) => {
    const clock = await startClock();
    await use(clock);
    await clock.stop();
  },
  portal: async ({ mailbox, clock }, use) => {
    const portal = await startPortal(mailbox.url, { LATCHKEY_CLOCK_AHEAD_FILE: clock.file });
    await use(portal);
    await portal.stop();
  },
  page: async ({ page, portal }, use) => {
    const problems = watch(page);
    page.origin = portal.origin;
    await use(page);
    expect(problems, "errors in the browser").toEqual([]);
  },
});

/** Collects what the browser complains about: exceptions, refused resources, policy violations. */
function watch(page) {
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    // Tests check these statuses themselves.
    const isExpected = /status of (401|403|404|422|429)|ERR_INTERNET_DISCONNECTED/.test(message.text());
    if (message.type() === "error" && !isExpected) problems.push(message.text());
  });
  return problems;
}

/** Signs the demo's customer in with the link from the console. */
export async function signIn(page, portal, link = portal.customerLink) {
  await page.goto(link);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${portal.origin}/portal`);
}

/** Opens the account menu and signs out. */
export async function signOut(page) {
  await page.locator(".account-summary").click();
  await page.getByRole("button", { name: "Sign out", exact: true }).first().click();
}

/** Waits until the script has taken over, where there is script. */
export async function hydrated(page, javaScriptEnabled) {
  if (javaScriptEnabled) await expect(page.getByRole("button", { name: "Copy", exact: true }).first()).toBeVisible();
}

/** The next mail. */
export async function nextMail(mailbox, count = 1) {
  await expect.poll(() => mailbox.mails.length).toBeGreaterThanOrEqual(count);
  return mailbox.mails[count - 1];
}

export { expect };
