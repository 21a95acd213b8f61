// Makes an air-gap request, implemented only from the description in content/docs/developers/air-gap.md.
import { createHash, createHmac } from "node:crypto";

const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The text that an app shows. `facts` has the members f, n, p and so on of the description. */
export function airGapRequest(action, key, facts, madeAt = Math.floor(Date.now() / 1000)) {
  const { f, n, h, p, c, v } = facts;
  const clear = JSON.stringify({ a: action, f, n, h, p, c, v, t: madeAt });
  const proof = createHmac("sha256", key).update(`latchkey air gap 1\n${clear}`).digest("base64url");
  const body = Buffer.from(JSON.stringify({ ...JSON.parse(clear), s: proof })).toString("base64url");
  const check = [...createHash("sha256").update(body).digest().subarray(0, 8)].map((byte) => LETTERS[byte & 31]).join("");
  return `lk1.${body}.${check}`;
}
