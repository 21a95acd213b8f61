// What is selected in a list is what was selected, and nothing in its place.
import { signInAsAdmin } from "../../support/admin.js";
import { expect, test } from "../../support/test.js";

test("a row that takes another's place is not selected", async ({ browser, page, portal }) => {
  await portal.command("license", "issue", "--email", "grace@example.com", "--policy", "chartgpt-lifetime", "--no-mail");
  await signInAsAdmin(browser, page, portal);
  await page.goto(`${portal.origin}/admin/licenses`);
  const boxes = page.locator("tbody input[type=checkbox]");
  await expect(boxes).toHaveCount(2);
  await page.waitForLoadState("networkidle");
  const first = await boxes.first().inputValue();
  await boxes.first().check();
  await expect(page.getByRole("group", { name: "With the selected rows" })).toBeVisible();
  await page.getByRole("link", { name: "Issued" }).click();
  await expect(boxes.last()).toHaveValue(first);
  await expect(page.locator("tbody input:checked")).toHaveCount(0);
  await expect(page.getByRole("group", { name: "With the selected rows" })).toBeHidden();
});
