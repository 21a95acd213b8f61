#!/usr/bin/env node
// Runs a verifier on a file of test vectors: node run_vectors.mjs vectors.json [verify.mjs | strict.mjs]
import { readFileSync } from 'node:fs';

const [, , vectors, program = 'verify.mjs'] = process.argv;
const { verify } = await import(`./${program}`);
const isStrict = program === 'strict.mjs';

function outcome({ kind, text, public_keys, license_key, fingerprint, product, now }) {
  try {
    verify(kind, text, public_keys, license_key, fingerprint, product, new Date(now));
  } catch (error) {
    return `rejected: ${error.message}`;
  }
  return 'accepted';
}

const { cases } = JSON.parse(readFileSync(vectors, 'utf8'));
let wrong = 0;
for (const test of cases) {
  const found = outcome(test);
  // A case that is invalid only in form may be accepted, except by the strict program.
  const mayPass = test.valid || (test.form_only && !isStrict);
  if (found === 'accepted' ? !mayPass : test.valid) {
    wrong += 1;
    console.log(`${test.kind}, ${test.name}: should be ${test.valid ? 'accepted' : 'rejected'}, is ${found}`);
  }
}
console.log(`${cases.length} cases, ${wrong} wrong`);
process.exitCode = wrong > 0 || cases.length === 0 ? 1 : 0;
