// The account: another e-mail address, a file with everything that is kept, and deleting it.
import { readFile } from "node:fs/promises";
import { expect, signIn, test } from "../../support/test.js";

/** The link to a change of the address in the mail to an address. */
async function changeLink(mailbox, to) {
  const find = () => mailbox.mails.find((mail) => mail.to.text === to && /\/login\/email\//.test(mail.text));
  await expect.poll(() => Boolean(find())).toBe(true);
  return find().text.match(/http:\S+\/login\/email\/\S+/)[0];
}

test("an address is changed once both addresses have confirmed it", async ({ page, portal, mailbox, browser }, info) => {
  await signIn(page, portal);
  await page.goto(`${portal.origin}/portal/account`);
  await page.getByRole("link", { name: "Change address" }).click();
  await page.getByLabel("New e-mail address").fill("ada@example.com");
  await page.screenshot({ path: info.outputPath("form.png"), fullPage: true });
  await page.getByRole("button", { name: "Send the mails" }).click();
  await expect(page.getByText("That is the address of your account already.")).toBeVisible();
  await expect(page.getByLabel("New e-mail address")).toHaveValue("ada@example.com");
  await page.getByLabel("New e-mail address").fill("ada@new.example");
  await page.getByRole("button", { name: "Send the mails" }).click();
  await expect(page).toHaveURL(`${portal.origin}/portal/account`);
  await expect(page.getByText("Both addresses get a mail with a link.")).toBeVisible();
  await expect(page.getByText("ada@example.com and ada@new.example")).toBeVisible();
  await page.screenshot({ path: info.outputPath("pending.png"), fullPage: true });

  // The links are opened where the mail is read, which is another browser.
  const context = await browser.newContext({ javaScriptEnabled: info.project.use.javaScriptEnabled });
  const phone = await context.newPage();
  await phone.goto(await changeLink(mailbox, "ada@new.example"));
  await expect(phone.getByText("ada@example.com")).toHaveCount(0);
  await phone.screenshot({ path: info.outputPath("new.png"), fullPage: true });
  await phone.getByRole("button", { name: "Confirm the change" }).click();
  await expect(phone.getByText("as soon as the old address confirms it")).toBeVisible();
  await phone.goto(await changeLink(mailbox, "ada@example.com"));
  await phone.screenshot({ path: info.outputPath("old.png"), fullPage: true });
  await phone.getByRole("button", { name: "Confirm the change" }).click();
  await expect(phone.getByText("Done.")).toBeVisible();
  await phone.screenshot({ path: info.outputPath("done.png"), fullPage: true });
  await context.close();

  await page.reload();
  await expect(page.getByText("ada@new.example").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Cancel the change" })).toHaveCount(0);
  const customer = await portal.command("customer", "show", "ada@new.example");
  expect(customer.licenses).toHaveLength(1);
  await expect.poll(() => mailbox.mails.filter((mail) => mail.subject.includes("was changed")).length).toBe(2);
});

test("a change of the address is canceled in the portal", async ({ page, portal }) => {
  await signIn(page, portal);
  await page.goto(`${portal.origin}/portal/account/email`);
  await page.getByLabel("New e-mail address").fill("ada@new.example");
  await page.getByRole("button", { name: "Send the mails" }).click();
  await page.getByRole("button", { name: "Cancel the change" }).click();
  await expect(page.getByText("was canceled.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Cancel the change" })).toHaveCount(0);
});

test("an account is exported and then deleted", async ({ page, portal, mailbox }, info) => {
  const before = await portal.command("customer", "show", "ada@example.com");
  await signIn(page, portal);
  await page.goto(`${portal.origin}/portal/account`);
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export my data" }).click();
  const data = JSON.parse(await readFile(await (await saving).path(), "utf8"));
  expect(data.account.email).toBe("ada@example.com");
  expect(data.licenses[0].machines[0].name).toBe("Office PC");

  await page.getByRole("link", { name: "Delete my account" }).click();
  await page.getByLabel("to confirm").fill("ada");
  await page.getByRole("button", { name: "Delete my account" }).click();
  await expect(page.getByText("To confirm, type the e-mail address")).toBeVisible();
  await expect(page.getByLabel("to confirm")).toHaveValue("ada");
  await page.screenshot({ path: info.outputPath("delete.png"), fullPage: true });
  await page.getByLabel("to confirm").fill("ada@example.com");
  await page.getByRole("button", { name: "Delete my account" }).click();
  await expect(page.getByRole("heading", { name: "Your account was deleted" })).toBeVisible();
  await page.screenshot({ path: info.outputPath("deleted.png"), fullPage: true });
  await page.goto(`${portal.origin}/portal`);
  await expect(page).toHaveURL(`${portal.origin}/login`);
  await expect.poll(() => mailbox.mails.map((mail) => mail.subject)).toContainEqual(expect.stringContaining("was deleted"));

  // The license works on, for nobody.
  const license = await portal.command("license", "show", before.licenses[0].id);
  expect(license.status).toBe("ACTIVE");
  expect(license.email).toMatch(/^deleted-.*@deleted\.invalid$/);
});
