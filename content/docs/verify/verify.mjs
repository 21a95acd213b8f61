// Verifies license files, machine files and signed license keys, offline. Node 20 or later, without
// packages. Copy this file into your app.
import { createDecipheriv, createHash, createPublicKey, verify as isSigned } from 'node:crypto';

// Returns the content of a valid file or signed key. Any exception means that it is not valid.
export function verify(kind, text, publicKeys, licenseKey, fingerprint, product, now) {
  if (kind === 'signed-key') return verifyKey(text, publicKeys, product);
  const word = kind.replace('-file', '');
  const name = `${word.toUpperCase()} FILE`;
  need(Buffer.byteLength(text) <= 65536, 'too long');
  const [before, begin, body, end, after, ...others] = text.split('-----');
  need(!before && begin === `BEGIN ${name}` && end === `END ${name}` && !after.trim() && !others.length, `not a ${word} file`);
  const { enc, sig, alg } = JSON.parse(decode(body));
  // The kind is part of the signed text, so a license file relabeled as a machine file fails.
  checkSignature(`${word}/${enc}`, sig, publicKeys);
  let [content, ...rest] = enc.split('.').map(decode);
  need(alg === (rest.length ? 'aes-256-gcm+ed25519' : 'base64+ed25519') && [0, 2].includes(rest.length), 'unknown algorithm');
  if (rest.length) {
    const key = createHash('sha256').update(licenseKey + (word === 'machine' ? fingerprint : '')).digest();
    const aes = createDecipheriv('aes-256-gcm', key, rest[0], { authTagLength: 16 }).setAuthTag(rest[1]);
    content = Buffer.concat([aes.update(content), aes.final()]);
  }
  const dataset = JSON.parse(content);
  const { data, meta, included = [] } = dataset;
  const [issued, expiry] = [Date.parse(meta.issued), Date.parse(meta.expiry)]; // Comparisons with an invalid time are false.
  need(issued < expiry && issued - 300_000 <= now && now < expiry, "it has expired, or this computer's clock is wrong");
  need(now < issued + 366 * 86_400_000, 'it has expired'); // A key holder can request a file that lasts 68 years.
  const [license, second] = word === 'license' ? [data] : included.filter((item) => item.type === 'licenses');
  const { key, suspended, expiry: lastDay = null, expiryStrategy } = license.attributes;
  need(data.type === `${word}s` && !second, `not one ${word}`);
  need(isSame(license.relationships.product.data.id, product), 'for another product');
  need(key == null || licenseKey == null || key === licenseKey, 'for another license');
  need(word === 'license' || (fingerprint && data.attributes.fingerprint === fingerprint), 'for another machine');
  if (licenseKey?.startsWith('key/')) { // A signed key contains the id of its license.
    need(isSame(verifyKey(licenseKey, publicKeys, product).license.id, license.id), 'for another license');
  }
  need(!suspended, 'suspended');
  const staysUsable = ['MAINTAIN_ACCESS', 'ALLOW_ACCESS'].includes(expiryStrategy) || lastDay === null;
  need(staysUsable || now < Date.parse(lastDay), 'the license has expired');
  return dataset;
}

function verifyKey(text, publicKeys, product) {
  const [, payload, signature] = /^key\/([\w=-]+)\.([\w=-]+)$/.exec(text);
  checkSignature(`key/${payload}`, signature, publicKeys);
  const claims = JSON.parse(decode(payload));
  need(isSame(claims.product.id, product), 'for another product');
  return claims;
}

function checkSignature(message, signature, publicKeys) {
  const isGood = publicKeys.some((hex) => { // Several, so that an app trusts the next key before it signs.
    const key = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(hex, 'hex').toString('base64url') };
    return isSigned(null, Buffer.from(message), createPublicKey({ key, format: 'jwk' }), decode(signature));
  });
  need(isGood, "the signature is not the vendor's");
}

const isSame = (id, other) => id.toLowerCase() === other.toLowerCase();

const decode = (text) => Buffer.from(text, 'base64'); // Accepts both alphabets.

function need(condition, message) {
  if (!condition) throw new Error(message);
}
