// A small life of a license, with the types that openapi-typescript generates: life.js API_URL LICENSE_KEY.

import createClient from "openapi-fetch";

import type { paths } from "./api.js";

declare const process: { argv: string[] };

const [url = "", key = ""] = process.argv.slice(2);
const nobody = createClient<paths>({ baseUrl: url });
const app = createClient<paths>({ baseUrl: url, headers: { Authorization: `License ${key}` } });

function same<T>(seen: T, expected: T): void {
    if (JSON.stringify(seen) !== JSON.stringify(expected)) {
        throw new Error(`${JSON.stringify(seen)} instead of ${JSON.stringify(expected)}`);
    }
}

/** The body of a response that must be a success. */
async function good<D, E>(answer: Promise<{ data?: D; error?: E; response: Response }>): Promise<D> {
    const { data, error, response } = await answer;
    if (data === undefined) {
        throw new Error(`${response.url} gave ${response.status}: ${JSON.stringify(error)}`);
    }
    return data;
}

async function validate(given: string, fingerprint?: string) {
    const meta = { key: given, nonce: 7, ...(fingerprint === undefined ? {} : { scope: { fingerprint } }) };
    const { data, meta: result } = await good(nobody.POST("/v1/licenses/actions/validate-key", { body: { meta } }));
    same(result.nonce, 7);
    return { license: data?.id, code: result.code, valid: result.valid };
}

same((await good(nobody.GET("/v1/ping"))).meta.ok, true);
same(await validate("APP-0000-0000-0000-0000-0000-0000-0000"), { license: undefined, code: "NOT_FOUND", valid: false });
const fresh = await validate(key);
same(fresh.code, "NO_MACHINES");
const license = fresh.license ?? "";

const components = { data: [{ attributes: { fingerprint: "board", name: "BOARD" } }] };
const wanted = {
    data: { attributes: { fingerprint: "one", name: "Desk", cores: 8 }, relationships: { components } },
};
const made = await good(app.POST("/v1/machines", { body: wanted }));
same([made.data.attributes.name, made.data.attributes.cores], ["Desk", 8]);
const taken = await app.POST("/v1/machines", { body: wanted });
same([taken.response.status, taken.error?.errors[0]?.code], [422, "FINGERPRINT_TAKEN"]);
same(await validate(key, "one"), { license, code: "VALID", valid: true });

const one = { params: { path: { machine: "one" } } };
const pinged = await good(app.POST("/v1/machines/{machine}/actions/ping", one));
same(pinged.data.attributes.heartbeatStatus, "ALIVE");
const parts = await good(app.GET("/v1/machines/{machine}/components", one));
same(parts.data.map((component) => component.attributes.fingerprint), ["board"]);
const renamed = await good(
    app.PATCH("/v1/machines/{machine}", { ...one, body: { data: { attributes: { name: null } } } }),
);
same(renamed.data.attributes.name, null);

const spawn = { attributes: { pid: "1234" }, relationships: { machine: { data: { id: "one" } } } };
const spawned = await good(app.POST("/v1/processes", { body: { data: spawn } }));
const ended = await app.DELETE("/v1/processes/{process}", { params: { path: { process: spawned.data.id } } });
same(ended.response.status, 204);

const named = { params: { path: { license } } };
const options = { ttl: 3600, encrypt: true, include: ["entitlements"] };
const file = await good(
    app.POST("/v1/licenses/{license}/actions/check-out", { ...named, body: { meta: options } }),
);
same([file.data.attributes.ttl, file.data.attributes.algorithm], [3600, "aes-256-gcm+ed25519"]);
const download = await good(
    app.GET("/v1/machines/{machine}/actions/check-out", {
        params: { ...one.params, query: { ttl: 3600, include: "license,components" } },
        parseAs: "text",
    }),
);
same(download.startsWith("-----BEGIN MACHINE FILE-----\n"), true);

// Everything in these bodies is optional.
same((await good(app.POST("/v1/licenses/{license}/actions/increment-usage", named))).data.attributes.uses, 1);
same((await good(app.POST("/v1/licenses/{license}/actions/validate", named))).meta.valid, true);
const query = { limit: 1 };
const listed = await good(
    app.GET("/v1/licenses/{license}/machines", { params: { ...named.params, query } }),
);
same(listed.data.map((machine) => machine.id), [made.data.id]);

same((await app.DELETE("/v1/machines/{machine}", one)).response.status, 204);
same((await app.GET("/v1/machines/{machine}", one)).error?.errors[0]?.code, "NOT_FOUND");
same((await validate(key)).code, "NO_MACHINES");
