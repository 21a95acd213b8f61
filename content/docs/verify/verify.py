"""Verifies license files, machine files and signed license keys, offline. Python 3.11 or later, with
the package cryptography. Copy this file into your app."""
import base64
import hashlib
import json
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def verify(kind, text, public_keys, license_key, fingerprint, product, now):
    """Returns the content of a valid file or signed key. Any exception means that it is not valid."""
    if kind == "signed-key":
        return verify_key(text, public_keys, product)
    word = kind.removesuffix("-file")
    need(len(text.encode()) <= 65536, "too long")
    before, begin, body, end, after = text.split("-----")
    name = word.upper() + " FILE"
    need([before, begin, end, after.strip()] == ["", "BEGIN " + name, "END " + name, ""], f"not a {word} file")
    envelope = json.loads(decode("".join(body.split())))
    # The kind is part of the signed text, so a license file relabeled as a machine file fails.
    check_signature(word + "/" + envelope["enc"], decode(envelope["sig"]), public_keys)
    content, *rest = map(decode, envelope["enc"].split("."))
    need(envelope["alg"] == ("aes-256-gcm+ed25519" if rest else "base64+ed25519"), "unknown algorithm")
    if rest:
        [iv, tag] = rest
        secret = license_key + (fingerprint if word == "machine" else "")
        content = AESGCM(hashlib.sha256(secret.encode()).digest()).decrypt(iv, content + tag, None)
    dataset = json.loads(content)
    data, meta = dataset["data"], dataset["meta"]
    issued, expiry = datetime.fromisoformat(meta["issued"]), datetime.fromisoformat(meta["expiry"])
    need(issued < expiry and issued - timedelta(minutes=5) <= now < expiry, "it has expired, or this computer's clock is wrong")
    need(now < issued + timedelta(days=366), "it has expired")  # A key holder can request a file that lasts 68 years.
    [license] = [data] if word == "license" else [item for item in dataset["included"] if item["type"] == "licenses"]
    attributes = license["attributes"]
    need(data["type"] == word + "s", f"not a {word}")
    need(license["relationships"]["product"]["data"]["id"].lower() == product.lower(), "for another product")
    key_in_file = attributes.get("key")
    need(key_in_file is None or license_key is None or key_in_file == license_key, "for another license")
    need(word == "license" or (fingerprint and data["attributes"]["fingerprint"] == fingerprint), "another machine")
    if license_key and license_key.startswith("key/"):  # A signed key contains the id of its license.
        need(verify_key(license_key, public_keys, product)["license"]["id"].lower() == license["id"].lower(), "for another license")
    need(not attributes.get("suspended"), "suspended")
    end, stays_usable = attributes.get("expiry"), attributes.get("expiryStrategy") in ("MAINTAIN_ACCESS", "ALLOW_ACCESS")
    need(stays_usable or end is None or now < datetime.fromisoformat(end), "the license has expired")
    return dataset


def verify_key(text, public_keys, product):
    payload, signature = text.removeprefix("key/").split(".")
    check_signature("key/" + payload, decode(signature, b"-_"), public_keys)
    claims = json.loads(decode(payload, b"-_"))
    need(text.startswith("key/") and claims["product"]["id"].lower() == product.lower(), "for another product")
    return claims


def check_signature(message, signature, public_keys):
    for key in public_keys:  # Several, so that an app trusts the next key before it signs.
        try:
            return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, message.encode())
        except InvalidSignature:
            continue
    raise ValueError("the signature is not the vendor's")


def decode(text, altchars=None):
    return base64.b64decode(text, altchars, validate=True)


def need(condition, message):
    if not condition:
        raise ValueError(message)
