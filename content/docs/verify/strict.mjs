// Does what verify.mjs does and also checks every rule of form: it rejects every invalid vector. Node 20
// or later, without packages.
import { createDecipheriv, createHash, createPublicKey, verify as isSigned } from 'node:crypto';

// Returns the content of a valid file or signed key. Any exception means that it is not valid.
export function verify(kind, text, publicKeys, licenseKey, fingerprint, product, now) {
  if (kind === 'signed-key') return verifyKey(text, publicKeys, product);
  const word = kind.replace('-file', '');
  const name = `${word.toUpperCase()} FILE-----`;
  const frame = RegExp(`^-----BEGIN ${name}\r?\n(([A-Za-z0-9+/=]+\r?\n)+)-----END ${name}(\r?\n)*$`).exec(text);
  need(Buffer.byteLength(text) <= 65536 && frame, `not a ${word} file`);
  const [enc, sig, alg] = members(parse(decode(frame[1].replace(/\s/g, ''))), 'enc', 'sig', 'alg');
  need(['base64+ed25519', 'aes-256-gcm+ed25519'].includes(alg), 'unknown algorithm');
  // The kind is part of the signed text, so a license file relabeled as a machine file fails.
  checkSignature(`${word}/${enc}`, decode(sig), publicKeys);
  const secret = word === 'machine' ? licenseKey + fingerprint : licenseKey;
  const dataset = { included: [], ...parse(alg === 'base64+ed25519' ? decode(enc) : decrypt(enc, secret)) };

  const [data, included, meta] = members(dataset, 'data', 'included', 'meta');
  const [issued, expiry, ttl] = members(meta, 'issued', 'expiry', 'ttl');
  need(Number.isInteger(ttl) && ttl >= 1 && ttl <= 2147483647, 'malformed times');
  need(instant(issued) < instant(expiry) && now < instant(expiry), "it has expired");
  need(now < instant(issued) + 366 * 86_400_000, "it has expired"); // A key holder can request 68 years.
  need(instant(issued) - 5 * 60 * 1000 <= now, "issued in the future: is this computer's clock right?");
  need(idOf(data) && data.type === `${word}s` && Array.isArray(included), 'malformed content');
  const [license, ...others] = word === 'license' ? [data] : included.filter((item) => item.type === 'licenses');
  need(related(license, 'policy') && related(license, 'product') === product.toLowerCase(), 'for another product');
  if (word === 'machine') {
    need(related(data, 'license') === idOf(license) && others.length === 0, 'not exactly its one license');
    need(fingerprint && data.attributes.fingerprint === fingerprint, 'for another machine');
  }
  if (licenseKey?.startsWith('key/')) { // A signed key contains the id of its license.
    need(idOf(verifyKey(licenseKey, publicKeys, product).license) === idOf(license), 'for another license');
  }
  const { key, suspended = false, expiry: lastDay = null, expiryStrategy } = license.attributes;
  need(key == null || licenseKey == null || key === licenseKey, 'for another license');
  need(suspended === false, 'suspended');
  const staysUsable = ['MAINTAIN_ACCESS', 'ALLOW_ACCESS'].includes(expiryStrategy) || lastDay === null;
  need(staysUsable || now < instant(lastDay), 'the license has expired');
  return dataset;
}

function verifyKey(text, publicKeys, product) {
  const form = /^(key\/([\w=-]+))\.([\w=-]+)$/.exec(text);
  need(text.length <= 4096 && form, 'not a signed license key');
  checkSignature(form[1], decode(form[3], base64url), publicKeys);
  const claims = parse(decode(form[2], base64url));
  const [issued, expiry, ...named] = members(claims, 'issued', 'expiry', 'product', 'license', 'policy');
  const [ours] = named.map((item) => members(item, 'id') && idOf(item));
  need(ours === product.toLowerCase(), 'for another product');
  instant(issued);
  if (expiry !== null) instant(expiry); // Only parsed: a renewal does not change the key.
  return claims;
}

function checkSignature(message, signature, publicKeys) {
  const isGood = publicKeys.some((hex) => { // Several, so that an app trusts the next key before it signs.
    const key = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(hex, 'hex').toString('base64url') };
    return isSigned(null, Buffer.from(message), createPublicKey({ key, format: 'jwk' }), signature);
  });
  need(isGood, "the signature is not the vendor's");
}

function decrypt(enc, secret) {
  const [ciphertext, iv, tag, ...others] = enc.split('.').map((part) => decode(part));
  need(others.length === 0 && iv.length === 12, 'malformed ciphertext');
  const key = createHash('sha256').update(secret).digest();
  const aes = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 }).setAuthTag(tag);
  return Buffer.concat([aes.update(ciphertext), aes.final()]);
}

function parse(bytes) {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const value = JSON.parse(text); // Keeps the last of two members with one name, so count the names in the text.
  need(countNames(text) === countNames(JSON.stringify(value)), 'a member name is repeated');
  return value;
}

function countNames(json) {
  const strings = json.match(/"(?:[^"\\]|\\.)*"(?:\s*:)?/g) ?? []; // A name has a colon after it.
  return strings.filter((string) => string.endsWith(':')).length;
}

function members(value, ...names) {
  need(Object.keys(value).sort().join() === names.toSorted().join(), `not exactly ${names}`);
  return names.map((name) => value[name]);
}

const base64 = (bytes) => bytes.toString('base64');
const base64url = (bytes) => base64(bytes).replaceAll('+', '-').replaceAll('/', '_');

function decode(text, encode = base64) {
  const bytes = Buffer.from(text, 'base64'); // Accepts non-canonical text and both alphabets.
  need(encode(bytes) === text, 'not canonical base64');
  return bytes;
}

const related = (resource, name) => idOf(resource.relationships[name].data);

function idOf({ id }) {
  need(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id.toLowerCase()), 'not an id');
  return id.toLowerCase();
}

function instant(text) {
  need(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text), 'not a time');
  const local = text.slice(0, 19); // Date turns February 30 into March 2.
  need(new Date(`${local}Z`).toISOString().startsWith(local) && !Number.isNaN(Date.parse(text)), 'no such time');
  return Date.parse(text);
}

function need(condition, message) {
  if (!condition) throw new Error(message);
}
