// Most tests run twice: with script and without it.
import { defineConfig } from "@playwright/test";

const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";

export default defineConfig({
  testDir: "tests",
  outputDir: "results",
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  // Nothing waits for a fixed time; these end what would hang, however busy the machine is.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    headless: true,
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: chromium,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "script on", use: { javaScriptEnabled: true } },
    { name: "script off", use: { javaScriptEnabled: false }, testIgnore: ["**/hydrated.spec.js", "**/accessible.spec.js", "**/style-guide.spec.js", "**/vectors.spec.js"] },
  ],
});
