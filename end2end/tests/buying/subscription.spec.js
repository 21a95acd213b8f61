import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkOut, expect, pay, test } from "../../support/shop.js";

const email = "grace@example.com";

/** What the test sells besides the demo's catalog. At its end, the app stops. */
const catalog = `
[[policies]]
code = "chartgpt-quarterly"
product = "chartgpt"
name = "Quarterly license"
expiry_strategy = "RESTRICT_ACCESS"
duration = "92d"
max_machines = 2

[[prices]]
code = "chartgpt-quarterly"
policy = "chartgpt-quarterly"
amount = 4900
currency = "USD"
interval = "month"
interval_count = 3
`;

async function sellSubscription(portal) {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-catalog-"));
  const demo = await readFile(new URL("../../../content/demo/catalog.toml", import.meta.url), "utf8");
  await writeFile(join(folder, "catalog.toml"), demo + catalog);
  await portal.command("catalog", "apply", join(folder, "catalog.toml"), "--yes");
  await rm(folder, { recursive: true });
  await portal.command("stripe", "provision", "--yes");
}

/** Signs in again: after a quarter, every session has ended. */
async function signInAgain(page, portal, mailbox) {
  const before = mailbox.mails.length;
  await page.goto(`${portal.origin}/login`);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page).toHaveURL(/\/login\/code/);
  const isCode = (mail) => mail.text.includes("Or type this code");
  await expect.poll(() => mailbox.mails.slice(before).some(isCode)).toBe(true);
  const code = mailbox.mails.slice(before).find(isCode).text.match(/\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/)[0];
  await page.getByLabel("Code").fill(code);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${portal.origin}/portal`);
}

test("a subscription through a year", async ({ page, portal, stripe, clock, mailbox }, info) => {
  const shot = async (name) => {
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: info.outputPath(`${name}-${colorScheme}.png`), fullPage: true });
    }
    const size = page.viewportSize();
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: info.outputPath(`${name}-390.png`), fullPage: true });
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: "light" });
  };
  const subjects = () => mailbox.mails.map((mail) => mail.subject);
  const sent = (subject) => subjects().filter((one) => one === subject).length;
  const license = async () => (await portal.command("customer", "show", email)).licenses[0];
  /** Lets time pass for the shop and for Stripe, which renews what is due. */
  const pass = async (days) => {
    await clock.advance({ days });
    await stripe.control("release", {});
  };
  const openOrder = async () => {
    await page.getByRole("navigation", { name: "Portal" }).getByRole("link", { name: "Orders" }).click();
    const row = page.getByRole("table", { name: "Your orders" }).getByRole("row").nth(1);
    await row.getByRole("link").click();
    await expect(page.getByRole("heading", { name: "Subscription" })).toBeVisible();
  };
  const paid = () => page.getByRole("listitem").filter({ hasText: "$49.00 paid" });

  await sellSubscription(portal);
  await checkOut(page, portal, stripe, 1, "chartgpt-quarterly");
  await pay(page);
  await expect(page.getByRole("heading", { name: "Your license is ready" })).toBeVisible();
  await shot("1-bought");
  const first = (await license()).expires_at;
  const [subscription] = await stripe.list("subscriptions");

  // The first renewal is paid.
  await pass(92);
  await expect.poll(() => sent("Your ChartGPT license was renewed")).toBe(1);
  await signInAgain(page, portal, mailbox);
  await openOrder();
  await expect(paid()).toHaveCount(2);
  await expect(page.getByText("Active", { exact: true }).first()).toBeVisible();
  await shot("2-renewed");
  const second = (await license()).expires_at;
  expect(Date.parse(second)).toBeGreaterThan(Date.parse(first));

  // The second fails, and the portal says so on its first page.
  await stripe.control("set_renewal", { subscription: subscription.id, renewal: "fail" });
  await pass(91);
  await expect.poll(() => sent("Your ChartGPT license could not be renewed")).toBe(1);
  await signInAgain(page, portal, mailbox);
  await expect(page.getByText("could not be paid")).toBeVisible();
  await shot("3-overdue-overview");
  await openOrder();
  await expect(page.getByText("Payment overdue").first()).toBeVisible();
  await shot("4-overdue-order");
  await page.getByRole("button", { name: "Change the payment details" }).click();
  await expect(page).toHaveURL(new RegExp(`^${stripe.url}/p/session/`));

  // With another card, the next attempt succeeds. Nothing was lost in between.
  await stripe.control("set_renewal", { subscription: subscription.id, renewal: "succeed" });
  await pass(4);
  await expect.poll(() => sent("Your ChartGPT license was renewed")).toBe(2);
  await page.getByRole("link", { name: "Return to the shop" }).click();
  await expect(page.getByText("Payment overdue")).toHaveCount(0);
  await expect(paid()).toHaveCount(3);
  await shot("5-fixed");

  // The third is paid, and then the customer cancels at Stripe.
  await pass(89);
  await expect.poll(() => sent("Your ChartGPT license was renewed")).toBe(3);
  await signInAgain(page, portal, mailbox);
  await openOrder();
  await expect(paid()).toHaveCount(4);
  await page.getByRole("button", { name: "Payment details at Stripe" }).click();
  await page.getByRole("button", { name: "Cancel it" }).click();
  await expect(page.getByText("ends with the period")).toBeVisible();
  await page.getByRole("link", { name: "Return to the shop" }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(/Ends on|ends on/).first()).toBeVisible({ timeout: 2_000 });
  }).toPass();
  await shot("6-canceled");
  expect((await license()).status).not.toBe("EXPIRED");

  // After the last period, the policy's strategy applies: the app stops.
  await pass(95);
  await expect.poll(async () => (await license()).status).toBe("EXPIRED");
  await signInAgain(page, portal, mailbox);
  await openOrder();
  await expect(page.getByText(/^Ended/).first()).toBeVisible();
  await expect(paid()).toHaveCount(4);
  await shot("7-ended");
  await page.getByRole("table", { name: "Licenses of this order" }).getByRole("link").click();
  await expect(page.getByText("Expired").first()).toBeVisible();
  await shot("8-expired-license");
});
