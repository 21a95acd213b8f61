// Every component of the admin portal in every state, and its keyboard, on the style guide.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "../support/test.js";

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

async function open(page, portal) {
  await page.goto(`${portal.origin}/styleguide`);
  await expect(page.getByRole("button", { name: "Copy sample id" })).toBeVisible();
}

async function violations(page) {
  // The page shows the same landmarks several times.
  const { violations } = await new AxeBuilder({ page }).withTags(tags).disableRules(["landmark-unique"]).analyze();
  return violations.map((found) => `${found.id}: ${found.nodes.map((node) => node.html).join(" ")}`);
}

async function isWithinWindow(page, width, info, name) {
  await page.setViewportSize({ width, height: 800 });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.screenshot({ path: info.outputPath(`${name}-${width}.png`), fullPage: true });
  expect(overflow, `scrolls sideways at ${width} px`).toBeLessThanOrEqual(0);
}

for (const colorScheme of ["light", "dark"]) {
  test(`components are accessible and fit, ${colorScheme}`, async ({ page, portal }, info) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width: 1280, height: 900 });
    await open(page, portal);
    expect(await violations(page)).toEqual([]);
    for (const width of [1280, 800, 320]) await isWithinWindow(page, width, info, colorScheme);
    expect(await violations(page), "on a phone").toEqual([]);

    await page.setViewportSize({ width: 1280, height: 900 });
    await page.getByRole("button", { name: "Select all on this page" }).first().click();
    await expect(page.getByText("4 rows selected")).toBeVisible();
    for (const summary of await page.locator(".chart-data > summary").all()) await summary.click();
    expect(await violations(page), "with a selection and the charts' numbers").toEqual([]);
    await page.screenshot({ path: info.outputPath(`${colorScheme}-open.png`), fullPage: true });

    await page.keyboard.press("Control+k");
    await expect(page.getByRole("dialog", { name: "Command palette" })).toBeVisible();
    expect(await violations(page), "with the palette").toEqual([]);
    await page.screenshot({ path: info.outputPath(`${colorScheme}-palette.png`) });
  });
}

test("the palette finds pages and objects", async ({ page, portal }) => {
  await open(page, portal);
  const palette = page.getByRole("dialog", { name: "Command palette" });
  await page.getByRole("link", { name: "Find" }).first().click();
  await expect(palette).toBeVisible();
  const field = palette.getByRole("combobox");
  await expect(field).toBeFocused();
  await field.fill("grace");
  await expect(palette.getByRole("option", { name: "Grace Hopper" })).toBeVisible();
  await field.fill("or");
  await expect(palette.getByRole("option", { name: "Orders" })).toHaveAttribute("aria-selected", "true");
  await field.press("Enter");
  await expect(page).toHaveURL(`${portal.origin}/styleguide?Orders`);
  await expect(palette).toBeHidden();

  await page.keyboard.press("Control+k");
  await expect(field).toHaveValue("");
  await field.press("ArrowDown");
  await expect(palette.getByRole("option", { name: "Customers" })).toHaveAttribute("aria-selected", "true");
  await field.press("Escape");
  await expect(palette).toBeHidden();
});

test("keys move through rows, find the search and show the list of keys", async ({ page, portal }) => {
  await open(page, portal);
  const rows = page.locator("main [data-row]");
  await page.keyboard.press("j");
  await expect(rows.nth(0)).toBeFocused();
  await page.keyboard.press("j");
  await expect(rows.nth(1)).toBeFocused();
  await page.keyboard.press("k");
  await expect(rows.nth(0)).toBeFocused();

  await page.keyboard.press("/");
  const search = page.getByRole("searchbox").first();
  await expect(search).toBeFocused();
  // What is typed is text, not a key.
  await search.fill("");
  await search.pressSequentially("j?/");
  await expect(search).toHaveValue("j?/");

  await search.blur();
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(sheet).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(sheet).toBeHidden();
});

test("back returns to the row that was left", async ({ page, portal }) => {
  await open(page, portal);
  const row = page.locator("main [data-row]").nth(2);
  await row.focus();
  await row.press("Enter");
  await expect(page).toHaveURL(`${portal.origin}/styleguide?license=0TWB`);
  await page.goBack();
  await expect(page).toHaveURL(/#row-4-2$/);
  await page.reload();
  await expect(page.locator("main [data-row]").nth(2)).toBeFocused();
});

test("messages can be dismissed, and failures stay", async ({ page, portal }) => {
  await page.clock.install();
  await open(page, portal);
  const messages = page.locator(".toast");
  await expect(messages).toHaveCount(3);
  // While the pointer is on a message, it stays.
  await messages.nth(0).hover();
  await page.clock.runFor(8_500);
  await expect(messages).toHaveCount(2);
  await page.mouse.move(0, 0);
  await page.clock.runFor(8_500);
  await expect(messages).toHaveCount(1);
  await page.getByRole("button", { name: "Dismiss" }).click();
  await expect(messages).toHaveCount(0);
});
