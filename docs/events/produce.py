#!/usr/bin/env python3
"""Be an LMS in a few lines: a course, a learner's consent, and JPEG files as that learner's frames.

    pip install confluent-kafka
    python3 produce.py localhost:9092 frame1.jpg frame2.jpg …
"""
import datetime, json, sys, uuid

from confluent_kafka import Producer

SOURCE, COURSE, LEARNER, SESSION = "https://lms.example", "course-101", "learner-1", f"session-{uuid.uuid4()}"
servers, pictures = sys.argv[1], sys.argv[2:]
producer = Producer({"bootstrap.servers": servers, "acks": "all", "partitioner": "murmur2_random"})
failures = []


def delivered(error, message):
    if error is not None:
        failures.append(error)


def now(offset=0.0):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=offset)).isoformat()


def control(kind, key, data):
    event = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": SOURCE, "type": f"org.lectern.{kind}.v1",
             "time": now(), "datacontenttype": "application/json", "data": data}
    producer.produce("lectern.control.v1", key=key, value=json.dumps(event), on_delivery=delivered,
                     headers={"content-type": "application/cloudevents+json"})


control("course", COURSE, {"id": COURSE, "title": "Statistics I", "teachers": [], "segments": [
    {"id": "s1", "title": "Why averages mislead", "ordinal": 1, "media_start_ms": 0, "media_end_ms": 600000}]})
control("consent", LEARNER, {"learner_id": LEARNER, "scope": "analytics", "granted": True})

for sequence, path in enumerate(pictures):
    with open(path, "rb") as file:
        image = file.read()
    kind = "image/png" if image.startswith(b"\x89PNG") else "image/jpeg"
    producer.produce("lectern.frames.v1", key=SESSION, value=image, on_delivery=delivered, headers={
        "content-type": kind, "ce_specversion": "1.0", "ce_id": str(uuid.uuid4()), "ce_source": SOURCE,
        "ce_type": "org.lectern.frame.v1", "ce_time": now(sequence - len(pictures)), "ce_sessionid": SESSION,
        "ce_sequence": str(sequence), "ce_learnerid": LEARNER, "ce_courseid": COURSE,
        "ce_mediaposms": str(sequence * 1000)})
    producer.poll(0)

producer.flush()
sys.exit(f"{len(failures)} not acknowledged, the first: {failures[0]}" if failures else 0)
