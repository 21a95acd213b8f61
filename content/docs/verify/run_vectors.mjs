#!/usr/bin/env node
// Checks verify.mjs with a file of vectors: node run_vectors.mjs vectors.json
import { readFileSync } from 'node:fs';

import { verify } from './verify.mjs';

function outcome({ kind, text, public_keys, license_key, fingerprint, product, now }) {
  try {
    verify(kind, text, public_keys, license_key, fingerprint, product, new Date(now));
  } catch (error) {
    return `refused: ${error.message}`;
  }
  return 'accepted';
}

const { cases } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
let wrong = 0;
for (const test of cases) {
  const found = outcome(test);
  if ((found === 'accepted') !== test.valid) {
    wrong += 1;
    console.log(`${test.kind}, ${test.name}: should be ${test.valid ? 'accepted' : 'refused'}, is ${found}`);
  }
}
console.log(`${cases.length} cases, ${wrong} wrong`);
process.exitCode = wrong > 0 || cases.length === 0 ? 1 : 0;
