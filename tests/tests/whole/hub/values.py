"""Whether the cluster's values are what the chart takes: merged with its own as Helm does it, and
checked against the schema that Helm checks them against. Writes what is wrong, a line each."""

import copy
import json
import sys
from pathlib import Path

import jsonschema
import yaml

CHART = Path(__file__).parent / "chart"
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
DEFAULTS = json.loads((CHART / "values.json").read_text())


def merged(below, above):
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    keys = {**below, **above}
    both = {key: merged(below.get(key), above[key]) if key in above else below[key] for key in keys}
    return {key: value for key, value in both.items() if value is not None or key not in above}


def wrong(values):
    checker = jsonschema.Draft7Validator(SCHEMA)
    found = checker.iter_errors(merged(copy.deepcopy(DEFAULTS), values))
    return ["/".join(map(str, it.path)) + ": " + it.message[:200] for it in found]


values = yaml.safe_load(Path(sys.argv[1]).read_text())
assert not wrong({}), "the chart's own values fit its schema"
# A check that takes anything would take this.
for place, value in [("memory", {"limits": "1G"}), ("networkPolicy", {"enabled": "yes"}),
                     ("storage", {"capacity": 5}), ("imagee", {})]:
    spoilt = copy.deepcopy(values)
    spoilt["singleuser"][place] = value
    assert wrong(spoilt), f"a wrong {place} is not found"
claim = yaml.safe_load(Path(sys.argv[2]).read_text())
mounted = [it["persistentVolumeClaim"]["claimName"]
           for it in values["singleuser"]["storage"]["extraVolumes"]]
assert mounted == [claim["metadata"]["name"]], "the volume that is mounted is the one that is made"
assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
print("\n".join(wrong(values)), end="")
