#!/usr/bin/env python3
"""Writes id-vectors.json: learner pseudonyms by Python's own hmac, the judge of Lectern's.

    python3 docs/events/make-id-vectors.py > docs/events/id-vectors.json
"""
import hashlib, hmac, json, struct, sys

SECRETS = [b"lectern-test-secret-0123456789abcdef", bytes(range(64)), "Schlüssel-für-Prüfvektoren-32-Bytes!".encode()]
PAIRS = [
    ("https://lms.example", "learner-1"),
    ("https://lms.example", "learner-2"),
    ("https://other.example", "learner-1"),
    # Without the length prefixes these two would be one message.
    ("https://lms.example/a", "b"),
    ("https://lms.example/", "ab"),
    ("urn:moodle:site-7", "Zoë Åström/学生"),
    ("x", "y" * 200),
]


def pseudonym(secret, source, learner):
    message = b"".join(struct.pack(">I", len(part)) + part for part in (source.encode(), learner.encode()))
    raw = hmac.new(secret, message, hashlib.sha256).digest()[:16].hex()
    return "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]))


vectors = [
    {
        "secret_hex": secret.hex(),
        "fingerprint": hmac.new(secret, b"lectern-fingerprint", hashlib.sha256).hexdigest()[:16],
        "learners": [
            {"source": source, "learner_id": learner, "pseudonym": pseudonym(secret, source, learner)}
            for source, learner in PAIRS
        ],
    }
    for secret in SECRETS
]
json.dump({"vectors": vectors}, sys.stdout, indent=2, ensure_ascii=False)
sys.stdout.write("\n")
