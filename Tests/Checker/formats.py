"""What Lectern documents, written down a second time: ids, answers and times. Nothing here is Lectern's own code."""
import base64, datetime, hashlib, hmac, json, struct

SEQUENCE_LIMIT = 2**31 - 1


def pseudonym(secret, source, learner):
    """The `learner` column: HMAC-SHA256 under the secret over both ids, each behind its length (docs/events)."""
    message = b"".join(struct.pack(">I", len(part)) + part for part in (source.encode(), learner.encode()))
    raw = hmac.new(secret, message, hashlib.sha256).digest()[:16].hex()
    return "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]))


def distribution(digest):
    """Six ten-thousandths: the first six bytes of the body's SHA-256, each plus one, by largest remainder.

    In doubles and in this order, as the stub classifier's answer is defined; of equal remainders the first is raised.
    """
    weights = [float(byte) + 1 for byte in digest[:6]]
    total = 0.0
    for weight in weights:
        total += weight
    exact = [weight / total * 10000.0 for weight in weights]
    parts = [int(value) for value in exact]
    remainders = [value - part for value, part in zip(exact, parts)]
    for _ in range(10000 - sum(parts)):
        best = max(range(6), key=lambda lane: (remainders[lane], -lane))
        parts[best] += 1
        remainders[best] = -1.0
    return parts


def label(parts):
    """The most probable emotion; of equals, the first."""
    return parts.index(max(parts))


def microseconds(text):
    """An RFC 3339 time as microseconds since 1970; None if it is none."""
    try:
        time = datetime.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    if time.tzinfo is None:
        return None
    since = time - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def text(value):
    """An id that a database can hold; None for what no sample can have."""
    if not isinstance(value, str) or not value or "\0" in value:
        return None
    try:
        value.encode()
    except UnicodeEncodeError:  # half a surrogate pair: how a journal writes bytes that are no UTF-8
        return None
    return value


def sequence(value):
    """A sequence number that a sample can have, else None."""
    return value if isinstance(value, int) and 0 <= value <= SEQUENCE_LIMIT else None


def frame(headers, value):
    """(source, session, sequence, SHA-256 of the picture) of a Kafka record; what cannot be read of it is None."""
    attributes, picture = {}, value if value is not None else b""
    for name, content in headers or []:
        if content is not None:
            attributes[name] = content
    if attributes.get("content-type", b"").startswith(b"application/cloudevents+json"):
        try:
            event = json.loads(picture)
            picture = base64.b64decode(event["data_base64"])
            found = event.get("source"), event.get("sessionid"), event.get("sequence")
        except (ValueError, KeyError, TypeError, AttributeError):
            return None, None, None, hashlib.sha256(picture).digest()
    else:
        found = tuple(
            attributes.get(f"ce_{name}", b"").decode("utf-8", "surrogateescape")
            for name in ("source", "sessionid", "sequence"))
    source, session, number = found
    try:
        number = int(number)
    except (TypeError, ValueError):
        number = None
    return text(source), text(session), sequence(number), hashlib.sha256(picture).digest()
