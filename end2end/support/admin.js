// Signs in as the demo's admin, whose second factor is a passkey of a virtual authenticator.
import { expect } from "@playwright/test";

/** Gives the page's browser an authenticator that verifies its user. */
export async function addAuthenticator(page) {
  const client = await page.context().newCDPSession(page);
  await client.send("WebAuthn.enable");
  await client.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

/** Signs the page in. Passkeys need scripts, so that happens in a context of its own, whose cookies the page gets. */
export async function signInAsAdmin(browser, page, portal) {
  const context = await browser.newContext({ javaScriptEnabled: true });
  const other = await context.newPage();
  await addAuthenticator(other);
  await other.goto(portal.adminLink);
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByRole("link", { name: "Create a passkey" }).click();
  await other.getByRole("button", { name: "Create a passkey" }).click();
  await expect(other.getByRole("heading", { name: "Your recovery codes" })).toBeVisible();
  await page.context().addCookies(await context.cookies());
  await context.close();
}
