import { writeFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nextMail, signIn } from "../../support/test.js";
import { checkOut, expect, pay, test } from "../../support/shop.js";

const keyIn = async (page) => (await page.locator("code.key-shown").first().textContent()).trim();

test("buy: from the button to the key, the order, the receipt, and the refund", async ({ page, portal, stripe, mailbox }) => {
  await page.goto(portal.origin);
  await expect(page.getByText("$149.00")).toBeVisible();
  await page.getByLabel("Licenses").fill("2");
  await page.getByRole("button", { name: "Buy ChartGPT, Lifetime license" }).click();
  await expect(page).toHaveURL(new RegExp(`^${stripe.url}/`));
  await pay(page);
  await expect(page.getByRole("heading", { name: "Your licenses are ready" })).toBeVisible();
  await expect(page.locator("code.key-shown")).toHaveCount(2);
  const key = await keyIn(page);

  const mail = await nextMail(mailbox);
  expect(mail.to.text).toBe("grace@example.com");
  expect(mail.text).toContain(key);

  await page.getByRole("link", { name: "Print the receipt" }).click();
  await page.getByLabel("E-mail address").fill("grace@example.com");
  await page.getByRole("button", { name: "Continue" }).click();
  const code = (await nextMail(mailbox, 2)).text.match(/\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/)[0];
  await page.getByLabel("Code").fill(code);
  await page.getByRole("button", { name: "Sign in" }).click();
  const receipt = page.getByRole("article", { name: /^Receipt of order/ });
  await expect(receipt).toContainText("Grace Hopper");
  await expect(receipt).toContainText("$298.00");

  await page.getByRole("navigation", { name: "Portal" }).getByRole("link", { name: "Orders" }).click();
  const orders = page.getByRole("table", { name: "Your orders" });
  await expect(orders.getByRole("row").nth(1)).toContainText("Paid");
  await orders.getByRole("link").click();
  await expect(page.getByRole("table", { name: "Licenses of this order" }).getByText("Active")).toHaveCount(2);
  const order = page.url();
  await page.getByRole("link", { name: "Receipt at Stripe" }).click();
  await expect(page).toHaveURL(new RegExp(`^${stripe.url}/receipts/`));
  await page.goto(order);
  await page.getByRole("button", { name: "Payment details at Stripe" }).click();
  await expect(page).toHaveURL(new RegExp(`^${stripe.url}/p/session/`));

  const [payment] = await stripe.list("payment_intents");
  await stripe.control("refund", { payment: payment.id });
  const statuses = async () => (await portal.command("customer", "show", "grace@example.com")).licenses.map((license) => license.status);
  await expect.poll(statuses).toEqual(["REVOKED", "REVOKED"]);
  await page.goto(order);
  await expect(page.getByText("Refunded", { exact: true }).first()).toBeVisible();
  await page.getByRole("table", { name: "Licenses of this order" }).getByRole("link").first().click();
  await expect(page.getByText(/was revoked on .* because order .* was refunded/)).toBeVisible();
});

test("a buyer who returns before the payment is confirmed sees the key without doing anything", async ({ page, portal, stripe }) => {
  await checkOut(page, portal, stripe);
  const [session] = await stripe.list("checkout/sessions");
  const waiting = await page.context().newPage();
  await waiting.goto(session.success_url);
  await expect(waiting.getByRole("heading", { name: "Waiting for Stripe" })).toBeVisible();
  await pay(page);
  await expect(waiting.getByRole("heading", { name: "Your license is ready" })).toBeVisible();
  await expect(waiting.locator("code.key-shown")).toHaveCount(1);
});

test("a declined card charges nothing, and another one pays", async ({ page, portal, stripe }) => {
  await checkOut(page, portal, stripe);
  await pay(page, "decline");
  await expect(page).toHaveURL(new RegExp(`^${stripe.url}/`));
  await pay(page);
  await expect(page.getByRole("heading", { name: "Your license is ready" })).toBeVisible();
});

test("a delayed payment says so, and the license comes when it arrives", async ({ page, portal, stripe, mailbox }) => {
  await checkOut(page, portal, stripe);
  await pay(page, "bank_debit");
  await expect(page.getByRole("heading", { name: "Your payment is on its way" })).toBeVisible();
  await expect(page.locator("code.key-shown")).toHaveCount(0);
  const pending = await nextMail(mailbox);
  const [payment] = await stripe.list("payment_intents");
  await stripe.control("settle", { payment: payment.id });
  const mail = await nextMail(mailbox, 2);
  expect(pending.text).not.toContain("CGPT-");
  await page.reload();
  expect(mail.text).toContain(await keyIn(page));
});

test("a failed delayed payment leads back to the offer", async ({ page, portal, stripe, mailbox }) => {
  await checkOut(page, portal, stripe, 3);
  await pay(page, "bank_debit");
  await nextMail(mailbox);
  const [payment] = await stripe.list("payment_intents");
  await stripe.control("fail_payment", { payment: payment.id });
  await nextMail(mailbox, 2);
  await page.reload();
  await expect(page.getByRole("heading", { name: "The payment failed" })).toBeVisible();
  await page.getByRole("link", { name: "Try again" }).click();
  await expect(page.getByLabel("Licenses")).toHaveValue("3");
});

test("a canceled checkout charges nothing and keeps the quantity", async ({ page, portal, stripe }) => {
  await checkOut(page, portal, stripe, 3);
  await page.locator("button[value=cancel]").click();
  await expect(page.getByText("Nothing was charged")).toBeVisible();
  await page.getByRole("link", { name: "Back to the offer" }).click();
  await expect(page.getByLabel("Licenses")).toHaveValue("3");
  await expect(page.getByText("Total for 3 licenses: $447.00")).toBeVisible();
});

test("a double click buys once", async ({ page, portal, stripe }) => {
  await page.goto(`${portal.origin}/checkout/new/chartgpt-lifetime`);
  await page.getByRole("button", { name: "Continue to payment" }).dblclick();
  await expect(page).toHaveURL(new RegExp(`^${stripe.url}/`));
  await pay(page);
  await expect(page.getByRole("heading", { name: "Your license is ready" })).toBeVisible();
  const { licenses } = await portal.command("customer", "show", "grace@example.com");
  expect(licenses.length).toBe(1);
});

test("an order is not shown in another browser", async ({ page, portal, stripe, browser, javaScriptEnabled }) => {
  await checkOut(page, portal, stripe);
  await pay(page);
  await expect(page.getByRole("heading", { name: "Your license is ready" })).toBeVisible();
  const stranger = await browser.newContext({ javaScriptEnabled });
  const other = await stranger.newPage();
  const answer = await other.goto(page.url());
  expect(answer.status()).toBe(404);
  await expect(other.getByRole("heading", { name: "Sign in to see this order" })).toBeVisible();
  await expect(other.getByText("grace@example.com")).toHaveCount(0);
  await stranger.close();
});

test("a license is upgraded in the portal and keeps its key and its computers", async ({ page, portal, stripe }) => {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-catalog-"));
  const demo = await readFile(new URL("../../../content/demo/catalog.toml", import.meta.url), "utf8");
  const team = await readFile(new URL("../../../crates/testkit/data/catalog.toml", import.meta.url), "utf8");
  await writeFile(join(folder, "catalog.toml"), demo + team);
  await portal.command("catalog", "apply", join(folder, "catalog.toml"), "--yes");
  await rm(folder, { recursive: true });
  await portal.command("stripe", "provision", "--yes");
  const before = (await portal.command("customer", "show", "ada@example.com")).licenses[0];

  await signIn(page, portal);
  await page.goto(`${portal.origin}/portal/licenses/${before.id}`);
  await page.getByRole("button", { name: "Upgrade to Team license" }).click();
  await expect(page).toHaveURL(new RegExp(`^${stripe.url}/`));
  await page.locator("#name").fill("Ada Lovelace");
  await page.locator("button[value=card]").click();
  await expect(page.getByRole("heading", { name: "Your license is upgraded" })).toBeVisible();
  await page.getByRole("link", { name: "See the license and its computers" }).click();
  await expect(page.getByText("1 of 5 computers in use")).toBeVisible();
  await expect(page.getByText("Office PC", { exact: true })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Upgrades" })).toHaveCount(0);
  const after = await portal.command("license", "show", before.id);
  expect(after.policy).toBe("chartgpt-team");
});
