#!/usr/bin/env python3
"""Verifies license files, machine files and signed license keys, offline.

    pip install cryptography
    python verify.py license-file app.lic --public-key HEX --license-key KEY --product ID

Everything has exactly one accepted spelling, so nothing is repaired or guessed here, and the
signature is checked before anything that was signed is decoded, decrypted or read.
"""
import argparse
import base64
import hashlib
import json
import re
import sys
from datetime import datetime, timedelta, timezone

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d{0,3})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def verify(kind, text, public_keys, license_key, fingerprint, product, now):
    """Returns the dataset of a file, or the claims of a signed key; ValueError if it is not good.

    `public_keys` are the hex texts that your app embeds, `now` is a datetime with a time zone. When the
    license itself ends, and whether it is suspended, stands in the result, for your app to judge.
    """
    try:
        if kind == "signed-key":
            return _signed_key(text, public_keys, product)
        return _file(kind, text, public_keys, license_key, fingerprint, product, now)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"malformed: {error}") from error  # Content of another shape than expected.


def _file(kind, text, public_keys, license_key, fingerprint, product, now):
    word = {"license-file": "license", "machine-file": "machine"}[kind]
    # A machine file is encrypted for one license on one machine: its secret is made of both.
    secret = (license_key or "") + (fingerprint or "" if word == "machine" else "")
    dataset = _closed({"included": [], **_json(_open(word, text, public_keys, secret))}, "data", "included", "meta")
    data, meta = _resource(dataset["data"]), _closed(dataset["meta"], "issued", "expiry", "ttl")
    _need(isinstance(dataset["included"], list) and data["type"] == f"{word}s", "the content is malformed")
    licenses = [item for item in map(_resource, dataset["included"]) if item["type"] == "licenses"]
    if word == "license":
        licenses = [data]
    _need(len(licenses) == 1, "not exactly one license")
    license, license_id = licenses[0], _uuid(licenses[0]["id"])
    if word == "machine":
        _need(_uuid(data["id"]) and fingerprint, "the fingerprint of this machine is needed")
        _need(data["attributes"]["fingerprint"] == fingerprint, "for another machine")
        _need(_related(data, "license") == license_id, "the license is another one")
    _need(_related(license, "policy") and _related(license, "product") == _uuid(product), "for another product")
    if license_key and license_key.startswith("key/"):
        # A signed key names its license: a file of another license does not go with it.
        claims = _signed_key(license_key, public_keys, product)
        _need(_uuid(claims["license"]["id"]) == license_id, "for another license")
    issued, expiry, ttl = _instant(meta["issued"]), _instant(meta["expiry"]), meta["ttl"]
    _need(type(ttl) is int and 1 <= ttl <= 2147483647, "the ttl is malformed")  # True is an int to isinstance.
    _need(issued - now <= timedelta(minutes=5), "issued in the future: is this computer's clock right?")
    _need(issued < expiry and now < expiry, "the file's time is over")
    return dataset


def _open(word, text, public_keys, secret):
    _need(len(text.encode()) <= 65536, "the file is too long")
    lines = [line[:-1] if line.endswith("\r") else line for line in text.split("\n")]
    while lines and not lines[-1]:  # Mail programs add line ends; nothing else is forgiven.
        lines.pop()
    frame = [f"-----{edge} {word.upper()} FILE-----" for edge in ("BEGIN", "END")]
    _need(len(lines) > 1 and [lines[0], lines[-1]] == frame, f"not a {word} file")
    envelope = _closed(_json(_base64("".join(lines[1:-1]))), "enc", "sig", "alg")
    enc, algorithm = envelope["enc"], envelope["alg"]
    _need(algorithm in ("base64+ed25519", "aes-256-gcm+ed25519"), "the algorithm is not known")
    # The kind is part of what is signed: a license file relabeled as a machine file is none.
    _check_signature(word + "/" + enc, _base64(envelope["sig"]), public_keys)
    if algorithm == "base64+ed25519":
        return _base64(enc)
    ciphertext, iv, tag = map(_base64, enc.split("."))
    _need(len(iv) == 12 and len(tag) == 16, "the ciphertext is malformed")
    try:
        return AESGCM(hashlib.sha256(secret.encode()).digest()).decrypt(iv, ciphertext + tag, None)
    except InvalidTag:
        raise ValueError("for another license key or another machine") from None


def _signed_key(text, public_keys, product):
    _need(len(text) <= 4096 and re.fullmatch(r"key/[^.]+\.[^.]+", text), "not a signed license key")
    signed, signature = text.split(".")
    payload = _base64(signed[len("key/") :], b"-_")
    _check_signature(signed, _base64(signature, b"-_"), public_keys)
    claims = _closed(_json(payload), "license", "product", "policy", "issued", "expiry")
    ids = [_uuid(_closed(claims[name], "id")["id"]) for name in ("product", "license", "policy")]
    _need(ids[0] == _uuid(product), "for another product")
    # The expiry is what it was when the key was made. A renewal does not change the key, so that a key
    # is over is for the server, or a license file, to say.
    _instant(claims["issued"])
    if claims["expiry"] is not None:
        _instant(claims["expiry"])
    return claims


def _check_signature(message, signature, public_keys):
    for key in public_keys:  # Several, so that an app can trust the next key before the old one retires.
        _need(re.fullmatch("[0-9a-fA-F]{64}", key), "a public key is 64 hex digits")
        try:
            return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, message.encode())
        except InvalidSignature:
            continue
    raise ValueError("the signature is not the vendor's")


def _json(data):
    def unique(members):  # Of two members with one name, json keeps the last; other readers, the first.
        _need(len(dict(members)) == len(members), "a member is given twice")
        return dict(members)

    def refuse(constant):  # json takes NaN and Infinity, which are no JSON.
        raise ValueError(f"{constant} is no JSON")

    return json.loads(data.decode(), object_pairs_hook=unique, parse_constant=refuse)


def _base64(text, altchars=None):
    data = base64.b64decode(text, altchars)  # Skips what is no base64, and reads several spellings.
    _need(base64.b64encode(data, altchars).decode() == text, "the base64 is not canonical")
    return data


def _closed(value, *names):
    _need(value.keys() == set(names), f"expected exactly the members {', '.join(names)}")
    return value


def _resource(value):
    texts, objects = (value["id"], value["type"]), (value["attributes"], value.get("relationships", {}))
    is_good = all(isinstance(text, str) for text in texts) and all(isinstance(item, dict) for item in objects)
    _need(is_good, "a resource is malformed")
    return value


def _related(resource, name):
    return _uuid(resource["relationships"][name]["data"]["id"])


def _uuid(text):
    _need(UUID.fullmatch(text), "an id is malformed")
    return text.lower()


def _instant(text):
    match = TIME.fullmatch(text)
    _need(match, "a time is malformed")
    # Before Python 3.11, fromisoformat reads neither Z nor any number of decimals.
    return datetime.fromisoformat(f"{match[1]}.{(match[2] or '').ljust(6, '0')}{match[3].replace('Z', '+00:00')}")


def _need(condition, message):
    if not condition:
        raise ValueError(message)


def main():
    parser = argparse.ArgumentParser(description="Verifies a license file, machine file or signed key.")
    parser.add_argument("kind", choices=["license-file", "machine-file", "signed-key"])
    parser.add_argument("file")
    parser.add_argument("--public-key", action="append", required=True, help="64 hex digits; may be repeated")
    parser.add_argument("--product", required=True)
    for option in ("--license-key", "--fingerprint", "--now"):
        parser.add_argument(option)
    args = parser.parse_args()
    try:
        with open(args.file, encoding="utf-8", newline="") as file:  # Line ends exactly as they are.
            text = file.read()
        if args.kind == "signed-key":
            text = text.rstrip("\r\n")  # The line end that an editor adds is not part of the key.
        now = _instant(args.now) if args.now else datetime.now(timezone.utc)
        found = verify(args.kind, text, args.public_key, args.license_key, args.fingerprint, args.product, now)
    except (OSError, ValueError) as error:
        sys.exit(f"not valid: {error}")
    if args.kind == "signed-key":
        license, expiry = found["license"], found["expiry"]
    else:
        license, expiry = found["data"], found["meta"]["expiry"]
    if args.kind == "machine-file":
        license = license["relationships"]["license"]["data"]
    print(f"license {license['id']}, expiry {expiry or 'never'}")


if __name__ == "__main__":
    main()
