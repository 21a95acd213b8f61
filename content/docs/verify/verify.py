#!/usr/bin/env python3
"""Verifies license files, machine files and signed license keys, offline. Python 3.11 or later.

    pip install cryptography
    python verify.py license-file app.lic --public-key HEX --license-key KEY --product ID
"""
import argparse
import base64
import hashlib
import json
import re
from datetime import datetime, timedelta, timezone

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def verify(kind, text, public_keys, license_key, fingerprint, product, now):
    """Returns what a file or a signed key says. Any exception means: do not trust it.

    When the license itself ends, and whether it is suspended, stands in the result for your app to judge.
    """
    if kind == "signed-key":
        return verify_key(text, public_keys, product)
    word = kind.removesuffix("-file")
    name = word.upper() + " FILE-----"
    frame = re.fullmatch(rf"-----BEGIN {name}\r?\n(([A-Za-z0-9+/=]+\r?\n)+)-----END {name}(\r?\n)*", text)
    need(len(text) <= 65536 and frame, f"not a {word} file")
    enc, sig, alg = members(parse(decode("".join(frame[1].split()))), "enc", "sig", "alg")
    need(alg in ("base64+ed25519", "aes-256-gcm+ed25519"), "unknown algorithm")
    # The word is part of what is signed: a license file relabeled as a machine file is none.
    check_signature(word + "/" + enc, decode(sig), public_keys)
    if alg == "base64+ed25519":
        content = decode(enc)
    else:
        ciphertext, iv, tag = map(decode, enc.split("."))
        secret = license_key + (fingerprint if word == "machine" else "")
        content = AESGCM(hashlib.sha256(secret.encode()).digest()).decrypt(iv, ciphertext + tag, None)

    dataset = {"included": [], **parse(content)}
    data, included, meta = members(dataset, "data", "included", "meta")
    issued, expiry, ttl = members(meta, "issued", "expiry", "ttl")
    issued, expiry = instant(issued), instant(expiry)
    need(issued < expiry and type(ttl) is int and 1 <= ttl <= 2147483647, "malformed times")
    need(now < expiry, "its time is over")
    need(issued <= now + timedelta(minutes=5), "issued in the future: is this computer's clock right?")
    need(id_of(data) and data["type"] == word + "s" and isinstance(included, list), "malformed content")
    [license] = [data] if word == "license" else [item for item in included if item["type"] == "licenses"]
    if word == "machine":
        need(related(data, "license") == id_of(license), "the license inside is another one")
        need(fingerprint and data["attributes"]["fingerprint"] == fingerprint, "for another machine")
    need(related(license, "policy") and related(license, "product") == product.lower(), "for another product")
    if license_key and license_key.startswith("key/"):  # A signed key names the one license it is for.
        need(id_of(verify_key(license_key, public_keys, product)["license"]) == id_of(license), "for another license")
    return dataset


def verify_key(text, public_keys, product):
    need(len(text) <= 4096 and text.startswith("key/"), "not a signed license key")
    signed, signature = text.split(".")
    check_signature(signed, decode(signature, b"-_"), public_keys)
    claims = parse(decode(signed.removeprefix("key/"), b"-_"))
    *named, issued, expiry = members(claims, "license", "policy", "product", "issued", "expiry")
    ids = [id_of(item) for item in named if members(item, "id")]
    need(ids[-1] == product.lower(), "for another product")
    # Its expiry (None is never) is read, not judged: a renewal does not change the key.
    need(instant(issued) and (expiry is None or instant(expiry)), "malformed times")
    return claims


def check_signature(message, signature, public_keys):
    for key in public_keys:  # Several, so that an app can trust the next key before it signs.
        try:
            return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, message.encode())
        except InvalidSignature:
            continue
    raise ValueError("the signature is not the vendor's")


def parse(data):
    return json.loads(data.decode(), object_pairs_hook=unique)


def unique(pairs):
    need(len(dict(pairs)) == len(pairs), "a member is given twice")  # json would keep the last of them.
    return dict(pairs)


def members(value, *names):
    need(value.keys() == set(names), f"not exactly {', '.join(names)}")
    return [value[name] for name in names]


def decode(text, altchars=None):
    data = base64.b64decode(text, altchars)  # Reads many spellings, of which one is right.
    need(base64.b64encode(data, altchars).decode() == text, "not canonical base64")
    return data


# What does not match is None, and None[0] raises.
def id_of(resource):
    return re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", resource["id"].lower())[0]


def related(resource, name):
    return id_of(resource["relationships"][name]["data"])


def instant(text):
    return datetime.fromisoformat(re.fullmatch(r"[-\d]{10}T[:\d]{8}(\.\d+)?(Z|[+-]\d\d:\d\d)", text)[0])


def need(condition, message):
    if not condition:
        raise ValueError(message)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("kind", "file", "--public-key", "--license-key", "--fingerprint", "--product"):
        parser.add_argument(name)
    args = parser.parse_args()
    with open(args.file, "rb") as file:
        text = file.read().decode().rstrip("\r\n")  # A signed key ends without a line end.
    given = [args.public_key], args.license_key, args.fingerprint, args.product, datetime.now(timezone.utc)
    print(json.dumps(verify(args.kind, text, *given), indent=2))
