"""Asks the server whether a license is valid on this computer, and activates it if need be.

Python 3.11 or later, with the package cryptography.
"""

import base64
import hashlib
import json
import re
import urllib.error
import urllib.request
import uuid
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def call(server, public_key, license_key, method, path, body=None):
    """Sends a request, and accepts only an answer that the server signed."""
    # It is part of what is signed, so an earlier answer does not fit this request.
    url = urlsplit(f"{server}{path}?once={uuid.uuid4()}")
    headers = {"Authorization": f"License {license_key}", "Content-Type": "application/vnd.api+json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url.geturl(), data, headers, method=method)
    try:
        response = urllib.request.urlopen(request, timeout=10)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        content = response.read()
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    signed = "\n".join([
        f"(request-target): {method.lower()} {url.path}?{url.query}",
        f"host: {url.netloc}",
        f"date: {response.headers['Keygen-Date']}",
        f"digest: sha-256={digest}",
    ])
    signature = re.search('signature="([^"]+)"', response.headers["Keygen-Signature"]).group(1)
    # Raises an exception if the answer is not signed by the vendor.
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(base64.b64decode(signature), signed.encode())
    return response.status, json.loads(content) if content else {}


def check(server, public_key, license_key, fingerprint):
    """Whether the license is valid on this computer. If it is not, `code` says why."""
    def send(path, body):
        return call(server, public_key, license_key, "POST", path, body)

    scope = {"fingerprint": fingerprint}
    _, answer = send("/v1/licenses/actions/validate-key", {"meta": {"key": license_key, "scope": scope}})
    # A key that is unknown or suspended may not even ask.
    code = answer["meta"].get("code") or answer["errors"][0]["code"]
    if code not in ("NO_MACHINES", "NO_MACHINE", "FINGERPRINT_SCOPE_MISMATCH"):
        return {"valid": answer["meta"].get("valid") is True, "code": code}
    data = {"type": "machines", "attributes": {"fingerprint": fingerprint}}
    status, answer = send("/v1/machines", {"data": data})
    if status == 201:
        return {"valid": True, "code": "VALID"}
    # At the limit, show the active computers and the page on which one can be freed.
    error = answer["errors"][0]
    more = {"machines": error.get("meta", {}).get("machines"), "page": error.get("links", {}).get("about")}
    return {"valid": False, "code": error["code"], **more}
