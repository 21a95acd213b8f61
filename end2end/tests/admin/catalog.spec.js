// An admin changes the catalog: enters a change, sees what it would do, and applies it.
import AxeBuilder from "@axe-core/playwright";
import { signInAsAdmin } from "../../support/admin.js";
import { expect, test } from "../../support/test.js";

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

async function isAccessible(page, javaScriptEnabled, name) {
  if (!javaScriptEnabled) return;
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  const found = violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(" ")}`);
  expect(found, name).toEqual([]);
}

test("an admin changes a policy after seeing what the change would do", async ({ browser, page, portal, javaScriptEnabled }, info) => {
  await signInAsAdmin(browser, page, portal);
  await page.goto(`${portal.origin}/admin/catalog`);
  await isAccessible(page, javaScriptEnabled, "catalog");
  await page.getByRole("link", { name: "Lifetime license" }).first().click();
  await expect(page.getByRole("heading", { level: 1, name: "Lifetime license" })).toBeVisible();
  await isAccessible(page, javaScriptEnabled, "policy");
  await page.locator("summary", { hasText: "Actions" }).click();
  await page.getByRole("link", { name: "Edit" }).click();
  await expect(page.getByLabel("Machines", { exact: true })).toHaveValue("2");
  await isAccessible(page, javaScriptEnabled, "form");

  // A mistake stands at its field, and what was entered stays.
  await page.getByLabel("Name", { exact: true }).fill("Lifetime, three machines");
  await page.getByLabel("Machines", { exact: true }).fill("many");
  await page.getByRole("button", { name: "Review change" }).click();
  await expect(page.getByText("Enter a whole number, or leave it empty.")).toBeVisible();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Lifetime, three machines");
  await page.getByLabel("Machines", { exact: true }).fill("3");
  await page.getByLabel("Customers rename machines").uncheck();
  await page.getByRole("button", { name: "Review change" }).click();

  const row = page.getByRole("row", { name: /^Machines/ });
  await expect(row).toContainText("2");
  await expect(row).toContainText("3");
  await expect(page.getByRole("link", { name: /under it$/ })).toBeVisible();
  await isAccessible(page, javaScriptEnabled, "plan");
  await page.screenshot({ path: info.outputPath("plan.png"), fullPage: true });

  await page.getByRole("button", { name: "Keep editing" }).click();
  await expect(page.getByLabel("Machines", { exact: true })).toHaveValue("3");
  await expect(page.getByLabel("Customers rename machines")).not.toBeChecked();
  await page.getByRole("button", { name: "Review change" }).click();
  await page.getByLabel("Reason").selectOption("To correct a mistake");
  await page.getByRole("button", { name: "Apply change" }).click();
  await expect(page.getByText("Policy “Lifetime, three machines” was changed.")).toBeVisible();

  await page.goto(`${portal.origin}/admin/catalog`);
  await expect(page.getByText("Reason: To correct a mistake")).toBeVisible();
  const catalog = await portal.command("catalog", "show");
  expect(catalog.catalog.policies[0].max_machines).toBe(3);
});

test("a change that would break licenses names them", async ({ browser, page, portal }) => {
  await signInAsAdmin(browser, page, portal);
  await page.goto(`${portal.origin}/admin/catalog/policies/chartgpt-lifetime/edit`);
  await page.getByLabel("Machines", { exact: true }).fill("0");
  await page.getByRole("button", { name: "Review change" }).click();
  await expect(page.getByText(/would become invalid/).first()).toBeVisible();
  await expect(page.getByRole("link", { name: /ada@example\.com/ })).toBeVisible();
  await expect(page.getByRole("button", { name: "Apply change" })).toHaveCount(0);
});
