// The admin portal, as seen by everyone who may not use it.
import { expect, hydrated, signIn, test } from "../../support/test.js";

test("a customer loads nothing of the admin portal", async ({ page, portal, javaScriptEnabled }) => {
  const loaded = [];
  page.on("request", (request) => loaded.push(request.url()));
  await signIn(page, portal);
  await hydrated(page, javaScriptEnabled);
  for (const name of ["Licenses", "Orders", "Offline", "Account"]) {
    await page.getByRole("navigation", { name: "Portal" }).getByRole("link", { name }).click();
    await expect(page.getByRole("main")).toBeVisible();
  }
  expect(loaded.some((url) => url.includes("/pkg/"))).toBe(true);
  expect(loaded.filter((url) => /admin/i.test(url))).toEqual([]);

  // The script itself contains none of its pages.
  const scripts = loaded.filter((url) => /latchkey(_bg)?\.(js|wasm)$/.test(url));
  expect(scripts.length > 0).toBe(javaScriptEnabled);
  for (const url of new Set(scripts)) {
    const text = Buffer.from(await (await page.request.get(url)).body()).toString("latin1");
    expect(/\/admin|Command palette/.exec(text), url).toBeNull();
  }
});

test("for a customer and a stranger the admin portal does not exist", async ({ page, portal }) => {
  const read = async (path) => {
    const answer = await page.goto(portal.origin + path);
    return { status: answer.status(), body: await answer.text() };
  };
  for (const signedIn of [false, true]) {
    if (signedIn) await signIn(page, portal);
    const nothing = await read("/nothing");
    expect(nothing.status).toBe(404);
    for (const path of ["/admin", "/admin/search", "/admin/anything"]) expect(await read(path), path).toEqual(nothing);
  }
});
