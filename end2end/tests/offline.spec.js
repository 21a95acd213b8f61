// Computers without internet, and replacing a license key.
import { readFile, writeFile } from "node:fs/promises";
import { verify } from "../../content/docs/verify/verify.mjs";
import { airGapRequest } from "../support/air-gap.js";
import { expect, signIn, test } from "../support/test.js";

async function license(portal) {
  const customer = await portal.command("customer", "show", "ada@example.com");
  return portal.command("license", "show", customer.licenses[0].id);
}

async function isGood(portal, download, key, fingerprint) {
  const { hex } = await portal.command("keys", "public");
  const { product_ids: ids } = await portal.command("catalog", "show");
  const text = await readFile(await download.path(), "utf8");
  return verify("machine-file", text, [hex], key, fingerprint, ids.chartgpt, new Date());
}

test("a computer without internet is activated with a request and a file", async ({ page, portal }, info) => {
  const { id, key } = await license(portal);
  const request = airGapRequest("activate", key, { f: "lab-pc", n: "Lab PC", p: "Windows 11" });
  await signIn(page, portal);
  await page.goto(`${portal.origin}/portal/offline`);
  await page.getByLabel("Text of the request").fill("nonsense");
  await page.getByRole("button", { name: "Read request" }).click();
  await expect(page.locator("#request:invalid")).toHaveValue("nonsense");
  await page.goto(`${portal.origin}/portal/offline?request=nonsense`);
  await expect(page.getByRole("alert")).toContainText("not a request from the app");

  const file = info.outputPath("request.txt");
  await writeFile(file, `${request.slice(0, 50)}\r\n${request.slice(50)}\r\n`);
  await page.getByLabel("Or the file that the app saved").setInputFiles(file);
  await page.getByRole("button", { name: "Upload request" }).click();
  await expect(page.getByRole("heading", { name: "Activate Lab PC?" })).toBeVisible();
  await expect(page.getByText("1 of 2 computers in use")).toBeVisible();
  await page.getByRole("button", { name: "Activate this computer" }).click();

  await expect(page.getByRole("status").filter({ hasText: "The computer was activated" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Lab PC", exact: true })).toBeVisible();
  await page.getByLabel("The file is valid for").selectOption("7 days");
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download license file" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^[0-9a-f-]{36}\.lic$/);
  const dataset = await isGood(portal, download, key, "lab-pc");
  expect(dataset.meta.ttl).toBe(7 * 24 * 60 * 60);
  await expect(isGood(portal, download, key, "another-pc")).rejects.toThrow();

  await page.goto(`${portal.origin}/portal/offline?request=${airGapRequest("deactivate", key, { f: "lab-pc" })}`);
  await page.getByRole("button", { name: "Deactivate this computer" }).click();
  await expect(page).toHaveURL(`${portal.origin}/portal/licenses/${id}`);
  await expect(page.getByText("Lab PC was deactivated")).toBeVisible();
  await expect(page.getByText("6 of 6 left this month")).toBeVisible();
});

test("a computer is renamed", async ({ page, portal }) => {
  const { id, machines } = await license(portal);
  await signIn(page, portal);
  await page.goto(`${portal.origin}/portal/licenses/${id}`);
  await page.getByRole("link", { name: "Office PC", exact: true }).click();
  await expect(page).toHaveURL(`${portal.origin}/portal/licenses/${id}/machines/${machines[0].id}`);
  await page.getByLabel("Name").fill("Trading desk");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByText("The computer was renamed to Trading desk.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Trading desk" })).toBeVisible();
  await page.goto(`${portal.origin}/portal/licenses/${id}`);
  await expect(page.getByText("Office PC renamed to Trading desk")).toBeVisible();
});

test("a key is replaced after its consequences are shown", async ({ page, portal }) => {
  const { id, key } = await license(portal);
  await signIn(page, portal);
  await page.goto(`${portal.origin}/portal/licenses/${id}`);
  await page.getByRole("link", { name: "Replace this key" }).click();
  await expect(page.getByText("stops working immediately")).toBeVisible();
  await expect(page.getByText("Office PC stays activated, but the app there asks for the new key.")).toBeVisible();
  await page.getByRole("button", { name: "Replace the key" }).click();
  await expect(page.getByText("This license has a new key.")).toBeVisible();
  const after = await license(portal);
  expect(after.key).not.toBe(key);
  expect(after.machines).toHaveLength(1);
  const answer = await fetch(`${portal.origin}/v1/me`, { headers: { Authorization: `License ${key}` } });
  expect(answer.status).toBe(401);
});
