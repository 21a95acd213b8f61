// LC-15: the JavaScript verifiers agree with the published test vectors.
import { readFile } from "node:fs/promises";
import { expect, test } from "@playwright/test";
import { verify as strictly } from "../../content/docs/verify/strict.mjs";
import { verify } from "../../content/docs/verify/verify.mjs";

async function outcomes(verifier) {
  const file = new URL("../../content/docs/verify/vectors.json", import.meta.url);
  const { cases } = JSON.parse(await readFile(file, "utf8"));
  return cases.map((one) => {
    try {
      verifier(one.kind, one.text, one.public_keys, one.license_key, one.fingerprint, one.product, new Date(one.now));
      return { ...one, accepted: true };
    } catch {
      return { ...one, accepted: false };
    }
  });
}

const names = (cases) => cases.map((one) => `${one.kind}: ${one.name}`);

test("lc_15 the strict JavaScript verifier agrees with every case", async () => {
  const cases = await outcomes(strictly);
  expect(cases.length).toBeGreaterThanOrEqual(60);
  expect(names(cases.filter((one) => one.accepted !== one.valid))).toEqual([]);
});

test("lc_15 the short JavaScript verifier differs only in form", async () => {
  const cases = await outcomes(verify);
  expect(names(cases.filter((one) => (one.accepted ? !one.valid && !one.form_only : one.valid)))).toEqual([]);
});
