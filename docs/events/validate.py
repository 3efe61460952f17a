#!/usr/bin/env python3
"""Judges events by the JSON Schemas beside this file: for an LMS's own tests, and for Lectern's.

    apt-get install python3-jsonschema            # or: pip install jsonschema
    python3 validate.py frame my-event.json …     # frame, frame-headers or control; .jsonl holds one event a line
    python3 validate.py cases                     # the schemas against cases.json

Prints what is wrong, one line each, and ends with 1 if anything is. `lectern events check` judges more, and says it in
words: which segments overlap, which times are of tomorrow.
"""
import copy, json, pathlib, sys

try:
    import jsonschema
except ImportError:
    print("the Python package jsonschema is missing: apt-get install python3-jsonschema, or pip install jsonschema",
          file=sys.stderr)
    sys.exit(2)

HERE = pathlib.Path(__file__).resolve().parent
KINDS = ("frame", "frame-headers", "control")


def schema(name):
    return json.loads((HERE / name).read_text(encoding="utf-8"))


# The schemas name each other by file, relative to this folder.
STORE = {(HERE / f"{kind}.schema.json").as_uri(): schema(f"{kind}.schema.json") for kind in KINDS}


def validator(kind):
    uri = (HERE / f"{kind}.schema.json").as_uri()
    jsonschema.Draft7Validator.check_schema(STORE[uri])
    try:
        from referencing import Registry
        from referencing.jsonschema import DRAFT7
    except ImportError:
        # Before jsonschema 4.18.
        resolver = jsonschema.RefResolver(base_uri=uri, referrer=STORE[uri], store=STORE)
        return jsonschema.Draft7Validator(STORE[uri], resolver=resolver)
    registry = Registry().with_resources((name, DRAFT7.create_resource(text)) for name, text in STORE.items())
    return jsonschema.Draft7Validator({"$ref": uri}, registry=registry)


def words(error):
    """What is wrong, for people: a pattern says nothing to them, and what it asks for is written beside it."""
    value = json.dumps(error.instance, ensure_ascii=False)
    value = value if len(value) <= 60 else value[:59] + "…"
    if error.validator == "not":
        return f"{value} has a line break or another control character"
    if error.validator == "pattern":
        return f"{value} is not this: {error.schema.get('description', 'what the schema asks for')}"
    return error.message[:200]


def problems(kind, events):
    judge = validator(kind)
    for place, event in events:
        for error in judge.iter_errors(event):
            yield f"{place}: {'.'.join(map(str, error.path)) or 'the event'}: {words(error)}"


def read(path):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    if path.endswith(".jsonl"):
        return [(f"{path}:{number}", json.loads(line)) for number, line in enumerate(text.splitlines(), 1)]
    return [(path, json.loads(text))]


def merged(base, patch):
    """RFC 7396, but for {"$null": true}, which stands for a null that stays."""
    if patch == {"$null": True}:
        return None
    if not isinstance(patch, dict):
        return patch
    result = copy.deepcopy(base) if isinstance(base, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def twin_changes(text):
    """Every attribute that holds an id, with this one."""
    for name in ("source", "sessionid", "learnerid", "courseid", "segmentid"):
        yield "frame", {name: text}
        yield "headers", {f"ce_{name}": text}
    for base, member in (("course", "id"), ("session", "id"), ("consent", "learner_id")):
        yield base, {"source": text, "data": {member: text}}


def case_problems():
    document = schema("cases.json")
    judges = {kind: validator(kind) for kind in KINDS}
    for case in document["cases"]:
        base = document["bases"][case["base"]]
        event = merged(base["event"], case.get("change", {}))
        accepted = judges[base["kind"]].is_valid(event)
        if accepted != case.get("schema", case["valid"]):
            yield f"cases.json: {case['name']}: the schema {'accepts' if accepted else 'refuses'} it"
        if case.get("schema", case["valid"]) != case["valid"] and not case.get("why"):
            yield f"cases.json: {case['name']}: schema and decoder differ, and nothing says why"
    for twins in document["twins"]:
        if twins["one"].encode() == twins["other"].encode():
            yield f"cases.json: {twins['name']}: one id, not two"
        for text in (twins["one"], twins["other"]):
            for base, change in twin_changes(text):
                event = merged(document["bases"][base]["event"], change)
                if not judges[document["bases"][base]["kind"]].is_valid(event):
                    yield f"cases.json: {twins['name']}: the schema refuses it in {change}"


if len(sys.argv) == 2 and sys.argv[1] == "cases":
    found = list(case_problems())
elif len(sys.argv) > 2 and sys.argv[1] in KINDS:
    found = [problem for path in sys.argv[2:] for problem in problems(sys.argv[1], read(path))]
else:
    sys.exit(__doc__)
print("\n".join(found), end="\n" if found else "")
sys.exit(1 if found else 0)
