// Downloads in a browser, and the updater of Electron, unmodified, which reads the server's feed and downloads what the license may
// have.
import AxeBuilder from "@axe-core/playwright";
import { createRequire } from "node:module";
import http from "node:http";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPortal } from "../support/portal.js";
import { expect, signIn, test as base } from "../support/test.js";

const require = createRequire(import.meta.url);

const OLD = "the first installer";
const NEW = "the second installer, which is longer";

/** A portal with two releases, which the command adds. */
const test = base.extend({
  portal: async ({ mailbox, clock }, use) => {
    const folder = await mkdtemp(join(tmpdir(), "latchkey-releases-"));
    const content = join(folder, "content");
    await mkdir(content);
    const builder = await startPortal(mailbox.url);
    const key = join(folder, "release.key");
    await builder.command("release", "key", key);
    for (const [version, name, text, ...more] of [
      ["1.0.0", "acme-1.0.0.AppImage", OLD, "--date", "2026-01-01"],
      ["1.1.0", "acme-1.1.0.AppImage", NEW, "--date", "2026-02-01"],
      ["1.1.0", "Acme_1.1.0_x64-setup.exe", "for Windows", "--arch", "x64"],
      ["1.2.0-beta.1", "acme-1.2.0-beta.1.AppImage", "for testers", "--date", "2026-03-01"],
    ]) {
      await writeFile(join(folder, name), text);
      await builder.command("release", "add", join(folder, name), "--content", content, "--key", key, "--version", version, ...more);
    }
    await builder.stop();
    const portal = await startPortal(mailbox.url, { LATCHKEY_CLOCK_AHEAD_FILE: clock.file, LATCHKEY__CONTENT__FOLDER: content });
    await use(Object.assign(portal, { content }));
    await portal.stop();
    await rm(folder, { recursive: true, force: true });
  },
});

test("a customer downloads a build", async ({ page, portal }) => {
  await signIn(page, portal);
  await page.getByRole("link", { name: /^Download / }).first().click();
  await expect(page.getByRole("heading", { name: "Downloads", exact: true })).toBeVisible();
  await expect(page.getByRole("heading", { level: 2 })).toHaveText(["Version 1.2.0-beta.1 beta", "Version 1.1.0", "Version 1.0.0"]);
  const started = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download version 1.1.0 for Linux" }).click();
  const download = await started;
  expect(download.suggestedFilename()).toBe("acme-1.1.0.AppImage");
  expect(await readFile(await download.path(), "utf8")).toBe(NEW);
  await expect(page).toHaveURL(/\/downloads$/);
});

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing on the downloads, ${colorScheme}`, async ({ page, portal, javaScriptEnabled }, info) => {
    test.skip(!javaScriptEnabled, "axe needs scripts");
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await signIn(page, portal);
    const customer = await portal.command("customer", "show", "ada@example.com");
    const license = `/portal/licenses/${customer.licenses[0].id}`;
    for (const [name, path] of Object.entries({ license, downloads: `${license}/downloads` })) {
      await page.goto(portal.origin + path);
      await expect(page.getByRole("button", { name: "Copy checksum" }).first()).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
      expect(violations.map((found) => `${found.id}: ${found.nodes.map((node) => node.html).join(" ")}`), name).toEqual([]);
      for (const [width, size] of [[1280, "wide"], [390, "phone"], [320, "small"]]) {
        await page.setViewportSize({ width, height: 900 });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(overflow, `${name} scrolls sideways at ${width} px`).toBeLessThanOrEqual(0);
        await page.screenshot({ path: info.outputPath(`${name}-${colorScheme}-${size}.png`), fullPage: true });
      }
      await page.setViewportSize({ width: 1280, height: 900 });
    }
  });
}

/** The updater in an app of version 1.0.0, with a license key or without. It needs Electron only to send requests. */
async function electron(portal, key, channel) {
  const { ElectronHttpExecutor } = require("electron-updater/out/electronHttpExecutor.js");
  const { AppImageUpdater } = require("electron-updater/out/AppImageUpdater.js");
  class Requests extends ElectronHttpExecutor {
    createRequest(options, callback) {
      return http.request(options, callback);
    }
  }
  const folder = await mkdtemp(join(tmpdir(), "latchkey-electron-"));
  const app = {
    version: "1.0.0",
    name: "acme",
    isPackaged: true,
    appUpdateConfigPath: join(folder, "app-update.yml"),
    userDataPath: folder,
    baseCachePath: folder,
    whenReady: () => Promise.resolve(),
    onQuit: () => {},
    quit: () => {},
  };
  await writeFile(app.appUpdateConfigPath, "provider: generic\nupdaterCacheDirName: acme\n");
  process.env.APPIMAGE = join(folder, "acme.AppImage");
  await writeFile(process.env.APPIMAGE, OLD);
  const options = { provider: "generic", url: `${portal.origin}/v1/updates/electron`, ...(channel && { channel }) };
  const updater = new AppImageUpdater(null, app);
  updater.httpExecutor = new Requests();
  updater.setFeedURL(options);
  updater.logger = null;
  updater.autoDownload = false;
  updater.disableDifferentialDownload = true;
  // The files are for all processors, but each has a feed of its own.
  process.env.TEST_UPDATER_ARCH = "x64";
  if (key) updater.requestHeaders = { Authorization: `License ${key}` };
  return { updater, stop: () => rm(folder, { recursive: true, force: true }) };
}

test("electron-updater updates an app to what its license may have", async ({ portal, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, "it is not about the browser");
  const customer = await portal.command("customer", "show", "ada@example.com");
  const { key } = customer.licenses[0];
  const licensed = await electron(portal, key);
  const found = await licensed.updater.checkForUpdates();
  expect([found.isUpdateAvailable, found.updateInfo.version]).toEqual([true, "1.1.0"]);
  expect(found.updateInfo.files.map((file) => file.url.split("/").pop())).toEqual(["acme-1.1.0.AppImage"]);
  const [file] = await licensed.updater.downloadUpdate();
  expect(await readFile(file, "utf8")).toBe(NEW);
  await licensed.stop();

  const tester = await electron(portal, key, "beta");
  expect((await tester.updater.checkForUpdates()).updateInfo.version).toBe("1.2.0-beta.1");
  await tester.stop();

  const stranger = await electron(portal);
  await expect(stranger.updater.checkForUpdates()).rejects.toThrow("Cannot find channel");
  await stranger.stop();

  // A file that is not the one that is listed is not installed.
  await writeFile(join(portal.content, "builds/acme-1.1.0.AppImage"), NEW.toUpperCase());
  const deceived = await electron(portal, key);
  await deceived.updater.checkForUpdates();
  await expect(deceived.updater.downloadUpdate()).rejects.toThrow("checksum mismatch");
  await deceived.stop();
});
