// LC-15: a verifier in another language agrees with every published case.
import { readFile } from "node:fs/promises";
import { expect, test } from "@playwright/test";
import { verify } from "../../content/docs/verify/verify.mjs";

test("lc_15 the published JavaScript verifier agrees with every case", async () => {
  const file = new URL("../../content/docs/verify/vectors.json", import.meta.url);
  const { cases } = JSON.parse(await readFile(file, "utf8"));
  expect(cases.length).toBeGreaterThanOrEqual(60);
  const wrong = [];
  for (const one of cases) {
    let valid = true;
    try {
      await verify(one.kind, one.text, one.public_keys, one.license_key, one.fingerprint, one.product, new Date(one.now));
    } catch {
      valid = false;
    }
    if (valid !== one.valid) wrong.push(`${one.kind}: ${one.name}`);
  }
  expect(wrong).toEqual([]);
});
