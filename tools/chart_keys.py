"""Write down which keys a chart's values may have: ``.venv/bin/python tools/chart_keys.py CHART [VALUES …]``.

CHART is the chart's folder, as ``helm pull --untar`` or its repository has it. From its schema, or where there is none from its
own values, paths and types go to deploy/kubernetes/keys/NAME-VERSION.json, against which tests hold our values. Values that are
named are held to the whole schema at once. VERSION in the environment names one that Chart.yaml does not.
"""

import json
import os
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

import yaml

KEYS = Path(__file__).resolve().parent.parent / "deploy" / "kubernetes" / "keys"
#: Any key may stand below a path with this type.
OPEN = "any"
TYPES = {"str": "string", "int": "number", "float": "number", "bool": "boolean", "list": "array", "NoneType": "null"}


def main(chart: Path, values: List[Path]) -> None:
    about = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    version = os.environ.get("VERSION") or about["version"]
    schema = read_schema(chart)
    if schema:
        keys = dict(by_schema(schema))
    else:
        keys = dict(by_values(yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))))
    found = {"chart": about["name"], "version": version, "appVersion": about.get("appVersion")}
    found["keys"] = {path: " ".join(types) for path, types in sorted(keys.items())}
    KEYS.mkdir(exist_ok=True)
    file = KEYS / f"{about['name']}-{version}.json"
    file.write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")
    print(f"chart_keys: wrote {len(keys)} keys to {file.name}")
    for path in values if schema else ():
        check(schema, path)


def read_schema(chart: Path) -> Optional[Dict]:
    for name in ("values.schema.yaml", "values.schema.json"):  # JSON is YAML, too
        if (chart / name).exists():
            return yaml.safe_load((chart / name).read_text(encoding="utf-8"))
    return None


def by_schema(schema: Dict, path: str = "") -> Iterator[Tuple[str, List[str]]]:
    """Path and types of everything that a schema names; `*` stands for a key of the user's own."""
    for name, part in {**schema.get("properties", {}), **branches(schema)}.items():
        here = f"{path}.{name}".lstrip(".")
        yield here, types(part)
        yield from by_schema(part, here)


def branches(schema: Dict) -> Dict[str, Dict]:
    """What a schema names otherwise: by pattern, and under a condition."""
    patterns = [*schema.get("patternProperties", {}).values()]
    found = {"*": patterns[0]} if patterns else {}
    for name in ("then", "else"):
        found.update(schema.get(name, {}).get("properties", {}))
    return found


def types(part: Dict) -> List[str]:
    said = part.get("type", ["string", "null"] if "enum" in part else OPEN)
    found = [said] if isinstance(said, str) else list(said)
    is_open = "object" in found and part.get("additionalProperties") is not False
    return [*("number" if one == "integer" else one for one in found), *([OPEN] if is_open else [])]


def by_values(values: Dict, path: str = "") -> Iterator[Tuple[str, List[str]]]:
    """Path and types of everything in a chart's own values; what is empty there may hold anything."""
    for name, part in values.items():
        here = f"{path}.{name}".lstrip(".")
        if isinstance(part, dict) and part:
            yield here, ["object"]
            yield from by_values(part, here)
        else:
            yield here, ["object", OPEN] if part in ({}, None) else [TYPES[type(part).__name__]]


def check(schema: Dict, path: Path) -> None:
    """Hold values to the schema; what it requires beyond them is the chart's own to give."""
    from jsonschema import Draft7Validator

    errors = Draft7Validator(schema).iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))
    wrong = [f"{'.'.join(map(str, error.path))}: {error.message}" for error in errors if error.validator != "required"]
    print(f"chart_keys: {path.name} {'is as the schema wants it' if not wrong else '; '.join(wrong)}")
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    if len(sys.argv) < 2 or not (Path(sys.argv[1]) / "Chart.yaml").is_file():
        sys.exit("usage: chart_keys.py CHART [VALUES …], where CHART is the folder with Chart.yaml")
    for name in sys.argv[2:]:
        if not Path(name).is_file():
            sys.exit(f"chart_keys: there is no file {name}")
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
