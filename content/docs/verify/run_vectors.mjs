#!/usr/bin/env node
// Checks a verifier with a file of vectors: node run_vectors.mjs vectors.json [verify.mjs | strict.mjs]
import { readFileSync } from 'node:fs';

const [, , vectors, program = 'verify.mjs'] = process.argv;
const { verify } = await import(`./${program}`);
const isStrict = program === 'strict.mjs';

function outcome({ kind, text, public_keys, license_key, fingerprint, product, now }) {
  try {
    verify(kind, text, public_keys, license_key, fingerprint, product, new Date(now));
  } catch (error) {
    return `refused: ${error.message}`;
  }
  return 'accepted';
}

const { cases } = JSON.parse(readFileSync(vectors, 'utf8'));
let wrong = 0;
for (const test of cases) {
  const found = outcome(test);
  // What is off in its form alone may be accepted, but not by who claims to be strict.
  const mayPass = test.valid || (test.form_only && !isStrict);
  if (found === 'accepted' ? !mayPass : test.valid) {
    wrong += 1;
    console.log(`${test.kind}, ${test.name}: should be ${test.valid ? 'accepted' : 'refused'}, is ${found}`);
  }
}
console.log(`${cases.length} cases, ${wrong} wrong`);
process.exitCode = wrong > 0 || cases.length === 0 ? 1 : 0;
