"""written: the files of a release written again from what was read of them, byte by byte.

What a release says is what its parts say together; a file that holds more, says it in another form, or gives
another class to itself, is not one that the program wrote. The descriptions for other programs follow from
the rest. Packed arrays are left out: their bytes depend on the version of the packing library.

Source: ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from synthspec.release import croissant, registry
from synthspec.release.bundle import MEDIA, REPORTS, data_path, read_manifest
from synthspec.release.manifest import Manifest
from synthspec.release.release import Release
from synthspec.release.stored import NPZ, SAFETENSORS, dump
from synthspec.verify.standalone import Check

DESCRIBED: Final = (croissant.NAME, registry.NAME)


def check_written(release: Release, folder: Path) -> tuple[Check, ...]:
    """Return one check for the parts, and one per description."""
    manifest = read_manifest(folder)
    return (_parts(release, folder, manifest), *_described(release, folder, manifest))


def _parts(release: Release, folder: Path, manifest: Manifest) -> Check:
    name = "parts written"
    parts = dump(release)
    there = {entry.name: entry for entry in manifest.files}
    if (manifest.name, manifest.tool) != (release.plan.name, release.plan.tool):
        return Check(name, "failed", "the manifest is of another spec, or another version, than the plan")
    tables = {data_path(folder).name, *_tables(release)}
    known = {*parts, *tables, *REPORTS, *DESCRIBED}
    strange = sorted(set(there) - known)
    if strange:
        return Check(name, "failed", f"`{strange[0]}` is no part of such a release")
    missing = sorted({*parts, *tables} - set(there))
    if missing:
        return Check(name, "failed", f"`{missing[0]}` is missing from the manifest")
    for each, part in parts.items():
        if (there[each].media_type, there[each].class_) != (part.media_type, part.class_):
            return Check(name, "failed", f"the manifest says that `{each}` is of another kind than it is")
        if part.media_type in (NPZ, SAFETENSORS):
            continue
        if (folder / each).read_bytes() != part.content:
            return Check(name, "failed", f"`{each}` written again from what it says has other bytes")
    for each in tables:
        if (there[each].media_type, there[each].class_) != (MEDIA[release.plan.format], "M"):
            return Check(name, "failed", f"the manifest says that `{each}` is of another kind than it is")
    return Check(name, "passed", f"{len(parts)} files written again from what they say: the same bytes")


def _tables(release: Release) -> tuple[str, ...]:
    """Return the files of rows besides the first: scenarios, and the tables that the rows are written as."""
    scenarios = tuple(each.file for each in release.scenarios if each.file is not None)
    return (*scenarios, *(table.file for table in release.plan.tables))


def _described(release: Release, folder: Path, manifest: Manifest) -> list[Check]:
    later = (*REPORTS, *DESCRIBED)
    entries = tuple(entry for entry in manifest.files if entry.name not in later)
    tables = (data_path(folder).name, *_tables(release))
    made = {
        croissant.NAME: croissant.croissant(release, entries, tables),
        registry.NAME: registry.registry(release),
    }
    names, found = {entry.name for entry in manifest.files}, []
    for name, content in made.items():
        if content is None:
            if name in names:
                found.append(Check(name, "failed", "it describes a claim, and the release has none"))
        elif name not in names:
            found.append(Check(name, "not done", "the release has none"))
        else:
            same = (folder / name).read_bytes() == content
            said = f"written again: the same {len(content)} bytes"
            said = said if same else "written again it has other bytes"
            found.append(Check(name, "passed" if same else "failed", said))
    return found
