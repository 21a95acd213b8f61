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
    """Returns what a file or a signed key says. Any exception means: do not trust it."""
    if kind == "signed-key":
        return verify_key(text, public_keys, product)
    word = kind.removesuffix("-file")
    need(len(text.encode()) <= 65536, "too long")
    before, begin, body, end, after = text.split("-----")
    name = word.upper() + " FILE"
    need([before, begin, end, after.strip()] == ["", "BEGIN " + name, "END " + name, ""], f"not a {word} file")
    envelope = json.loads(decode("".join(body.split())))
    # The word is part of what is signed: a license file relabeled as a machine file is none.
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
    need(issued < expiry and issued - timedelta(minutes=5) <= now < expiry, "its time is over, or this computer's clock is wrong")
    need(now < issued + timedelta(days=366), "its time is over")  # Whoever holds a key can get a file of 68 years.
    [license] = [data] if word == "license" else [item for item in dataset["included"] if item["type"] == "licenses"]
    attributes = license["attributes"]
    need(data["type"] == word + "s", f"not a {word}")
    need(license["relationships"]["product"]["data"]["id"].lower() == product.lower(), "for another product")
    told = attributes.get("key")
    need(told is None or license_key is None or told == license_key, "for another license")
    need(word == "license" or (fingerprint and data["attributes"]["fingerprint"] == fingerprint), "another machine")
    if license_key and license_key.startswith("key/"):  # A signed key names the one license it is for.
        need(verify_key(license_key, public_keys, product)["license"]["id"].lower() == license["id"].lower(), "for another license")
    need(not attributes.get("suspended"), "suspended")
    end, goes_on = attributes.get("expiry"), attributes.get("expiryStrategy") in ("MAINTAIN_ACCESS", "ALLOW_ACCESS")
    need(goes_on or end is None or now < datetime.fromisoformat(end), "the license has ended")
    return dataset


def verify_key(text, public_keys, product):
    payload, signature = text.removeprefix("key/").split(".")
    check_signature("key/" + payload, decode(signature, b"-_"), public_keys)
    claims = json.loads(decode(payload, b"-_"))
    need(text.startswith("key/") and claims["product"]["id"].lower() == product.lower(), "for another product")
    return claims


def check_signature(message, signature, public_keys):
    for key in public_keys:  # Several, so that an app can trust the next key before it signs.
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
