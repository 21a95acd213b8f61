// On every page, axe finds no violations in either theme, and nothing scrolls sideways on a small phone.
// Screenshots are saved for review.
import AxeBuilder from "@axe-core/playwright";
import { airGapRequest } from "../support/air-gap.js";
import { checkOut, test as shopTest } from "../support/shop.js";
import { expect, hydrated, signIn, test } from "../support/test.js";

/** Pages that are the same for everyone. */
const open = {
  site: ["/pricing", "/faq", "/changelog", "/downloads", "/lost-key", "/legal/terms", "/legal/privacy", "/legal/refunds"],
  docs: ["", "/search?q=offline", "/quick-start", "/activate", "/troubleshooting", "/catalog", "/client", "/install", "/reverse-proxies", "/incidents", "/http", "/verify", "/air-gap", "/instances", "/mails", "/audit-log", "/personal-data", "/protocol"].map((page) => `/docs${page}`),
  "long docs": ["/docs/settings", "/docs/api"],
};

async function pages(portal) {
  const customer = await portal.command("customer", "show", "ada@example.com");
  const [license] = customer.licenses;
  const path = `/portal/licenses/${license.id}`;
  return {
    before: { home: "/", "sign-in": "/login", code: "/login/code", link: "/login/link/x", "signed-out": "/login/signed-out", "email-change": "/login/email/x", "account-deleted": "/login/deleted", missing: "/nothing" },
    after: {
      overview: "/portal",
      licenses: "/portal/licenses",
      license: path,
      free: `${path}/machines/${license.machines[0].id}/free`,
      computer: `${path}/machines/${license.machines[0].id}`,
      downloads: `${path}/downloads`,
      "new-key": `${path}/new-key`,
      offline: "/portal/offline",
      "offline-wrong": "/portal/offline?request=nonsense",
      "offline-question": `/portal/offline?request=${airGapRequest("activate", license.key, { f: "lab-pc", n: "Lab PC", p: "Windows 11" })}`,
      account: "/portal/account",
      "change-email": "/portal/account/email",
      "delete-account": "/portal/account/delete",
      "not-found": "/portal/licenses/x",
    },
  };
}

/** Checks a page as people use it, after hydration. */
async function check(page, name, info) {
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.waitForLoadState("networkidle");
  if (["overview", "license"].includes(name)) await hydrated(page, true);
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
  expect(violations.map((found) => `${found.id}: ${found.nodes.map((node) => node.html).join(" ")}`), name).toEqual([]);
  await page.screenshot({ path: info.outputPath(`${name}.png`), fullPage: true });
  await page.setViewportSize({ width: 320, height: 700 });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow, `${name} scrolls sideways at 320 px`).toBeLessThanOrEqual(0);
  await page.screenshot({ path: info.outputPath(`${name}-phone.png`), fullPage: true });
}

for (const colorScheme of ["light", "dark"]) {
  test(`axe, ${colorScheme}`, async ({ page, portal }, info) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { before, after } = await pages(portal);
    for (const [name, path] of [...Object.entries(before), ["", ""], ...Object.entries(after)]) {
      if (name === "") {
        await signIn(page, portal);
        continue;
      }
      await page.goto(portal.origin + path);
      await check(page, name, info);
    }
  });

  for (const [part, paths] of Object.entries(open)) {
    test(`axe on the ${part}, ${colorScheme}`, async ({ page, portal }, info) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const path of paths) {
        await page.goto(portal.origin + path);
        await check(page, path.replaceAll(/\W+/g, "-").slice(1), info);
      }
    });
  }

  shopTest(`axe on the pages of a shop, ${colorScheme}`, async ({ page, portal, stripe }, info) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const missing = "/checkout/0190f3c2-0000-7000-8000-000000000000/placed";
    const offers = { shop: "/", offer: "/checkout/new/chartgpt-lifetime", "no-offer": "/checkout/new/nothing", "not-shown": missing };
    for (const [name, path] of Object.entries(offers)) {
      await page.goto(portal.origin + path);
      await check(page, name, info);
    }
    await signIn(page, portal);
    await page.goto(`${portal.origin}/portal/orders`);
    await check(page, "no-orders", info);
    await checkOut(page, portal, stripe, 2);
    await page.locator("#name").fill("Grace Hopper");
    const [session] = await stripe.list("checkout/sessions");
    const waiting = await page.context().newPage();
    await waiting.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await waiting.goto(session.cancel_url);
    await check(waiting, "canceled", info);
    await page.locator("button[value=card]").click();
    await expect(page.getByRole("heading", { name: "Your licenses are ready" })).toBeVisible();
    await check(page, "placed", info);
    const order = `/portal/orders/${page.url().split("/")[4]}`;
    for (const [name, path] of Object.entries({ orders: "/portal/orders", order, receipt: `${order}/receipt` })) {
      await page.goto(portal.origin + path);
      await check(page, name, info);
    }
  });
}
