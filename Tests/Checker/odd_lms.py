#!/usr/bin/env python3
"""An LMS with habits that leave offsets without a record, for tests on a real Kafka.

    odd_lms.py transactions BOOTSTRAP TOPIC JOURNAL SOURCE LEARNER COURSE
        ten frames in each of six transactions, every other of them aborted; committed ones are journalled
    odd_lms.py count BOOTSTRAP TOPIC
        how many records partition 0 holds
"""
import datetime, hashlib, json, sys

from confluent_kafka import Producer

from log import Log


def transactions(bootstrap, topic, path, source, learner, course):
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": topic, "linger.ms": 0})
    producer.init_transactions(20)
    lines = []
    for number in range(60):
        if number % 10 == 0:
            producer.begin_transaction()
        body = b"picture %d" % number
        time = datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
        entry = {
            "source": source, "session": "odd", "sequence": number, "learner": learner, "course": course,
            "captured_at": time, "body_sha256": hashlib.sha256(body).hexdigest(), "expect": "sample"}
        headers = {"content-type": "image/png"} | {f"ce_{name}": value for name, value in {
            "specversion": "1.0", "id": f"odd-{number}", "source": source, "type": "org.lectern.frame.v1", "time": time,
            "sessionid": "odd", "sequence": str(number), "learnerid": learner, "courseid": course}.items()}

        def delivered(error, message, entry=entry):
            assert error is None, error
            lines.append({"state": "acked", **entry, "partition": message.partition(), "offset": message.offset()})

        producer.produce(topic, key="odd", value=body, headers=headers, partition=0, on_delivery=delivered)
        if number % 10 == 9:
            producer.flush(20)
            if number // 10 % 2 == 0:
                producer.commit_transaction(20)
                with open(path, "a") as journal:
                    for line in lines:
                        journal.write(json.dumps({**line, "state": "maybe"}) + "\n" + json.dumps(line) + "\n")
            else:
                producer.abort_transaction(20)
            lines.clear()


def count(bootstrap, topic):
    log = Log(bootstrap, {})
    low, high = log.ends(topic)[0]
    print(sum(1 for _ in log.records(topic, 0, low, high)))
    log.close()


if __name__ == "__main__":
    {"transactions": transactions, "count": count}[sys.argv[1]](*sys.argv[2:])
