#!/usr/bin/env python3
"""Runs verify.py on a file of test vectors: python run_vectors.py vectors.json"""
import json
import sys
from datetime import datetime

from verify import verify


def outcome(case):
    now = datetime.fromisoformat(case["now"].replace("Z", "+00:00"))
    given = (case[name] for name in ("public_keys", "license_key", "fingerprint", "product"))
    try:
        verify(case["kind"], case["text"], *given, now)
    except Exception as error:  # Any exception means no.
        return f"rejected: {error!r}"
    return "accepted"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    wrong = 0
    for case in cases:
        found = outcome(case)
        # A case that is invalid only in form may be accepted.
        if found == "accepted" and not case["valid"] and not case["form_only"] or found != "accepted" and case["valid"]:
            wrong += 1
            print(f"{case['kind']}, {case['name']}: should be {'accepted' if case['valid'] else 'rejected'}, is {found}")
    print(f"{len(cases)} cases, {wrong} wrong")
    sys.exit(1 if wrong or not cases else 0)


if __name__ == "__main__":
    main()
