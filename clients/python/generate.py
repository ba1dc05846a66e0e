"""Writes src/metrify/core/types.py and calls.py from openapi.json: a type for each schema, a function for each operation.

    python generate.py [PATH OF openapi.json]

Own and small, because openapi-python-client refuses the description as it stands (answers without `description`), and of a mended
one makes 144 files of 20,000 lines in which a file is a `list[int]`, `Accept` cannot be chosen and exact numbers are floats. Here
a call is a value: what is to be sent and as what the answer is to be read. Sending is the business of `metrify._http`.

What the description does not say, or says wrong, stands in the tables below, and nowhere else.
"""

from __future__ import annotations

import json
import keyword
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
OPENAPI = HERE.parents[1] / "openapi.json"
CORE = HERE / "src" / "metrify" / "core"
WIDTH = 130

# Every number of JSON that is not listed here is exact, though the description calls all of them `double`.
FLOATS = {"latitude", "longitude", "radius_m", "elevation_m", "correlation"}
# Never shown in a repr.
SECRETS = {
    ("IssuedBody", "key"),
    ("LoginBody", "password"),
    ("NewUserBody", "password"),
    ("OpenedBody", "access_token"),
    ("OpenedBody", "refresh_token"),
    ("PasswordBody", "new"),
    ("PasswordBody", "old"),
    ("RenewalBody", "refresh_token"),
    ("UserChangeBody", "password"),
}
# The bodies of deliveries and of parts of them; the description calls their bytes numbers.
BINARY = "application/octet-stream"
PART = "application/partial-upload"
# Requests by POST that change nothing, so that they may be sent again.
READS = {"query", "export"}

Schema = dict[str, Any]


def named(schema: str, known: set[str]) -> str:
    """Without the suffix that tells the Rust side where a type is at home, unless another type has the name then."""
    body, row = schema.removesuffix("Body"), schema.removesuffix("Row")
    if schema != body:
        return body
    return schema if row + "Body" in known or row in known - {schema} else row


def snake(name: str) -> str:
    name = name.replace("-", "_").lower()
    return name + "_" if keyword.iskeyword(name) else name


# What every request says, and what changes what an answer is: the client waits for outcomes.
COMMON = ("Metrify-Purpose", "X-Request-Id", "Prefer")


# Schemas of others, of which there is one for each of what they hold.
GENERIC = ("Listed", "Within")


def held(name: str) -> tuple[str, str] | None:
    """What a schema is of, and what it holds, where it is one of the generic ones."""
    outer, _, inner = name.partition("_")
    return (outer, inner) if outer in GENERIC and inner else None


class Types:
    """Turns schemas into annotations."""

    def __init__(self, schemas: dict[str, Schema]) -> None:
        self.schemas = schemas
        self.names = {name: named(name, set(schemas)) for name in schemas if held(name) is None}

    def of(self, schema: Schema, name: str = "") -> str:
        if "$ref" in schema:
            ref = schema["$ref"].rsplit("/", 1)[-1]
            if (generic := held(ref)) is not None:
                outer, inner = generic
                return f"{outer}[{self.names[inner]}]"
            # A choice is an alias of its parts, which is read as well as its name.
            whole = self.schemas[ref]
            return self.of(whole) if "oneOf" in whole else self.names[ref]
        if "oneOf" in schema:
            parts = [self.of(part) for part in schema["oneOf"]]
            return " | ".join(sorted(parts, key=lambda part: part == "None"))
        kinds = schema.get("type", "any")
        if isinstance(kinds, list):
            options = [self.of({**schema, "type": kind}, name) for kind in kinds]
            return " | ".join(sorted(options, key=lambda part: part == "None"))
        if "enum" in schema:
            return f"Literal[{', '.join(json.dumps(value) for value in schema['enum'])}]"
        if kinds == "array":
            return f"list[{self.of(schema['items'])}]"
        if kinds == "string":
            return {"date-time": "datetime", "date": "date"}.get(schema.get("format", ""), "str")
        if kinds == "number":
            return "float" if name in FLOATS else "Decimal"
        return {"integer": "int", "boolean": "bool", "null": "None", "any": "Any", "object": "dict[str, Any]"}[kinds]

    def written(self, name: str) -> str:
        """A data class."""
        schema = self.schemas[name]
        parts = schema.get("allOf", [schema])
        bases = [self.of(part) for part in parts if "$ref" in part]
        lines = ["@dataclass(frozen=True, kw_only=True)"]
        lines.append(f"class {self.names[name]}{'(' + ', '.join(bases) + ')' if bases else ''}:")
        lines += documented(schema.get("description") or f"`{name}` of the description.")
        for part in parts:
            needed = set(part.get("required", []))
            for field, of in part.get("properties", {}).items():
                lines += commented(of.get("description", ""))
                lines.append(f"    {snake(field)}: {self.field(name, field, of, field in needed)}")
        return "\n".join(lines)

    def field(self, owner: str, name: str, schema: Schema, needed: bool) -> str:
        annotation = self.of(schema, name)
        if (owner, name) in SECRETS:
            default = "" if needed else "default=None, "
            return f"{annotation} = field({default}repr=False)"
        if needed:
            return annotation
        if annotation.startswith("list["):
            return f"{annotation} = field(default_factory=list)"
        return f"{annotation} = None" if "None" in annotation else f"{annotation} | None = None"


def documented(text: str) -> list[str]:
    """A doc string, indented."""
    text = " ".join(text.split())
    if len(text) + 10 <= WIDTH:
        return [f'    """{text}"""', ""]
    return [*textwrap.wrap(f'"""{text}', WIDTH, initial_indent="    ", subsequent_indent="    "), '    """', ""]


def commented(text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), WIDTH, initial_indent="    # ", subsequent_indent="    # ")


class Operation:
    """One route, asked by one method."""

    def __init__(self, types: Types, path: str, method: str, said: Schema) -> None:
        self.types, self.path, self.method, self.said = types, path, method.upper(), said
        self.name: str = said["operationId"]
        # What every request says, the client says for all of them.
        self.parameters: list[Schema] = [it for it in said.get("parameters", []) if it["name"] not in COMMON]

    def answers(self) -> dict[str, Schema]:
        """What it answers with where it does what it is asked for, by content type."""
        found: dict[str, Schema] = {}
        for status, answer in self.said["responses"].items():
            if status.startswith("2"):
                found |= answer.get("content", {})
        return found

    def answer(self) -> str:
        answers = self.answers()
        if not answers:
            return "None"
        if list(answers) != ["application/json"]:
            return "bytes"
        said = self.types.of(answers["application/json"]["schema"])
        return f"{said} | None" if "204" in self.said["responses"] else said

    def arguments(self) -> list[str]:
        path = [f"{snake(it['name'])}: str" for it in self.parameters if it["in"] == "path"]
        body = [f"body: {annotation}" for annotation in [self.body()] if annotation]
        rest = [f"{snake(it['name'])}: {self.optional(it)} = None" for it in self.parameters if it["in"] != "path"]
        accepted = list(self.answers())
        if len(accepted) > 1:
            rest.append("accept: Accept")
        return path + body + (["*", *rest] if rest else [])

    def optional(self, parameter: Schema) -> str:
        annotation = self.types.of(parameter["schema"], parameter["name"])
        return annotation if "None" in annotation else f"{annotation} | None"

    def body(self) -> str | None:
        content = self.said.get("requestBody", {}).get("content", {})
        if not content:
            return None
        return "Upload" if {BINARY, PART} & content.keys() else self.types.of(content["application/json"]["schema"])

    def given(self, place: str) -> str:
        pairs = [f'"{it["name"]}": {snake(it["name"])}' for it in self.parameters if it["in"] == place]
        if place == "header" and PART in self.said.get("requestBody", {}).get("content", {}):
            pairs.append(f'"Content-Type": "{PART}"')
        return "{" + ", ".join(pairs) + "}" if pairs else ""

    def call(self) -> list[str]:
        path = re.sub(r"\{(\w+)\}", r"{quoted(\1)}", self.path)
        answer = self.answer()
        parts = [
            "type(None)" if answer == "None" else answer.removesuffix(" | None"),
            json.dumps(self.method),
            ("f" if "{" in path else "") + json.dumps(path),
        ]
        for name, place in (("query", "query"), ("headers", "header")):
            if given := self.given(place):
                parts.append(f"{name}={given}")
        if self.body():
            parts.append("body=body")
        accepted = list(self.answers())
        if len(accepted) > 1:
            parts.append("accept=accept")
        elif accepted not in ([], ["application/json"]):
            parts.append(f"accept={json.dumps(accepted[0])}")
        if self.name in READS:
            parts.append("changes=False")
        return folded("    return Call(", parts, ")")

    def written(self) -> str:
        head = folded(f"def {snake(self.name)}(", self.arguments(), f") -> Call[{self.answer()}]:")
        said = " ".join(self.said.get(it, "") for it in ("summary", "description")).strip()
        rest = [it for it in self.parameters if it["in"] != "path" and it.get("description")]
        about = [f"{it['name']}: {it['description']}" for it in rest]
        return "\n".join([*head, *doc_of(said, about), *self.call()])


def doc_of(said: str, about: list[str]) -> list[str]:
    if not about:
        return documented(said)[:-1]
    lines = [*textwrap.wrap('"""' + " ".join(said.split()), WIDTH, initial_indent="    ", subsequent_indent="    "), ""]
    for it in about:
        lines += textwrap.wrap(" ".join(it.split()), WIDTH, initial_indent="    ", subsequent_indent="        ")
    return [*lines, '    """']


def folded(head: str, parts: list[str], tail: str) -> list[str]:
    """In one line where it fits, else an argument a line, as the formatter has it."""
    line = head + ", ".join(parts) + tail
    if len(line) <= WIDTH:
        return [line]
    indent = " " * (len(head) - len(head.lstrip()))
    return [head, *(line for part in parts for line in unfolded(part, indent + "    ")), indent + tail]


def unfolded(part: str, indent: str) -> list[str]:
    """An argument, and where it is too long a dict with a member a line."""
    if len(indent + part) < WIDTH or not part.endswith("}"):
        return [f"{indent}{part},"]
    head, members = part[:-1].split("{", 1)
    return [f"{indent}{head}{{", *(f"{indent}    {member}," for member in members.split(", ")), f"{indent}}},"]


def ordered(types: Types) -> list[str]:
    """Bases before what is made of them."""
    names, done = sorted(types.names), list[str]()

    def add(name: str) -> None:
        for part in types.schemas[name].get("allOf", []):
            if "$ref" in part:
                add(part["$ref"].rsplit("/", 1)[-1])
        if name not in done:
            done.append(name)

    for name in names:
        add(name)
    return [name for name in done if "oneOf" not in types.schemas[name]]


def generate(openapi: Schema) -> dict[str, str]:
    """The text of each generated file, by its name."""
    types = Types(openapi["components"]["schemas"])
    mark = f"Generated by generate.py from openapi.json {openapi['info']['version']}: change that, not this."
    classes = [types.written(name) for name in ordered(types)]
    operations = [
        Operation(types, path, method, said).written()
        for path, methods in openapi["paths"].items()
        for method, said in methods.items()
    ]
    # Whoever can choose the type of an answer, chooses among the same.
    said = [it for methods in openapi["paths"].values() for it in methods.values()]
    accepted = max((list(Operation(types, "", "", it).answers()) for it in said), key=len)
    used = sorted({it for it in types.names.values() if re.search(rf"\b{it}\b", "\n".join(operations))} | set(GENERIC))
    return {
        "types.py": TYPES.format(mark=mark) + "\n\n\n".join(classes) + "\n",
        "calls.py": CALLS.format(mark=mark, used=",\n    ".join(used), accepted=",\n    ".join(map(json.dumps, accepted)))
        + "\n\n\n".join(operations)
        + "\n",
    }


TYPES = '''"""What goes over the wire.

{mark}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Listed(Generic[T]):
    """A page of a list."""

    results: list[T]
    # The cursor of the next page; `null` on the last.
    next: str | None = None


@dataclass(frozen=True, kw_only=True)
class Within(Listed[T]):
    """What there is in a span, and which span was looked at."""

    # A local day where days are looked at, else an instant.
    start: str
    # Not within.
    end: str
    # Says so where nothing was found.
    note: str | None = None


'''

CALLS = '''"""A function for each operation: it makes the call, `Metrify.ask` sends it.

{mark}
"""

from __future__ import annotations

from typing import Literal

from .._call import Call, Upload, quoted
from .types import (
    {used},
)

Accept = Literal[
    {accepted},
]


'''


def main() -> None:
    openapi = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else OPENAPI).read_text("utf-8"))
    for name, text in generate(openapi).items():
        (CORE / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
