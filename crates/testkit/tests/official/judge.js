// Drives the Stripe double with Stripe's official package for Node, which is not modified: a purchase from the product
// to the refund, and the webhooks about it. Also checks that the signatures in the test data are the package's own.
//
// Started by `cargo xtask test --only stripe`.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");
const Stripe = require("stripe");

const base = new URL(process.env.STRIPE_URL);
const stripe = new Stripe(process.env.STRIPE_KEY, {
  host: base.hostname,
  port: base.port,
  protocol: "http",
  telemetry: false,
});

/** Runs a control of the double. */
async function control(name, input) {
  const response = await fetch(new URL(`/_double/${name}`, base), { method: "POST", body: JSON.stringify(input) });
  const answer = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  return answer;
}

/** A webhook endpoint that stores what it receives. */
async function receiver() {
  const received = [];
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ body: Buffer.concat(chunks), signature: request.headers["stripe-signature"] });
      response.end();
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { received, server, url: `http://127.0.0.1:${server.address().port}/` };
}

async function buy(order) {
  const product = await stripe.products.create({ name: "Solo" });
  const price = await stripe.prices.create({ product: product.id, unit_amount: 4900, currency: "eur" });
  const session = await stripe.checkout.sessions.create({
    mode: "payment",
    line_items: [{ price: price.id, quantity: 3 }],
    customer_creation: "always",
    client_reference_id: order,
    metadata: { order },
    payment_intent_data: { metadata: { order } },
    invoice_creation: { enabled: true },
    success_url: "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}",
    cancel_url: "https://shop.example/pricing",
    expand: ["line_items"],
  });
  assert.equal(session.line_items.data[0].price.id, price.id);
  assert.ok(session.url.startsWith(base.href));
  await control("pay", { session: session.id, email: "jenny@shop.example", name: "Jenny" });
  return session;
}

async function purchase() {
  const { id } = await buy("order-1");
  const paid = await stripe.checkout.sessions.retrieve(id, { expand: ["payment_intent.latest_charge", "invoice"] });
  assert.equal(paid.status, "complete");
  assert.equal(paid.payment_status, "paid");
  assert.equal(paid.amount_total, 14700);
  assert.equal(paid.invoice.status, "paid");
  assert.equal(paid.payment_intent.metadata.order, "order-1");
  const items = await stripe.checkout.sessions.listLineItems(id).autoPagingToArray({ limit: 100 });
  assert.deepEqual(
    items.map((item) => item.quantity),
    [3],
  );
  const intent = paid.payment_intent.id;
  const partial = await stripe.refunds.create({ payment_intent: intent, amount: 4900 }, { idempotencyKey: "refund-1" });
  const again = await stripe.refunds.create({ payment_intent: intent, amount: 4900 }, { idempotencyKey: "refund-1" });
  assert.equal(partial.id, again.id);
  const charge = await stripe.charges.retrieve(paid.payment_intent.latest_charge.id);
  assert.equal(charge.amount_refunded, 4900);
  await assert.rejects(
    stripe.refunds.create({ payment_intent: intent, amount: 4900 * 3 }),
    Stripe.errors.StripeInvalidRequestError,
  );
}

async function errors() {
  await assert.rejects(stripe.checkout.sessions.retrieve("cs_test_none"), (error) => {
    assert.equal(error.code, "resource_missing");
    assert.equal(error.statusCode, 404);
    assert.ok(error.requestId.startsWith("req_"));
    return true;
  });
  const stranger = new Stripe("sk_test_another", { host: base.hostname, port: base.port, protocol: "http" });
  await assert.rejects(stranger.products.list(), Stripe.errors.StripeAuthenticationError);
  // The package repeats calls that failed at Stripe.
  await control("fail_next", { prefix: "/v1/products", fault: "server_error", count: 1 });
  assert.ok((await stripe.products.list()).data.length > 0);
}

async function events() {
  const types = ["checkout.session.completed", "charge.refunded"];
  const all = await stripe.events.list({ types, limit: 1 }).autoPagingToArray({ limit: 100 });
  assert.deepEqual(
    all.map((event) => event.type),
    ["charge.refunded", "checkout.session.completed"],
  );
  const completed = await stripe.events.retrieve(all[1].id);
  assert.equal(completed.data.object.metadata.order, "order-1");
}

async function webhooks() {
  const { received, server, url } = await receiver();
  const endpoint = await stripe.webhookEndpoints.create({ url, enabled_events: ["checkout.session.completed"] });
  assert.ok(endpoint.secret.startsWith("whsec_"));
  await buy("order-2");
  while (received.length === 0) {
    await sleep(10);
  }
  server.close();
  const [{ body, signature }] = received;
  const event = stripe.webhooks.constructEvent(body, signature, endpoint.secret);
  assert.equal(event.data.object.metadata.order, "order-2");
  assert.throws(
    () => stripe.webhooks.constructEvent(Buffer.concat([body, Buffer.from(" ")]), signature, endpoint.secret),
    Stripe.errors.StripeSignatureVerificationError,
  );
  await stripe.webhookEndpoints.del(endpoint.id);
}

async function subscription() {
  const product = await stripe.products.create({ name: "Team" });
  const price = await stripe.prices.create({
    product: product.id,
    unit_amount: 1000,
    currency: "usd",
    recurring: { interval: "month" },
  });
  const session = await stripe.checkout.sessions.create({
    mode: "subscription",
    line_items: [{ price: price.id, quantity: 1 }],
    subscription_data: { metadata: { order: "order-3" } },
    success_url: "https://shop.example/thanks",
  });
  await control("pay", { session: session.id, email: "jenny@shop.example", name: "Jenny" });
  const { subscription: id, customer } = await stripe.checkout.sessions.retrieve(session.id);
  const canceling = await stripe.subscriptions.update(id, { cancel_at_period_end: true });
  assert.equal(canceling.cancel_at, canceling.items.data[0].current_period_end);
  const invoices = await stripe.invoices.list({ subscription: id });
  assert.equal(invoices.data[0].parent.subscription_details.metadata.order, "order-3");
  const portal = await stripe.billingPortal.sessions.create({ customer, return_url: "https://shop.example/" });
  assert.equal((await fetch(portal.url)).status, 200);
  assert.equal((await stripe.subscriptions.cancel(id)).status, "canceled");
}

/** ST-05: the signatures that our tests send are the package's. `--write` writes them. */
function signatures() {
  const file = path.join(__dirname, "../../data/stripe-signatures.json");
  const data = JSON.parse(fs.readFileSync(file, "utf8"));
  const sign = ({ payload, secret, timestamp }) =>
    stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
  if (process.argv.includes("--write")) {
    data.cases = data.cases.map((one) => ({ ...one, header: sign(one) }));
    fs.writeFileSync(file, `${JSON.stringify(data, null, 2)}\n`);
  }
  for (const one of data.cases) {
    assert.equal(one.header, sign(one));
  }
}

(async () => {
  for (const step of [signatures, purchase, errors, events, webhooks, subscription]) {
    await step();
    console.log(`npm: ${step.name} passed`);
  }
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
