// Asks the server whether a license is valid on this computer, and activates it if need be. Node 20 or later, no packages.
import { createHash, createPublicKey, randomUUID, verify } from 'node:crypto';

/** Sends requests to a server, and accepts only answers that it signed. */
export function client(server, publicKey, licenseKey) {
  const spki = Buffer.from(`302a300506032b6570032100${publicKey}`, 'hex');
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return async (method, path, body) => {
    const url = new URL(server + path);
    // It is part of what is signed, so an earlier answer does not fit this request.
    url.searchParams.set('once', randomUUID());
    const response = await fetch(url, {
      method,
      headers: { Authorization: `License ${licenseKey}`, 'Content-Type': 'application/vnd.api+json' },
      body: body && JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const signed = [
      `(request-target): ${method.toLowerCase()} ${url.pathname}${url.search}`,
      `host: ${url.host}`,
      `date: ${response.headers.get('keygen-date')}`,
      `digest: sha-256=${createHash('sha256').update(bytes).digest('base64')}`,
    ].join('\n');
    const signature = /signature="([^"]+)"/.exec(response.headers.get('keygen-signature') ?? '')?.[1] ?? '';
    if (!verify(null, Buffer.from(signed), key, Buffer.from(signature, 'base64'))) {
      throw new Error('the answer is not signed by the vendor');
    }
    return { status: response.status, ...(bytes.length > 0 && JSON.parse(bytes)) };
  };
}

/** Whether the license is valid on this computer. If it is not, `code` says why. */
export async function check(server, publicKey, licenseKey, fingerprint) {
  const call = client(server, publicKey, licenseKey);
  const scope = { fingerprint };
  const answer = await call('POST', '/v1/licenses/actions/validate-key', { meta: { key: licenseKey, scope } });
  // A key that is unknown or suspended may not even ask.
  const code = answer.meta.code ?? answer.errors[0].code;
  if (!['NO_MACHINES', 'NO_MACHINE', 'FINGERPRINT_SCOPE_MISMATCH'].includes(code)) {
    return { valid: answer.meta.valid === true, code };
  }
  const data = { type: 'machines', attributes: { fingerprint } };
  const { status, errors } = await call('POST', '/v1/machines', { data });
  if (status === 201) return { valid: true, code: 'VALID' };
  // At the limit, show the active computers and the page on which one can be freed.
  const [error] = errors;
  return { valid: false, code: error.code, machines: error.meta?.machines, page: error.links?.about };
}
