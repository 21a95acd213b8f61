// Runs the real binary with a demo database in a temporary folder.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const binary = process.env.LATCHKEY_BINARY ?? new URL("../../target/debug/latchkey", import.meta.url).pathname;

/** Starts a portal with further settings; tries again if something else took its port first. */
export async function startPortal(smtpUrl, settings = {}, tries = 3) {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-end2end-"));
  const port = await freePort();
  // The name that links in mails have, and for which browsers create passkeys.
  const origin = `http://localhost:${port}`;
  const env = {
    PATH: process.env.PATH,
    LATCHKEY__DATA_DIR: join(folder, "data"),
    LATCHKEY__SERVER__LISTEN: `127.0.0.1:${port}`,
    LATCHKEY__MAIL__SMTP_URL: smtpUrl,
    LATCHKEY__MAIL__FROM: "Latchkey <licenses@example.com>",
    LATCHKEY__LOG__LEVEL: "warn",
    ...settings,
  };
  const server = spawn(binary, ["serve", "--demo"], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  server.stdout.on("data", (text) => (output += text));
  const ended = new Promise((resolve) => server.once("exit", resolve));
  try {
    await until(() => output.includes("Each link signs in once"), ended);
  } catch (error) {
    const endedByItself = server.exitCode !== null;
    server.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true });
    if (tries > 1 && endedByItself) return startPortal(smtpUrl, settings, tries - 1);
    throw error;
  }
  const links = output.match(/http:\S+\/login\/host\/\S+/g);
  return {
    origin,
    customerLink: links[0],
    adminLink: links[1],
    /** Runs a command of the same binary on the same data, and reads its JSON. */
    async command(...words) {
      const { stdout } = await promisify(execFile)(binary, [...words, "--json"], { cwd: folder, env });
      return JSON.parse(stdout);
    },
    async stop() {
      // The server itself cuts off what takes too long.
      server.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function until(isDone, ended) {
  let over = false;
  ended.then(() => (over = true));
  // Somewhat before the test's own deadline, so that a server that never serves is ended and named.
  const deadline = Date.now() + 240_000;
  while (!isDone()) {
    if (over) throw new Error("the server ended before it served");
    if (Date.now() > deadline) throw new Error("the server does not serve");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
