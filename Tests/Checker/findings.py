"""What was found wrong, by kind, with the first few places."""


class Findings:
    EXAMPLES = 5

    def __init__(self):
        self.violations, self.counts = {}, {}

    def add(self, kind, example=None, count=1):
        entry = self.violations.setdefault(kind, {"count": 0, "examples": []})
        entry["count"] += count
        if example is not None and len(entry["examples"]) < self.EXAMPLES:
            entry["examples"].append(example)

    def rows(self, kind, cursor):
        """Each row that a query finds is one violation."""
        names = [column.name for column in cursor.description]
        for row in cursor:
            self.add(kind, {name: value if isinstance(value, (int, bool)) or value is None else str(value)
                            for name, value in zip(names, row)})

    @property
    def report(self):
        return {"ok": not self.violations, "counts": self.counts, "violations": self.violations}
