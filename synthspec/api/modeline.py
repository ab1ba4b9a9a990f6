"""modeline: the line that tells an editor a spec's schema, and the schema file that it names.

    # yaml-language-server: $schema=.synthspec/hospital.schema.json

The file is written only where a spec's first lines name one in a `.synthspec` folder beside it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from synthspec.errors import SpecError

FOLDER = ".synthspec"
_LINE = re.compile(r"#\s*yaml-language-server:\s*\$schema=(\.synthspec/[\w.-]+\.schema\.json)\s*$")
_LOOKED_AT = 5


def modeline(spec: str | Path) -> str:
    """Return the line that goes on top of the spec file `spec`."""
    stem = re.sub(r"[^\w.-]+", "-", Path(spec).stem)
    return f"# yaml-language-server: $schema={FOLDER}/{stem}.schema.json"


def named_schema(text: str) -> str | None:
    """Return the schema file that a spec's first lines name, or None."""
    found = (_LINE.match(line.strip()) for line in text.split("\n")[:_LOOKED_AT])
    return next((hit.group(1) for hit in found if hit), None)


def refresh_schema(spec: str | Path, text: str) -> Path | None:
    """Write the schema file that `text` names, with this spec's own names in it where it is readable.

    Args:
        spec: the spec's file; the schema lies beside it.
        text: what is in it.

    Returns:
        The file when it was written; None when none is named or it says this already.
    """
    from synthspec.api.graph import written
    from synthspec.api.spec import Spec
    from synthspec.spec.schema import json_schema

    name = named_schema(text)
    if name is None:
        return None
    file = Path(spec).parent / name
    try:
        tree = json_schema(written(Spec.of(text, str(spec))))
    except SpecError:
        if file.is_file():
            return None  # the last readable version completes names better than none
        tree = json_schema(None)
    made = json.dumps(tree, indent=2, ensure_ascii=False) + "\n"
    if file.is_file() and file.read_text(encoding="utf-8") == made:
        return None
    file.parent.mkdir(exist_ok=True)
    aside = file.with_name(f".{file.name}.partial")
    aside.write_text(made, encoding="utf-8")
    aside.replace(file)
    return file
