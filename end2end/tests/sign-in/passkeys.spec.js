// Passkeys with Chromium's virtual authenticator. Without script, recovery codes work.
import { addAuthenticator } from "../../support/admin.js";
import { expect, nextMail, signIn, signOut, test } from "../../support/test.js";

/** Signs the demo's admin in with the link from the console, which leads to the second factor. */
async function signInAsAdmin(page, portal) {
  await page.goto(portal.adminLink);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Confirm that it is you" })).toBeVisible();
}

async function signInByMail(page, portal, mailbox, email, count) {
  await page.goto(`${portal.origin}/login`);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByRole("button", { name: "Continue" }).click();
  const mail = await nextMail(mailbox, count);
  await page.goto(mail.text.match(/http:\S+\/login\/link\/\S+/)[0]);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test.describe("with script", () => {
  test.skip(({ javaScriptEnabled }) => javaScriptEnabled === false, "passkeys need scripts");

  test("SU-05: an admin creates a passkey and then signs in with mail and passkey", async ({ page, portal, mailbox }, info) => {
    await addAuthenticator(page);
    await signInAsAdmin(page, portal);
    await page.screenshot({ path: info.outputPath("no-passkey.png"), fullPage: true });
    await page.getByRole("link", { name: "Create a passkey" }).click();
    await page.getByLabel("Name").fill("Work laptop");
    await page.screenshot({ path: info.outputPath("new-passkey.png"), fullPage: true });
    await page.getByRole("button", { name: "Create a passkey" }).click();
    await expect(page.getByRole("heading", { name: "Your recovery codes" })).toBeVisible();
    await expect(page.locator(".codes li")).toHaveCount(10);
    await page.screenshot({ path: info.outputPath("codes.png"), fullPage: true });
    const code = await page.locator(".codes code").first().textContent();
    await page.getByRole("link", { name: "I have stored the codes" }).click();
    await expect(page).toHaveURL(`${portal.origin}/admin`);
    await page.goto(`${portal.origin}/portal`);
    await expect(page.getByRole("link", { name: "Admin", exact: true })).toHaveAttribute("href", "/admin");
    await signOut(page);

    // The first mail says that a passkey was added.
    await signInByMail(page, portal, mailbox, "admin@example.com", 2);
    await expect(page.getByRole("heading", { name: "Confirm that it is you" })).toBeVisible();
    await page.screenshot({ path: info.outputPath("confirm.png"), fullPage: true });
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await expect(page).toHaveURL(`${portal.origin}/admin`);

    await page.goto(`${portal.origin}/portal/account`);
    await expect(page.getByLabel("Name of the passkey")).toHaveValue("Work laptop");
    await page.screenshot({ path: info.outputPath("account.png"), fullPage: true });
    await page.getByRole("button", { name: "Remove Work laptop" }).click();
    await expect(page.getByText("You need at least one passkey")).toBeVisible();
    await signOut(page);

    await signInByMail(page, portal, mailbox, "admin@example.com", 3);
    await page.getByText("Use a recovery code").click();
    await page.getByLabel("Recovery code").fill(code);
    await page.getByRole("button", { name: "Use the code" }).click();
    await expect(page).toHaveURL(`${portal.origin}/admin`);
  });

  test("a customer adds a passkey, renames it and signs in with it", async ({ page, portal }) => {
    await addAuthenticator(page);
    await signIn(page, portal);
    await page.goto(`${portal.origin}/portal/account`);
    await page.getByRole("link", { name: "Add a passkey" }).click();
    await page.getByRole("button", { name: "Create a passkey" }).click();
    await page.getByRole("link", { name: "I have stored the codes" }).click();
    await page.getByLabel("Name of the passkey").fill("Phone");
    await page.getByRole("button", { name: "Rename" }).click();
    await expect(page.getByText("The passkey was renamed.")).toBeVisible();
    await signOut(page);
    await page.goto(`${portal.origin}/login`);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await expect(page).toHaveURL(`${portal.origin}/portal`);
    await page.goto(`${portal.origin}/portal/account`);
    await page.getByRole("button", { name: "Remove Phone" }).click();
    await expect(page.getByText("You have no passkey.")).toBeVisible();
  });

  test("a browser without a passkey says so, and what was typed is kept", async ({ page, portal }) => {
    await addAuthenticator(page);
    await page.goto(`${portal.origin}/login`);
    await page.getByLabel("E-mail address").fill("ada@example.com");
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await expect(page.getByText("No passkey was used.")).toBeVisible();
    await expect(page.getByLabel("E-mail address")).toHaveValue("ada@example.com");
  });
});

test.describe("without script", () => {
  test.skip(({ javaScriptEnabled }) => javaScriptEnabled !== false, "with scripts there are buttons");

  test("the page of the second factor says that passkeys need scripts", async ({ page, portal }) => {
    await signInAsAdmin(page, portal);
    await page.getByRole("link", { name: "Create a passkey" }).click();
    await expect(page.getByText("Passkeys need scripts.")).toBeVisible();
  });
});
