// Gives a test a portal that sells, with a Stripe double.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { startPortal } from "./portal.js";
import { test as base, expect } from "./test.js";

const program = process.env.STRIPE_DOUBLE ?? new URL("../../target/debug/stripe-double", import.meta.url).pathname;

/** The keys that the double accepts, and signs with. */
const key = "sk_test_DoubleDoubleDoubleDoubleDouble";
const secret = "whsec_DoubleDoubleDoubleDoubleDouble";

export const test = base.extend({
  stripe: async ({ clock }, use) => {
    const stripe = await startStripe(clock);
    await use(stripe);
    await stripe.stop();
  },
  portal: async ({ mailbox, clock, stripe }, use) => {
    const portal = await startPortal(mailbox.url, {
      LATCHKEY_CLOCK_AHEAD_FILE: clock.file,
      LATCHKEY__STRIPE__SECRET_KEY: key,
      LATCHKEY__STRIPE__WEBHOOK_SECRETS: secret,
      LATCHKEY__STRIPE__API_URL: stripe.url,
      LATCHKEY__BRAND__DOWNLOAD_URL: "https://example.com/download",
    });
    await stripe.control("add_endpoint", { url: `${portal.origin}/webhooks/stripe`, secret });
    await portal.command("stripe", "provision", "--yes");
    await use(portal);
    await portal.stop();
  },
});

async function startStripe(clock) {
  const double = spawn(program, ["--port", "0", "--clock-ahead-file", clock.file], { stdio: ["pipe", "pipe", "inherit"] });
  const url = await new Promise((resolve, reject) => {
    double.once("exit", () => reject(new Error("the Stripe double ended")));
    createInterface(double.stdout).once("line", resolve);
  });
  return {
    url,
    /** Does what a person or a bank does at Stripe. */
    async control(name, input) {
      const answer = await fetch(`${url}/_double/${name}`, { method: "POST", body: JSON.stringify(input) });
      const body = await answer.json();
      if (!answer.ok) throw new Error(`${name}: ${body.error}`);
      return body;
    },
    /** The newest objects of a kind, as the API lists them. */
    async list(path) {
      const answer = await fetch(`${url}/v1/${path}`, { headers: { Authorization: `Bearer ${key}` } });
      return (await answer.json()).data;
    },
    stop: () => new Promise((resolve) => {
      double.removeAllListeners("exit");
      double.once("exit", resolve);
      double.stdin.end();
    }),
  };
}

/** From an offer to Stripe's page. */
export async function checkOut(page, portal, stripe, quantity = 1, price = "chartgpt-lifetime") {
  await page.goto(`${portal.origin}/checkout/new/${price}?quantity=${quantity}`);
  await page.getByRole("button", { name: "Continue to payment" }).click();
  await expect(page).toHaveURL(new RegExp(`^${stripe.url}/`));
}

/** Fills in Stripe's page and presses one of its buttons. */
export async function pay(page, way = "card", email = "grace@example.com") {
  await page.locator("#email").fill(email);
  await page.locator("#name").fill("Grace Hopper");
  await page.locator(`button[value=${way}]`).click();
}

export { expect };
