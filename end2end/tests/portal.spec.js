import { expect, hydrated, nextMail, signIn, test } from "../support/test.js";

test("see the license, show its key, free a computer", async ({ page, portal, javaScriptEnabled }) => {
  const customer = await portal.command("customer", "show", "ada@example.com");
  const license = await portal.command("license", "show", customer.licenses[0].id);
  await signIn(page, portal);
  await expect(page.getByText("1 of 2 computers in use")).toBeVisible();
  await expect(page.getByRole("link", { name: "Office PC", exact: true })).toBeVisible();
  await expect(page.getByText("Windows 11 · Version 1.4.2")).toBeVisible();
  await expect(page.getByText(license.key)).toHaveCount(0);

  await hydrated(page, javaScriptEnabled);
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByText(license.key)).toBeVisible();
  await page.getByRole("button", { name: "Hide" }).click();
  await expect(page.getByText(license.key)).toHaveCount(0);

  await page.goto(`${portal.origin}/portal/licenses/${license.id}`);
  await hydrated(page, javaScriptEnabled);
  await page.getByRole("link", { name: "Free Office PC" }).click();
  await expect(page.getByRole("heading", { name: "Free Office PC?" })).toBeVisible();
  await expect(page.getByText("stops working at its next check")).toBeVisible();
  await page.getByRole("button", { name: "Free this computer" }).click();
  await expect(page).toHaveURL(`${portal.origin}/portal/licenses/${license.id}`);
  await expect(page.getByRole("status").filter({ hasText: "Office PC is free" })).toBeVisible();
  await expect(page.getByText("0 of 2 computers in use")).toBeVisible();

  const after = await portal.command("license", "show", license.id);
  expect(after.machines).toEqual([]);
});

test("freeing a computer twice is not an error", async ({ page, portal, javaScriptEnabled }) => {
  const customer = await portal.command("customer", "show", "ada@example.com");
  const [license] = customer.licenses;
  const path = `${portal.origin}/portal/licenses/${license.id}/machines/${license.machines[0].id}/free`;
  await signIn(page, portal);
  await hydrated(page, javaScriptEnabled);
  await page.goto(path);
  const second = await page.context().newPage();
  await second.goto(path);
  await page.getByRole("button", { name: "Free this computer" }).click();
  await expect(page.getByText("0 of 2 computers in use")).toBeVisible();
  await second.getByRole("button", { name: "Free this computer" }).click();
  await expect(second.getByText("That computer is already free.")).toBeVisible();
  await page.goto(path);
  await expect(page.getByRole("heading", { name: "Already free" })).toBeVisible();
});

test("a newly activated computer is listed with the facts it reported", async ({ page, portal }) => {
  const customer = await portal.command("customer", "show", "ada@example.com");
  const license = await portal.command("license", "show", customer.licenses[0].id);
  const answer = await fetch(`${portal.origin}/v1/machines`, {
    method: "POST",
    headers: { Authorization: `License ${license.key}`, "Content-Type": "application/vnd.api+json" },
    body: JSON.stringify({
      data: {
        type: "machines",
        attributes: { fingerprint: "laptop", name: "Travel laptop", platform: "Windows 10", metadata: { appVersion: "1.5.0" } },
        relationships: { license: { data: { type: "licenses", id: license.id } } },
      },
    }),
  });
  expect(answer.status).toBe(201);
  await signIn(page, portal);
  await expect(page.getByText("2 of 2 computers in use")).toBeVisible();
  await page.goto(`${portal.origin}/portal/licenses/${license.id}`);
  const computers = page.getByRole("table", { name: "Computers that use this license" });
  const row = computers.getByRole("row").filter({ hasText: "Travel laptop" });
  await expect(row).toContainText("Windows 10");
  await expect(row).toContainText("1.5.0");
  await expect(row).toContainText("just now");
});

test("suspended and revoked licenses are labeled", async ({ page, portal }) => {
  const customer = await portal.command("customer", "show", "ada@example.com");
  const { id } = customer.licenses[0];
  await portal.command("license", "suspend", id);
  await signIn(page, portal);
  await expect(page.getByText("Suspended", { exact: true })).toBeVisible();
  await expect(page.getByText("has been suspended since")).toBeVisible();
  await portal.command("license", "revoke", id, "--yes");
  await page.reload();
  await expect(page.getByText("Revoked", { exact: true })).toBeVisible();
  await expect(page.getByText("was revoked on")).toBeVisible();
});

test("the account: name, sessions, one signed out, all signed out", async ({ page, portal, mailbox, browser, javaScriptEnabled }) => {
  await signIn(page, portal);
  await hydrated(page, javaScriptEnabled);
  await page.getByRole("navigation", { name: "Portal" }).getByRole("link", { name: "Account" }).click();
  await page.getByLabel("Name").fill("Augusta Ada King");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByText("Your name was saved.")).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Name")).toHaveValue("Augusta Ada King");

  // A second browser of the same person, signed in by mail.
  const other = await browser.newContext({ javaScriptEnabled });
  const second = await other.newPage();
  await second.goto(`${portal.origin}/login`);
  await second.getByLabel("E-mail address").fill("ada@example.com");
  await second.getByRole("button", { name: "Continue" }).click();
  const mail = await nextMail(mailbox);
  await second.goto(mail.text.match(/http:\S+\/login\/link\/\S+/)[0]);
  await second.getByRole("button", { name: "Sign in" }).click();
  await expect(second).toHaveURL(`${portal.origin}/portal`);
  await page.reload();
  await expect(page.getByText("This browser")).toBeVisible();
  await page.getByRole("button", { name: /^Sign out Chrome on/ }).click();
  await expect(page.getByText("That browser is signed out.")).toBeVisible();
  await second.goto(`${portal.origin}/portal`);
  await expect(second).toHaveURL(`${portal.origin}/login`);
  await other.close();

  await expect(page.getByRole("button", { name: "Sign out everywhere" })).toBeHidden();
  await page.getByText("Sign out everywhere…").click();
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(page.getByRole("heading", { name: "You are signed out" })).toBeVisible();
  await page.goto(`${portal.origin}/portal`);
  await expect(page).toHaveURL(`${portal.origin}/login`);
});

test("the list links to a license; another customer's license is not found", async ({ page, portal, javaScriptEnabled }) => {
  const foreign = await portal.command("license", "issue", "--email", "eve@example.com", "--policy", "chartgpt-lifetime");
  await signIn(page, portal);
  await hydrated(page, javaScriptEnabled);
  await page.getByRole("link", { name: "Licenses", exact: true }).click();
  // The wordmark in the header has the same name and appears before the table.
  await page.getByRole("table", { name: "Your licenses" }).getByRole("link", { name: "ChartGPT", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Computers", exact: true })).toBeVisible();
  for (const id of [foreign.id, "0190f3c2-0000-7000-8000-000000000000", "x"]) {
    await page.goto(`${portal.origin}/portal/licenses/${id}`);
    await expect(page.getByRole("heading", { name: "Not found" })).toBeVisible();
  }
});

test("on paper, times are exact, forms are left out, and nothing is beyond the sheet", async ({ page, portal }) => {
  await signIn(page, portal);
  const customer = await portal.command("customer", "show", "ada@example.com");
  const [license] = customer.licenses;
  const path = `/portal/licenses/${license.id}`;
  await page.emulateMedia({ media: "print" });
  // A4 within its margins.
  await page.setViewportSize({ width: 658, height: 986 });
  for (const shown of [path, `${path}/machines/${license.machines[0].id}`]) {
    await page.goto(portal.origin + shown);
    const time = page.locator("main time").first();
    const exact = await time.getAttribute("title");
    expect(exact).toMatch(/\d{4}, \d\d:\d\d UTC$/);
    expect(await time.evaluate((element) => getComputedStyle(element, "::after").content)).toBe(`"${exact}"`);
    await expect(page.locator("form:visible")).toHaveCount(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  }
});

test("an account without a license says what to do", async ({ page, portal, mailbox }) => {
  await portal.command("customer", "add", "grace@example.com");
  await page.goto(`${portal.origin}/login`);
  await page.getByLabel("E-mail address").fill("grace@example.com");
  await page.getByRole("button", { name: "Continue" }).click();
  const mail = await nextMail(mailbox);
  await page.goto(mail.text.match(/http:\S+\/login\/link\/\S+/)[0]);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "No licenses yet" })).toBeVisible();
});

test("the browser remembers the chosen theme", async ({ page, portal }) => {
  await page.goto(`${portal.origin}/login`);
  await page.getByRole("button", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "System" }).click();
  await expect(page.locator("html")).not.toHaveAttribute("data-theme");
});

test("without keys of Stripe, the start page says that sales open soon", async ({ page, portal }) => {
  await page.goto(portal.origin);
  await expect(page.getByText("$149.00")).toBeVisible();
  await expect(page.getByText("Sales open soon.")).toBeVisible();
  await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);
});
