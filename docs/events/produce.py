#!/usr/bin/env python3
"""Be an LMS in a few lines: a course, a learner's consent, and JPEG or PNG files as that learner's frames.

    pip install confluent-kafka                   # or: apt-get install python3-confluent-kafka
    python3 produce.py [--structured] localhost:9092 frame1.jpg frame2.jpg …
"""
import base64, datetime, json, os, sys, uuid

from confluent_kafka import Producer

SOURCE, COURSE, LEARNER, SESSION = "https://lms.example", "course-101", "learner-1", f"session-{uuid.uuid4()}"
FRAMES = os.environ.get("FRAMES_TOPIC", "lectern.frames.v1")
CONTROL = os.environ.get("CONTROL_TOPIC", "lectern.control.v1")
structured = "--structured" in sys.argv[1:]
servers, *pictures = [word for word in sys.argv[1:] if word != "--structured"]
# The largest picture is 8 MiB, a third more in base64. Any partitioner that hashes the key keeps a session in order.
producer = Producer({"bootstrap.servers": servers, "acks": "all", "enable.idempotence": True,
                     "message.max.bytes": 16777216, "partitioner": "murmur2_random"})
failures = []


def delivered(error, message):
    if error is not None:
        failures.append(error)


def now(offset=0.0):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=offset)).isoformat()


def control(kind, key, data, offset=0.0):
    event = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": SOURCE, "type": f"org.lectern.{kind}.v1",
             "time": now(offset), "datacontenttype": "application/json", "data": data}
    producer.produce(CONTROL, key=key, value=json.dumps(event), on_delivery=delivered,
                     headers={"content-type": "application/cloudevents+json"})


control("course", COURSE, {"id": COURSE, "title": "Statistics I", "teachers": [], "segments": [
    {"id": "s1", "title": "Why averages mislead", "ordinal": 1, "media_start_ms": 0, "media_end_ms": 600000}]})
control("consent", LEARNER, {"learner_id": LEARNER, "scope": "analytics", "granted": True},
        # Given before the first picture: a consent covers nothing that was captured earlier.
        -1.0 - len(pictures))

for sequence, path in enumerate(pictures):
    with open(path, "rb") as file:
        image = file.read()
    attributes = {
        "specversion": "1.0", "id": str(uuid.uuid4()), "source": SOURCE, "type": "org.lectern.frame.v1",
        "time": now(sequence - len(pictures)), "sessionid": SESSION, "sequence": str(sequence), "learnerid": LEARNER,
        "courseid": COURSE, "mediaposms": str(sequence * 1000)}
    kind = "image/png" if image.startswith(b"\x89PNG") else "image/jpeg"
    if structured:
        event = attributes | {"datacontenttype": kind, "data_base64": base64.b64encode(image).decode()}
        value, headers = json.dumps(event), {"content-type": "application/cloudevents+json"}
    else:
        value, headers = image, {"content-type": kind} | {f"ce_{name}": text for name, text in attributes.items()}
    producer.produce(FRAMES, key=SESSION, value=value, headers=headers, on_delivery=delivered)
    producer.poll(0)

producer.flush()
sys.exit(f"{len(failures)} not acknowledged, the first: {failures[0]}" if failures else 0)
