#!/usr/bin/env node
// Verifies license files, machine files and signed license keys, offline. Node 20 or later, no packages.
//
//   node verify.mjs license-file app.lic --public-key HEX --license-key KEY --product ID
//
// Everything has exactly one accepted spelling, so nothing is repaired or guessed here, and the
// signature is checked before anything that was signed is decoded, decrypted or read.
import { createDecipheriv, createHash, createPublicKey, verify as verifySignature } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const WORDS = new Map([['license-file', 'license'], ['machine-file', 'machine']]);

/**
 * Returns the dataset of a file, or the claims of a signed key; throws if it is not good.
 *
 * `publicKeys` are the hex texts that your app embeds, `now` is a Date. When the license itself ends,
 * and whether it is suspended, stands in the result, for your app to judge.
 */
export function verify(kind, text, publicKeys, licenseKey, fingerprint, product, now) {
  if (kind === 'signed-key') return verifyKey(text, publicKeys, product);
  const word = WORDS.get(kind);
  need(word, 'the kind is not known');
  // A machine file is encrypted for one license on one machine: its secret is made of both.
  const secret = (licenseKey ?? '') + (word === 'machine' ? (fingerprint ?? '') : '');
  const dataset = closed({ included: [], ...parse(open(word, text, publicKeys, secret)) }, 'data', 'included', 'meta');
  const { data, included } = dataset;
  const meta = closed(dataset.meta, 'issued', 'expiry', 'ttl');
  need(Array.isArray(included) && [data, ...included].every(isResource), 'the content is malformed');
  const licenses = word === 'license' ? [data] : included.filter((item) => item.type === 'licenses');
  need(data.type === `${word}s` && licenses.length === 1, 'not exactly one license');
  const [license] = licenses;
  if (word === 'machine') {
    need(uuid(data.id) && fingerprint, 'the fingerprint of this machine is needed');
    need(data.attributes.fingerprint === fingerprint, 'for another machine');
    need(related(data, 'license') === uuid(license.id), 'the license is another one');
  }
  need(uuid(license.id) && related(license, 'policy'), 'the license is malformed');
  need(related(license, 'product') === uuid(product), 'for another product');
  if (licenseKey?.startsWith('key/')) {
    // A signed key names its license: a file of another license does not go with it.
    const claims = verifyKey(licenseKey, publicKeys, product);
    need(uuid(claims.license.id) === uuid(license.id), 'for another license');
  }
  const [issued, expiry] = [instant(meta.issued), instant(meta.expiry)];
  // JavaScript has one kind of number, so 86400.0 passes for 86400 here.
  need(Number.isInteger(meta.ttl) && meta.ttl >= 1 && meta.ttl <= 2147483647, 'the ttl is malformed');
  need(issued - now <= 5 * 60 * 1000, "issued in the future: is this computer's clock right?");
  need(issued < expiry && now < expiry, "the file's time is over");
  return dataset;
}

function open(word, text, publicKeys, secret) {
  need(Buffer.byteLength(text) <= 65536, 'the file is too long');
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  while (lines.at(-1) === '') lines.pop(); // Mail programs add line ends; nothing else is forgiven.
  const [begin, end] = ['BEGIN', 'END'].map((edge) => `-----${edge} ${word.toUpperCase()} FILE-----`);
  need(lines.length > 1 && lines[0] === begin && lines.at(-1) === end, `not a ${word} file`);
  const { enc, sig, alg } = closed(parse(decode(lines.slice(1, -1).join(''), 'base64')), 'enc', 'sig', 'alg');
  need(['base64+ed25519', 'aes-256-gcm+ed25519'].includes(alg), 'the algorithm is not known');
  need(typeof enc === 'string', 'the envelope is malformed');
  // The kind is part of what is signed: a license file relabeled as a machine file is none.
  checkSignature(`${word}/${enc}`, decode(sig, 'base64'), publicKeys);
  if (alg === 'base64+ed25519') return decode(enc, 'base64');
  const parts = enc.split('.').map((part) => decode(part, 'base64'));
  const [ciphertext, iv, tag] = parts;
  // Node takes shorter tags too, which are easier to forge, so the length is checked here.
  need(parts.length === 3 && iv.length === 12 && tag.length === 16, 'the ciphertext is malformed');
  const key = createHash('sha256').update(secret).digest();
  const decipher = createDecipheriv('aes-256-gcm', key, iv).setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch {
    throw new Error('for another license key or another machine');
  }
}

function verifyKey(text, publicKeys, product) {
  need(text.length <= 4096 && /^key\/[^.]+\.[^.]+$/.test(text), 'not a signed license key');
  const [signed, signature] = text.split('.');
  const payload = decode(signed.slice('key/'.length), 'base64url');
  checkSignature(signed, decode(signature, 'base64url'), publicKeys);
  const claims = closed(parse(payload), 'license', 'product', 'policy', 'issued', 'expiry');
  const [ours] = ['product', 'license', 'policy'].map((name) => uuid(closed(claims[name], 'id').id));
  need(ours === uuid(product), 'for another product');
  // The expiry is what it was when the key was made. A renewal does not change the key, so that a key
  // is over is for the server, or a license file, to say.
  instant(claims.issued);
  if (claims.expiry !== null) instant(claims.expiry);
  return claims;
}

function checkSignature(message, signature, publicKeys) {
  // Several keys, so that an app can trust the next one before the old one retires.
  const isGood = publicKeys.some((hex) => {
    need(/^[0-9a-f]{64}$/i.test(hex), 'a public key is 64 hex digits');
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(hex, 'hex').toString('base64url') };
    return verifySignature(null, Buffer.from(message), createPublicKey({ key: jwk, format: 'jwk' }), signature);
  });
  need(isGood, "the signature is not the vendor's");
}

function parse(bytes) {
  const text = utf8(bytes);
  const value = JSON.parse(text);
  // Of two members with one name JSON.parse silently keeps the last; other readers keep the first. In a
  // text that has been parsed, a string before a colon is a name, and braces outside strings are objects.
  const objects = [];
  for (const [token, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g)) {
    if (token === '{') objects.push(new Set());
    else if (token === '}') objects.pop();
    else if (colon) {
      const name = JSON.parse(token.slice(0, -colon.length));
      need(!objects.at(-1).has(name), 'a member is given twice');
      objects.at(-1).add(name);
    }
  }
  return value;
}

function utf8(bytes) {
  // To TextDecoder, ignoring a byte order mark is to leave it in the text, which then fails.
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

function decode(text, encoding) {
  need(typeof text === 'string', 'a text is missing');
  const bytes = Buffer.from(text, encoding); // Skips what is no base64, and reads several spellings.
  const spelled = bytes.toString('base64');
  const canonical = encoding === 'base64' ? spelled : spelled.replaceAll('+', '-').replaceAll('/', '_');
  need(canonical === text, 'the base64 is not canonical');
  return bytes;
}

function closed(value, ...names) {
  const count = isObject(value) ? Object.keys(value).length : 0;
  const isClosed = count === names.length && names.every((name) => Object.hasOwn(value, name));
  need(isClosed, `expected exactly the members ${names.join(', ')}`);
  return value;
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isResource(value) {
  return isObject(value) && typeof value.id === 'string' && typeof value.type === 'string'
    && isObject(value.attributes) && (value.relationships === undefined || isObject(value.relationships));
}

function related(resource, name) {
  return uuid(resource.relationships?.[name]?.data?.id);
}

function uuid(text) {
  need(typeof text === 'string' && UUID.test(text), 'an id is malformed');
  return text.toLowerCase();
}

function instant(text) {
  const match = typeof text === 'string' && TIME.exec(text);
  need(match, 'a time is malformed');
  // Date.parse makes March 2 of February 30, so the date and time are compared with what was read.
  const local = Date.parse(`${match[1]}Z`);
  need(!Number.isNaN(local) && new Date(local).toISOString().startsWith(match[1]), 'no such time');
  const time = Date.parse(text);
  need(!Number.isNaN(time), 'no such time');
  return time;
}

function need(condition, message) {
  if (!condition) throw new Error(message);
}

function main() {
  const option = { type: 'string' };
  const options = { 'license-key': option, fingerprint: option, product: option, now: option };
  options['public-key'] = { type: 'string', multiple: true };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [kind, file] = positionals;
  need(
    file && values.product && values['public-key'],
    'usage: KIND FILE --public-key HEX --product ID [--license-key KEY] [--fingerprint F] [--now TIME]',
  );
  let text = utf8(readFileSync(file));
  if (kind === 'signed-key') text = text.replace(/[\r\n]+$/, ''); // An editor's line end is not part of the key.
  const now = values.now === undefined ? Date.now() : instant(values.now);
  const found = verify(
    kind, text, values['public-key'], values['license-key'], values.fingerprint, values.product, now,
  );
  const { id } = found.license ?? (kind === 'license-file' ? found.data : found.data.relationships.license.data);
  console.log(`license ${id}, expiry ${(found.meta ?? found).expiry ?? 'never'}`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    main();
  } catch (error) {
    console.error(`not valid: ${error.message}`);
    process.exitCode = 1;
  }
}
