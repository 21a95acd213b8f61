// Measures pages of a release build with Lighthouse and prints one table. `cargo xtask lighthouse` runs it.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "@playwright/test";
import { startPortal } from "./support/portal.js";

// Lighthouse is installed in a folder of its own, because nothing else needs it.
const installed = createRequire(join(process.env.LIGHTHOUSE_FOLDER, "package.json"));
const { default: lighthouse } = await import(pathToFileURL(installed.resolve("lighthouse")));

const ALL = { performance: 100, accessibility: 100, "best-practices": 100, seo: 100 };
// The portal's pages are for people who are signed in, not for search engines.
const SIGNED_IN = { performance: 95, accessibility: 100, "best-practices": 100 };
const PAGES = [
  ["/", ALL],
  ["/pricing", ALL],
  ["/docs/quick-start", ALL],
  ["/portal", SIGNED_IN],
];

const portal = await startPortal("smtp://127.0.0.1:1");
const profile = await mkdtemp(join(tmpdir(), "latchkey-lighthouse-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--remote-debugging-port=0"],
});
let failures = 0;
try {
  const page = await browser.newPage();
  await page.goto(portal.customerLink);
  await page.getByRole("button", { name: /sign in/i }).click();
  await page.waitForURL("**/portal");
  const port = await debuggingPort(profile);
  for (const [path, aims] of PAGES) {
    const options = { port, output: "json", logLevel: "error", onlyCategories: Object.keys(aims) };
    const { lhr } = await lighthouse(portal.origin + path, options);
    const cells = Object.entries(aims).map(([name, aim]) => {
      const score = Math.round(lhr.categories[name].score * 100);
      if (score < aim) failures += 1;
      return `${name} ${score}${score < aim ? ` (aim ${aim})` : ""}`;
    });
    const { audits } = lhr;
    const measured = (name) => audits[name].numericValue ?? NaN;
    const kilobytes = Math.round(measured("total-byte-weight") / 1000);
    const shift = measured("cumulative-layout-shift").toFixed(3);
    const paint = Math.round(measured("largest-contentful-paint"));
    console.log(`${path.padEnd(20)} ${cells.join(", ")}; ${kilobytes} kB, layout shift ${shift}, largest paint ${paint} ms`);
    for (const audit of Object.values(audits)) {
      const isMissed = audit.score !== null && audit.score < 0.9 && !["informative", "notApplicable", "manual"].includes(audit.scoreDisplayMode);
      if (isMissed) console.log(`    ${audit.id}: ${audit.title} ${audit.displayValue ?? ""} ${JSON.stringify(audit.details?.items ?? audit.explanation ?? "").slice(0, 300)}`);
      if (audit.errorMessage !== undefined) console.log(`    ${audit.id}: ${audit.errorMessage}`);
    }
  }
} finally {
  await browser.close();
  await portal.stop();
  await rm(profile, { recursive: true, force: true });
}
if (failures > 0) {
  console.error(`${failures} scores are below their aim`);
  process.exitCode = 1;
}

/** The port that Chromium chose. It writes it into its profile. */
async function debuggingPort(folder) {
  const text = await readFile(join(folder, "DevToolsActivePort"), "utf8");
  return Number(text.split("\n")[0]);
}
