"""The verifier in one file: checks the claim of a release without the data and without synthspec.

    python standalone.py RELEASE [--key "ed25519:... NAME" | --key FILE] [--json]

Standard library and numpy only, written apart from the product: it shares no code with what made the release,
and it never comes with one. It runs nothing that it finds in a release. It ends with 0 when nothing differs,
3 when something does, 2 when it cannot be started; it says which checks it did not do.

A release is taken as hostile: names, sizes, links, archives and numbers are checked before they are used.

Source: Dong, Roth & Su 2022 (GDP); Dong, Durfee & Rogers 2020 (bounded range); Zhu, Dong & Wang 2022 (pairs
of the subsampled Gaussian); RFC 8032; DSSE v1; the chi-square of overlapping marginals: REPORTS.md 2.4.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
import re
import stat
import sys
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from statistics import NormalDist
from typing import Any, Literal

import numpy as np

Outcome = Literal["passed", "failed", "not done", "could not have seen it"]
OUTCOMES = ("passed", "failed", "not done", "could not have seen it")
Array = np.ndarray[Any, np.dtype[Any]]

MOST_BYTES = 1 << 31
MOST_JSON = 1 << 28
MOST_ATTESTATION = 4 << 20
MU2, DELTA0 = Fraction(1, 10**15), Fraction(1, 10**24)
GAP_GRID, DISTANCE_GRID = 16, 1024
CLOSE = 1e-9
LEVEL = 1e-4
"""Of the test of the noise, both sides together: one honest release in ten thousand fails it."""
POWER = 0.99
FEW = 8  # degrees of freedom; below, too little noise is no finding: whole numbers may agree by chance
WIDER = 1.15
"""Factor on the variance, both ways, where tables were chosen on the way: their law is no exact one."""
LEAST = 1 / 4 + 1 / 12
"""Variance of a cell: where noise is narrower than half a row, rounding makes it no Gaussian any more."""
SOLVED = 2_000_000
ATTESTATION = "attestation.intoto.jsonl"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://synthspec.dev/attestation/dp-release/v1"
IN_TOTO = "application/vnd.in-toto+json"
NOT_HERE = (
    "that the plan is what spec.yaml asks for: compare unit, max_rows, epsilon and delta by eye",
    "that the rows follow from the model and the seed, and the model from the measurements",
    "rules, gates and questions counted again, the report rendered again: `synthspec verify` does",
)
BEYOND = (
    "that this code ran on that data: who signs can make up answers that fit each other",
    "that nobody knew the noise",
    "that one person has at most the stated number of rows, and that the unit is the person",
    "that the domains, bounds and rules of the spec were written without looking at the data",
    "that no other release of the same people exists: see the ledger, and `synthspec verify A B`",
)


class Differs(Exception):
    """A check failed; the text says where."""


@dataclass(frozen=True)
class Check:
    """One check: its outcome, what was found in words, and the figures."""

    name: str
    outcome: Outcome
    detail: str
    figures: dict[str, float | int | str] = field(default_factory=dict)


@dataclass
class Found:
    """The parts of a release, as they were read."""

    folder: Path
    manifest: dict[str, Any]
    digests: dict[str, str]
    trees: dict[str, Any]
    arrays: dict[str, Array]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The purchases, in order."""
        return list(self.trees["ledger.json"]["events"])

    @property
    def plan(self) -> dict[str, Any]:
        """The plan."""
        return dict(self.trees["plan.json"])


def main(arguments: Sequence[str]) -> int:
    """Check the release that the arguments name; print one line a check."""
    words: list[str] = []
    keys: list[bytes] = []
    as_json, rest = False, iter(arguments)
    for word in rest:
        if word == "--json":
            as_json = True
        elif word == "--key":
            try:
                keys += read_keys(next(rest, ""))
            except (OSError, ValueError):
                return _cannot("--key takes a line `ed25519:<44 characters> NAME`, or a file of such lines")
        elif word.startswith("-") and word not in ("-h", "--help"):
            return _cannot(f"there is no option {word}")
        else:
            words.append(word)
    if len(words) != 1 or words[0] in ("-h", "--help"):
        print(__doc__, file=sys.stderr)
        return 2
    if not Path(words[0]).is_dir():
        return _cannot(f"{words[0]} is no folder: name that of a release")
    checks = verify(Path(words[0]), keys)
    if as_json:
        print(json.dumps({"checks": [asdict(c) for c in checks], "not_done": [*NOT_HERE, *BEYOND]}, indent=1))
    else:
        for check in checks:
            print(f"{check.outcome:24s}{check.name:16s}{shown(check.detail)}")
        print(verdict(checks))
        print("not done here", *(f"  {each}" for each in NOT_HERE), sep="\n")
        print("no check of a release alone can tell", *(f"  {each}" for each in BEYOND), sep="\n")
    return 3 if any(check.outcome == "failed" for check in checks) else 0


def _cannot(why: str) -> int:
    print(f"error: {why}", file=sys.stderr)
    return 2


def verdict(checks: Sequence[Check]) -> str:
    """Return one line that says no more than was found."""
    many = {kind: sum(check.outcome == kind for check in checks) for kind in OUTCOMES}
    said = ", ".join(f"{count} {kind}" for kind, count in many.items() if count)
    if many["failed"]:
        return f"\nNOT what it says it is: {said}\n"
    known = any(check.name == "signatures" and check.outcome == "passed" for check in checks)
    who = "" if known else "; signed by nobody whom you trust (`--key`)"
    return f"\nnothing differs: {said}{who}\n"


def many_of(count: int, what: str) -> str:
    """Return a number of things in words: `1 rule`, `2 rules`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def shown(text: str) -> str:
    """Return `text` without what could move a cursor, hide or turn round: a release's names are hostile."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def verify(folder: Path, keys: Iterable[bytes] = ()) -> tuple[Check, ...]:
    """Return every check that this file does; a failed reading ends it."""
    first, found = _try("digests", lambda: _digests(folder))
    if found is None:
        return (first,)
    trusted = set(keys)
    rest: list[tuple[str, Callable[[Found], Check]]] = [
        ("signatures", lambda f: _signatures(f, trusted)),
        ("completeness", _completeness),
        ("claim", _claim),
        ("sensitivities", _sensitivities),
        ("prices", _prices),
        ("epsilon", _epsilon),
        ("noise", _noise),
    ]
    return (first, *(_try(name, lambda c=check: (c(found), None))[0] for name, check in rest))  # type: ignore[misc]


def _try(name: str, work: Callable[[], tuple[Check, Found | None]]) -> tuple[Check, Found | None]:
    try:
        return work()
    except Differs as why:
        return Check(name, "failed", str(why)), None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError, RecursionError,
            MemoryError, OSError, EOFError, zipfile.BadZipFile) as why:  # fmt: skip
        return Check(name, "failed", f"the release cannot be read: {type(why).__name__}"), None


def read_keys(given: str) -> list[bytes]:
    """Return the raw public keys of a line `ed25519:<base64> NAME`, or of a file of such lines.

    Raises:
        OSError: when there is no such file.
        ValueError: when a line is no key, or there is none.
    """
    lines = [given] if given.startswith("ed25519:") else Path(given).read_text(encoding="utf-8").splitlines()
    words = [line.partition("#")[0].split() for line in lines]
    found = [base64.b64decode(each[0].removeprefix("ed25519:"), validate=True) for each in words if each]
    if not found or any(len(key) != 32 or _point(key) is None for key in found):
        raise ValueError("no public keys")
    return found


# ---- files ------------------------------------------------------------------------------------------------


def _digests(folder: Path) -> tuple[Check, Found]:
    manifest = _tree(_read(folder / "manifest.json", MOST_JSON))
    digests: dict[str, str] = {}
    for entry in manifest["files"]:
        name = entry["name"]
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", name):
            raise Differs("the manifest names a file that is no plain file of this folder")
        if name in digests or name == "manifest.json":
            raise Differs(f"the manifest names `{name}` twice")
        size, digest = _hashed(folder / name)
        if (size, digest) != (entry["bytes"], entry["sha256"]):
            raise Differs(f"`{name}` is not the file that the manifest names")
        digests[name] = digest
    here = {path.name for path in folder.iterdir()}
    more = sorted(here - set(digests) - {"manifest.json", ATTESTATION})
    if more:
        raise Differs(f"`{more[0]}` lies in the folder and is in no manifest")
    trees = {name: _tree(_read(folder / name, MOST_JSON)) for name in digests if name.endswith(".json")}
    packed = {name: _arrays(_read(folder / name, MOST_BYTES)) for name in digests if name.endswith(".npz")}
    found = Found(folder, manifest, digests, trees, packed["measurements.npz"])
    return Check("digests", "passed", f"{len(digests)} files as the manifest names them"), found


def _regular(path: Path, most: int) -> int:
    facts = path.lstat() if path.exists() or path.is_symlink() else None
    if facts is None or not stat.S_ISREG(facts.st_mode):
        raise Differs(f"`{path.name}` is missing, or no plain file")
    if facts.st_size > most:
        raise Differs(f"`{path.name}` is too large to be checked")
    return facts.st_size


def _read(path: Path, most: int) -> bytes:
    _regular(path, most)
    with path.open("rb") as handle:
        return handle.read(most)


def _hashed(path: Path) -> tuple[int, str]:
    _regular(path, 1 << 50)
    state, size = hashlib.sha256(), 0
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            state.update(block)
            size += len(block)
    return size, state.hexdigest()


def _tree(content: bytes) -> Any:
    """Return JSON of one meaning: no key twice, no number that is none."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise Differs("a key stands twice in one object")
        return dict(pairs)

    def finite(text: str) -> float:
        if not math.isfinite(float(text)):
            raise Differs("a number is not finite")
        return float(text)

    return json.loads(content, object_pairs_hook=once, parse_float=finite, parse_constant=finite)


def _arrays(content: bytes) -> dict[str, Array]:
    """Return the arrays of an .npz file whose stated sizes are small enough and true."""
    found: dict[str, Array] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
            raise Differs("an archive of arrays is too large once unpacked")
        if len(set(archive.namelist())) < len(archive.namelist()):
            raise Differs("an archive of arrays has two of one name")
        for member in archive.infolist():
            data = archive.read(member)
            handle = io.BytesIO(data)
            np.lib.format.read_magic(handle)
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(handle)
            if dtype.hasobject or fortran or dtype.kind not in "iufb":
                raise Differs("an array of another kind than numbers")
            name = member.filename.removesuffix(".npy")
            found[name] = np.frombuffer(data, dtype=dtype, offset=handle.tell()).reshape(shape)
    return found


# ---- signatures (RFC 8032, DSSE) --------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]


def _signatures(found: Found, trusted: set[bytes]) -> Check:
    path = found.folder / ATTESTATION
    if not path.exists() and not path.is_symlink():
        if trusted:
            raise Differs("the release is not signed, and a trusted key was given")
        return Check("signatures", "not done", "the release is not signed: nobody vouches for it")
    content = _read(path, MOST_ATTESTATION)
    envelope = _tree(content)
    payload = base64.b64decode(envelope["payload"], validate=True)
    if _line(payload, envelope) != content:
        raise Differs("the attestation is not in the one form that it has: something else is in it")
    statement, kind = _tree(payload), envelope["payloadType"].encode()
    _of_this(found, statement, envelope["payloadType"])
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    keys: dict[str, tuple[bytes, str]] = {}
    for signer in statement["predicate"]["signers"]:
        raw, role = base64.b64decode(signer["key"].removeprefix("ed25519:"), validate=True), signer["role"]
        name = hashlib.sha256(raw).hexdigest()
        if name in keys or not re.fullmatch(r"[a-z][a-z0-9 -]{0,63}", role):
            raise Differs("the statement names a signer twice, or in a role that is none")
        keys[name] = (raw, role)
    said, known = [], 0
    for each in envelope["signatures"]:
        if each["keyid"] not in keys:
            raise Differs("a signature is of nobody whom the statement names")
        raw, role = keys.pop(each["keyid"])
        if not signed(raw, message, base64.b64decode(each["sig"], validate=True)):
            raise Differs(f"the signature of the {role} does not hold")
        known += raw in trusted
        if raw in trusted:
            said.append(f"signed by the {role} {each['keyid'][:16]}, a trusted key")
        else:
            said.append(f"signed by an unknown key {each['keyid'][:16]}, which says it is the {role}")
    if not said:
        raise Differs("nobody has signed the statement")
    if keys:
        raise Differs(
            "; ".join(f"not signed by the {role}, whom the statement names" for _, role in keys.values())
        )
    if trusted and not known:
        raise Differs("signed by none of the trusted keys: " + "; ".join(said))
    return Check("signatures", "passed" if known else "not done", "; ".join(said), {"trusted": known})


def _line(payload: bytes, envelope: dict[str, Any]) -> bytes:
    """Return the one line that an envelope is; no signature covers its own text."""
    tree = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": str(envelope["payloadType"]),
        "signatures": [
            {
                "keyid": str(each["keyid"]),
                "sig": base64.b64encode(base64.b64decode(each["sig"], validate=True)).decode(),
            }
            for each in envelope["signatures"]
        ],
    }
    return json.dumps(tree, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _of_this(found: Found, statement: dict[str, Any], kind: str) -> None:
    """Refuse a statement of another kind, over other files, or that says something else than they do."""
    said, ledger = statement["predicate"], found.trees["ledger.json"]
    if (kind, statement["_type"], statement["predicateType"]) != (IN_TOTO, STATEMENT, PREDICATE):
        raise Differs("something of another kind than a release was signed")
    if said["expected"] != [PREDICATE]:
        raise Differs("the statement expects others beside it, and there are none")
    subjects = {each["name"]: each["digest"]["sha256"] for each in statement["subject"]}
    manifest = hashlib.sha256(_read(found.folder / "manifest.json", MOST_JSON)).hexdigest()
    own = {**found.digests, "manifest.json": manifest}
    if subjects != own or len(statement["subject"]) != len(own):
        raise Differs("other files were signed than those that lie here")
    if (said["claim"], said["ledger"]) != (ledger["claim"], ledger["ledger"]):
        raise Differs("another claim, or another entry of a ledger, was signed than that of the release")
    if said["sourceCommitment"] != ledger.get("commitment"):
        raise Differs("another commitment to the source was signed than that of the release")


def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether `signature` is that of `key` over `message`: S B = R + h A on Ed25519.

    The equation without the cofactor (RFC 8032, 5.1.7, allows either; OpenSSL takes this one), points in
    their one encoding, S below the order, neither A nor R of small order: one rule for every verifier.
    """
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r, s = _point(key), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    if any(_same(_times(8, each), (0, 1, 1, 0)) for each in (a, r)):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    y = 4 * pow(5, P - 2, P) % P
    base = _point(y.to_bytes(32, "little"))
    return base is not None and _same(_times(s, base), _plus(r, _times(h, a)))


def _point(encoded: bytes) -> Point | None:
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(CURVE * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def _plus(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * CURVE % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(n: int, p: Point) -> Point:
    q: Point = (0, 1, 1, 0)
    while n:
        q, p, n = (_plus(q, p) if n & 1 else q), _plus(p, p), n >> 1
    return q


def _same(p: Point, q: Point) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


# ---- completeness -----------------------------------------------------------------------------------------


def _completeness(found: Found) -> Check:
    """Each answer has one event that asked for it; each event is of a step of the plan, within its price."""
    events = {event["id"]: event for event in found.events}
    if [event["id"] for event in found.events] != [f"e{at:04d}" for at in range(len(found.events))]:
        raise Differs("the events are not numbered in order: one is missing, or stands twice")
    used: dict[str, str] = {}
    for at, facts in enumerate(found.trees["measurements.json"]):
        _use(used, events, facts["event"], f"measurement {at}")
        event = events[facts["event"]]
        if event["output"] != f"measurements.json#/{at}" or event["query"] != _question(found, at):
            raise Differs(f"event {event['id']} bought another table than measurement {at}")
        if event["stddev"] != facts["stddev"] or event["purpose"] != f"learn {facts['group']}":
            raise Differs(f"measurement {at} says something else of its noise or its group than its event")
        if found.arrays[f"{at}/values"].dtype != np.int64:
            raise Differs(f"measurement {at} holds no whole numbers")
    fit = found.trees["fit.json"]
    if fit is not None:
        _use(used, events, fit["event"], "the fit of the source")
        if events[fit["event"]]["query"] != _digest(b"affected", *(x.encode() for x in fit["labels"])):
            raise Differs("the fit of the source answers another question than was bought")
    for each in found.trees["evaluation.json"]:
        _use(used, events, each["event"], f"`{each['name']}`")
    for what, each, question in _paid_answers(found):
        _use(used, events, each["event"], what)
        if (events[each["event"]]["query"], events[each["event"]]["stddev"]) != (question, each["stddev"]):
            raise Differs(f"{what} answers another question, or with other noise, than its event bought")
    for event in found.events:
        _known_question(event, used)
    spent: dict[str, list[int]] = {}
    for event in found.events:
        held = spent.setdefault(event["purpose"], [0, 0])
        held[0] += int(event["cost"]["mu2"])
        held[1] += int(event["cost"]["delta0"])
    allowed = _allotments(found.plan)
    for purpose, (mu2, delta0) in spent.items():
        if purpose not in allowed:
            raise Differs(f"`{purpose}` was bought, and no step of the plan asks for it")
        if mu2 > allowed[purpose][0] or delta0 > allowed[purpose][1]:
            raise Differs(f"`{purpose}` spent more than the plan gave it")
    for purpose in allowed:
        if purpose not in spent and purpose != "report" and not purpose.startswith("learn "):
            raise Differs(f"`{purpose}` is a step of the plan, and nothing was bought for it")
    if (fit is None) != ("fit of the source" not in allowed):
        raise Differs("the fit of the source is missing, or was never planned")
    many = len(found.trees["measurements.json"])
    said = f"{many_of(len(events), 'event')}, each of a step of the plan and within its price"
    said += f"; {many_of(many, 'measurement')}"
    return Check("completeness", "passed", said, {"events": len(events), "measurements": many})


def _known_question(event: dict[str, Any], used: dict[str, str]) -> None:
    """Refuse an event whose answer is nowhere, and that is none of those without one."""
    name, kind, stage = event["id"], event["mechanism"]["kind"], event["stage"]
    if stage != ("fit" if event["purpose"] == "fit of the source" else event["purpose"].split(" ")[0]):
        raise Differs(f"event {name} is of another stage than its purpose")
    if stage == "discover":
        if kind != "threshold" or event["query"] != _digest(b"touched", str(event["target"][0]).encode()):
            raise Differs(f"event {name} bought another list than that of its column")
    elif kind == "rounded_gaussian" and name not in used and stage not in ("tighten", "determine"):
        if stage != "report" or event["query"] != _digest(b"marginal"):
            raise Differs(f"the answer of event {name} is missing")
    elif kind in ("exponential", "subsampled_gaussian", "threshold") and (stage != "learn" or name in used):
        raise Differs(f"event {name} is of no step that selects or trains")


def _paid_answers(found: Found) -> Iterable[tuple[str, dict[str, Any], str]]:
    """Return the answers in scores.json: what each is, its facts, the digest of its question."""
    tree = found.trees.get("scores.json") or {}
    for each in tree.get("rows", ()):
        yield "the number of rows", each, _digest(b"marginal")
    for each in tree.get("tails", ()):
        yield f"the tail of `{each['column']}`", each, _digest(b"marginal", _levels(each["levels"]))
    for each in tree.get("scores", ()):
        axes = [each["label"]] if each["group"] is None else [each["label"], each["group"]]
        names = tuple(str(one["attribute"]) for one in each["points"])
        tables = [np.array(one["points"], dtype="<i8").tobytes() for one in each["points"]]
        cuts = np.array(each["edges"], dtype="<i8").tobytes()
        parts = (repr((names, len(axes))).encode(), cuts, *tables, *(_levels(one) for one in axes))
        yield f"the scores of `{each['label']['column']}`", each, _digest(b"scored", *parts)


def _levels(facts: dict[str, Any]) -> bytes:
    levels = np.array(facts["levels"], dtype="<i8").tobytes()
    return f"{facts['column']!r}/{len(facts['names'])}/".encode() + levels


def _use(used: dict[str, str], events: dict[str, Any], event: str, what: str) -> None:
    if event not in events:
        raise Differs(f"{what} names an event that is not in the ledger")
    if event in used:
        raise Differs(f"{what} and {used[event]} name one event: an answer nobody paid for")
    used[event] = what


def _allotments(plan: dict[str, Any]) -> dict[str, tuple[int, int]]:
    named = {op: op + " {column}" for op in ("discover", "tighten", "determine")}
    named |= {"fit": "learn {group}", "count_fit": "fit of the source"}
    found: dict[str, tuple[int, int]] = {}
    for op in plan["ops"]:
        if "cost" in op:
            purpose = named.get(op["op"], "report").format(**op)
            mu2, delta0 = found.get(purpose, (0, 0))
            found[purpose] = (mu2 + int(op["cost"]["mu2"]), delta0 + int(op["cost"]["delta0"]))
    return found


def _digest(*parts: bytes) -> str:
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        state.update(len(part).to_bytes(8, "big") + part)
    return state.hexdigest()


def _question(found: Found, at: int) -> str:
    parts = []
    for j, axis in enumerate(found.trees["measurements.json"][at]["axes"]):
        grouped = found.arrays[f"{at}/levels/{j}"].astype("<i8").tobytes() if axis["grouped"] else b""
        parts.append(f"{axis['attribute']!r}/{axis['size']}/".encode() + grouped)
    return _digest(b"marginal", *parts)


# ---- claim, sensitivities, prices -------------------------------------------------------------------------


def _claim(found: Found) -> Check:
    plan, ledger = found.plan, found.trees["ledger.json"]
    if _read(found.folder / "spec.yaml", MOST_JSON) != plan["spec_text"].encode():
        raise Differs("spec.yaml is not the spec of the plan")
    claim, private = ledger["claim"], plan["source"] is not None and not plan["source_public"]
    if claim is None or not private or plan["protection"] is None:
        if claim is not None or (private and found.events):
            raise Differs("private rows were read, and nothing is claimed")
        public = "the plan says that its source is public" if plan["source_public"] else "no source was read"
        return Check("claim", "passed", f"{public}, and nothing is claimed")
    protection = plan["protection"]
    if protection["neighbours"] not in ("add-remove", "replace") or not int(protection["max_rows"]) >= 1:
        raise Differs("the plan protects units of no rows, or against neighbours that there are not")
    if protection["unit"] == "row" and protection["max_rows"] != 1:
        raise Differs("the plan counts several rows of a unit that is a row")
    priced = [op["cost"] for op in plan["ops"] if "cost" in op]
    total = [sum(int(cost[key]) for cost in priced) for key in ("mu2", "delta0")]
    spent = [sum(int(event["cost"][key]) for event in found.events) for key in ("mu2", "delta0")]
    if [claim["cost"]["mu2"], claim["cost"]["delta0"]] != total:
        raise Differs("the claim is not the total of the plan")
    if any(s > t for s, t in zip(spent, total)) or any(
        t > plan["budget"][k] for t, k in zip(total, ("mu2", "delta0"))
    ):
        raise Differs("more was spent than claimed, or claimed than the budget allows")
    for key in ("unit", "max_rows", "neighbours"):
        if claim[key] != plan["protection"][key]:
            raise Differs(f"the claim is about another {key} than the plan")
    if claim["delta"] != plan["delta"] or claim["unit_null"] != plan["unit_null"]:
        raise Differs("the claim is about another delta, or other units, than the plan")
    facts = ledger["ledger"] or {}
    charged, cap = facts.get("charged"), facts.get("cap")
    for key, own in zip(("mu2", "delta0"), total):
        if charged and cap and not own <= charged[key] <= cap[key]:
            raise Differs("the ledger was charged more than its cap, or less than this release claims")
    share = spent[0] / total[0] if total[0] else 1.0
    said = f"the claim is the plan's total; {share:.2%} of it was spent"
    return Check("claim", "passed", said, {"mu2_claimed": total[0], "mu2_spent": spent[0]})


def _adds(plan: dict[str, Any], event: dict[str, Any]) -> int:
    """Return how many rows one unit adds at most to a table of the plan's step that bought `event`.

    One where it reads one row of each unit, the weight where rows share one, else `max_rows`: by the plan.
    """
    most, stage = int(plan["protection"]["max_rows"]), event["stage"]
    columns = {column["name"]: column for column in plan["columns"]}
    for op in plan["ops"]:
        learned = op["op"] == "fit" and stage == "learn" and event["purpose"] == f"learn {op['group']}"
        domain = op["op"] == stage and event["purpose"] == f"{stage} {op.get('column')}"
        if learned or (domain and event["target"] == [op["column"]]):
            break
    else:
        return most
    names = [op.get("column")]
    for group in (each for each in plan["groups"] if learned and each["name"] == op["group"]):
        names = [*group["columns"], *group["given"]]
    step = plan["ops"][op["view"]]
    if step["op"] in ("bound", "split"):
        return most
    if step["op"] not in ("units", "weigh") or plan["ops"][step["view"]]["op"] not in ("bound", "split"):
        raise Differs(f"event {event['id']} reads rows that are not bounded")
    if step["op"] == "units" and any(columns[name].get("per") != "unit" for name in names):
        raise Differs(f"event {event['id']} counts once per unit what is not per unit")
    if step["op"] == "weigh" and not most <= int(step["weight"]) <= 10_000:
        raise Differs("the rows of a unit share a weight that is too small for them, or too large")
    return 1 if step["op"] == "units" else int(step["weight"])


def _sensitivities(found: Found) -> Check:
    """Recompute each event's bounds from unit, max_rows, neighbours and the kind of question."""
    if not found.events:
        return Check("sensitivities", "passed", "nothing was bought")
    held, once = found.plan["protection"], 0
    most, twice = int(held["max_rows"]), held["neighbours"] == "replace"
    figures = {each["event"]: each for each in found.trees["evaluation.json"]}
    for event in found.events:
        m = _adds(found.plan, event)
        once += m != most
        step = m * (2 if twice else 1)
        counts = (step, m * m * (2 if twice else 1))
        kind, wanted = event["mechanism"]["kind"], counts
        if kind == "exponential":
            wanted = (GAP_GRID * step, (GAP_GRID * step) ** 2)
        elif kind == "threshold":
            wanted = (step, step)
        elif kind == "subsampled_gaussian":
            wanted = (event["sensitivity_l1"], 1)
        elif event["stage"] == "fit":
            wanted = (len(found.trees["fit.json"]["labels"]),) * 2
        elif event["id"] in figures:
            figure = figures[event["id"]]
            far = DISTANCE_GRID * step * (1 if figure["worst"] else int(figure["cliques"]))
            wanted = (far, far * far)
        if (event["sensitivity_l1"], event["sensitivity_l2_squared"]) != wanted:
            raise Differs(
                f"event {event['id']} states a sensitivity of L1 {event['sensitivity_l1']}, not {wanted[0]}"
            )
    said = f"{len(found.events)} recomputed for at most {most} rows a unit, {held['neighbours']}"
    said += f"; {once} of them about one row of each unit, or about rows that share a weight" if once else ""
    return Check("sensitivities", "passed", said)


def _prices(found: Found) -> Check:
    if found.plan["source_public"]:
        return Check("prices", "passed", "the rows are declared public: nothing has a price")
    kinds: dict[str, int] = {}
    for event in found.events:
        bought, cost = event["mechanism"], event["cost"]
        kind, mu2, delta0 = bought["kind"], int(cost["mu2"]), int(cost["delta0"])
        kinds[kind] = kinds.get(kind, 0) + 1
        l1, l2 = event["sensitivity_l1"], event["sensitivity_l2_squared"]
        if kind == "rounded_gaussian":
            least, stddev, slack = int(bought["mu2"]), math.sqrt(l2 / (bought["mu2"] * MU2)), 0
        elif kind == "threshold":
            least, stddev, slack = int(bought["mu2"]), math.sqrt(l2 / (bought["mu2"] * MU2)), bought["delta0"]
            if bought["partitions"] != _adds(found.plan, event):
                raise Differs(f"event {event['id']} allows for fewer values than a unit may have")
        elif kind == "exponential":
            e = bought["scale"] * 1e-12
            mu = -2 * NormalDist().inv_cdf(1 / (1 + math.exp(e / 2)))
            least, stddev, slack = math.floor(mu * mu * 1e15 * (1 - CLOSE)), 2 * l1 / e, 0
        elif kind == "subsampled_gaussian":
            if not run_holds(bought):
                raise Differs(f"event {event['id']} costs more than it states: the run's losses say so")
            least, stddev, slack = int(bought["mu2"]), bought["multiplier"] * 1e-9, bought["delta0"]
        else:
            raise Differs(f"event {event['id']} was bought by an unknown mechanism")
        if mu2 < least or mu2 > least * (1 + 3 * CLOSE) + 2 or delta0 != slack:
            raise Differs(f"event {event['id']} has another price than its mechanism")
        if abs(event["stddev"] - stddev) > CLOSE * stddev:
            raise Differs(
                f"event {event['id']} states a noise of {event['stddev']:.6g}, and paid for {stddev:.6g}"
            )
        if kind == "rounded_gaussian" and Fraction(event["stddev"]) ** 2 * bought["mu2"] * MU2 < l2:
            raise Differs(f"event {event['id']} has less noise than it paid for")
    said = (
        ", ".join(f"{many} {kind.replace('_', ' ')}" for kind, many in kinds.items()) or "nothing was bought"
    )
    return Check("prices", "passed", f"price and noise recomputed: {said}", dict(kinds))


def run_holds(bought: dict[str, Any]) -> bool:
    """Return whether a run of noisy gradients costs at most what it states, up to one part in 200 of mu.

    The loss of one step on an even grid, T steps by a Fourier transform; no bound, but another way to the
    same number.
    """
    rate, s, steps = bought["rate"] / 2**32, bought["multiplier"] * 1e-9, int(bought["steps"])
    mu, slack = math.sqrt(bought["mu2"] * MU2), float(bought["delta0"] * DELTA0)
    replace = bought["neighbours"] == "replace"
    if bought["rate"] == 2**32:
        return bool((4 if replace else 1) * steps / s**2 <= mu * mu * (1 + CLOSE))
    for sign in (1,) if replace else (1, -1):
        reach = 10 * s + 1
        x = np.linspace(-reach, reach, (1 << 17) + 1)
        plain, moved = np.exp(-((x / s) ** 2) / 2), np.exp(-(((x - 1) / s) ** 2) / 2)
        ratio = np.log1p(rate * np.expm1((2 * x - 1) / (2 * s * s)))
        if replace:
            loss = ratio - ratio[::-1]
            law = (1 - rate) * plain + rate * moved
        else:
            loss, law = sign * ratio, ((1 - rate) * plain + rate * moved if sign > 0 else plain)
        law = law / law.sum()
        spread = math.sqrt(float(law @ loss**2) * steps) + 1e-9
        top = steps * float(law @ loss) + 60 * spread + 2 * float(np.abs(loss).max())
        cells = 1 << 19
        width = 2 * top / cells
        spot = loss / width
        low = np.floor(spot).astype(np.int64)
        held = np.bincount(low % cells, law * (low + 1 - spot), cells)
        held += np.bincount((low + 1) % cells, law * (spot - low), cells)
        mass = np.maximum(np.fft.irfft(np.fft.rfft(held) ** steps, cells), 0.0)
        losses = np.where(np.arange(cells) < cells // 2, np.arange(cells), np.arange(cells) - cells) * width
        for e in np.linspace(-4 * mu, mu * mu / 2 + 8 * mu, 40):
            far = losses > e
            run = float(mass[far] @ -np.expm1(e - losses[far]))
            if run > slack + (1 - slack) * delta_of(mu * 1.005, float(e)) + 1e-2 * slack + 1e-13:
                return False
    return True


# ---- epsilon ----------------------------------------------------------------------------------------------


def delta_of(mu: float, epsilon: float) -> float:
    """Return delta(epsilon) of mu-GDP."""
    if mu <= 0:
        return 0.0
    a, b = mu / 2 - epsilon / mu, -mu / 2 - epsilon / mu
    return math.erfc(-a / math.sqrt(2)) / 2 - math.exp(epsilon) * math.erfc(-b / math.sqrt(2)) / 2


def epsilon_of(mu2: int, delta0: int, delta: float) -> float:
    """Return the least epsilon of a total price at `delta`, by bisection."""
    slack, mu = float(delta0 * DELTA0), math.sqrt(mu2 * MU2)
    if mu2 == 0:
        return 0.0
    if slack >= delta:
        return math.inf
    target = (delta - slack) / (1 - slack)
    low, high = 0.0, mu * mu / 2 + mu * math.sqrt(-2 * math.log(target)) + 1
    if delta_of(mu, 0.0) <= target:
        return 0.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_of(mu, middle) > target else (low, middle)
    return high


def _epsilon(found: Found) -> Check:
    claim = found.trees["ledger.json"]["claim"]
    if claim is None:
        return Check("epsilon", "passed", "nothing is claimed")
    delta, cost = claim["delta"], claim["cost"]
    spent = [sum(int(event["cost"][key]) for event in found.events) for key in ("mu2", "delta0")]
    whole, part = (
        epsilon_of(int(cost["mu2"]), int(cost["delta0"]), delta),
        epsilon_of(spent[0], spent[1], delta),
    )
    if not whole * (1 - 1e-6) <= claim["epsilon"] <= whole * (1 + 1e-6) + CLOSE:
        raise Differs(
            f"epsilon {claim['epsilon']:.6g} is claimed, and the plan's total amounts to {whole:.6g}"
        )
    if abs(claim["mu"] - math.sqrt(cost["mu2"] * MU2)) > CLOSE * claim["mu"]:
        raise Differs("the claimed mu is not that of the claimed price")
    rho = spent[0] * float(MU2) / 2
    said = f"events amount to ({part:.6g}, {delta:g}), at or under the claim of {claim['epsilon']:.6g}"
    figures: dict[str, float | int | str] = {"events": part, "claim": claim["epsilon"], "delta": delta}
    if not spent[1]:
        loose = rho + 2 * math.sqrt(rho * math.log(1 / delta))
        figures["zcdp"] = loose
        said += f"; by zCDP {loose:.4g} (information)"
    return Check("epsilon", "passed", said, figures)


# ---- noise ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counted:
    """One table: attributes in order, the group of each code per axis, counts, variance of a cell."""

    names: tuple[str, ...]
    groups: tuple[Array, ...]
    values: Array
    variance: float

    @property
    def key(self) -> tuple[tuple[str, ...], tuple[bytes, ...]]:
        """What was asked."""
        return self.names, tuple(group.tobytes() for group in self.groups)

    def over(self, names: tuple[str, ...]) -> Counted:
        """Return the sums over all other attributes."""
        axes = tuple(i for i, name in enumerate(self.names) if name not in names)
        many = math.prod(self.values.shape[i] for i in axes)
        groups = tuple(g for name, g in zip(self.names, self.groups) if name in names)
        return Counted(names, groups, self.values.sum(axis=axes), self.variance * many)

    def contrast(self) -> Counted:
        """Return what is left without the means along each axis: its parts are independent of all others."""
        values = self.values
        for axis in range(values.ndim):
            values = values - values.mean(axis=axis, keepdims=True)
        return Counted(self.names, self.groups, values, self.variance)


def residuals(tables: Sequence[Counted]) -> tuple[float, int, int]:
    """Return the sum of squares of what overlapping tables contradict each other by, its degrees of freedom,
    and how many overlaps were left out because they are too large to solve.

    Whatever the rows are, noise of the stated scale makes it a chi-square. A table's sums over subsets S of
    its attributes, less all lower means, are independent of each other; for each S all tables that hold S
    measure one unknown. With equal groups its least squares are a weighted mean; else they are solved over
    the codes that no group tells apart.
    """
    square, dof, left_out = 0.0, 0, 0
    whole, found, many = _pooled(tables)
    square, dof = square + found, dof + many
    held: dict[tuple[str, ...], list[Counted]] = {}
    for table in whole:
        for order in range(len(table.names) + 1):
            for names in combinations(table.names, order):
                held.setdefault(names, []).append(table)
    for names, several in held.items():
        if len(several) < 2:
            continue
        apart, found, many = _pooled([each.over(names).contrast() for each in several], less=1)
        square, dof = square + found, dof + many
        if len(apart) > 1:
            solved = _solved(apart)
            if solved is None:
                left_out += 1
                continue
            square, dof = square + solved[0], dof + solved[1]
    return square, dof, left_out


def _pooled(tables: Sequence[Counted], less: int = 0) -> tuple[list[Counted], float, int]:
    """Return tables of equal questions pooled by precision, what they contradict, its degrees of freedom."""
    kinds: dict[Any, list[Counted]] = {}
    for table in tables:
        kinds.setdefault(table.key, []).append(table)
    pooled, square, dof = [], 0.0, 0
    for several in kinds.values():
        weights = np.array([1 / each.variance for each in several])
        weight = float(weights.sum())
        mean: Array = np.tensordot(weights, np.stack([each.values for each in several]), axes=1) / weight
        square += sum(float(((each.values - mean) ** 2).sum()) / each.variance for each in several)
        dof += (len(several) - 1) * math.prod(size - less for size in mean.shape)
        pooled.append(Counted(several[0].names, several[0].groups, mean, 1 / weight))
    return pooled, square, dof


def _solved(tables: Sequence[Counted]) -> tuple[float, int] | None:
    """Return residual and degrees of freedom of contrasts on different groups; None when it is too large."""
    atoms = []
    for axis in range(len(tables[0].names)):
        _, label = np.unique(np.stack([each.groups[axis] for each in tables]), axis=1, return_inverse=True)
        label = label.reshape(-1)
        first = np.unique(label, return_index=True)[1]
        atoms.append(first)
    columns, rows = math.prod(map(len, atoms)), sum(each.values.size for each in tables)
    if columns * rows > SOLVED:
        return None
    designs, wanted, count = [], [], 0
    for each in tables:
        design, flat = np.ones((1, 1)), each.values
        for axis, (group, first) in enumerate(zip(each.groups, atoms)):
            basis = _basis(flat.shape[axis])
            design = np.kron(design, basis @ (group[first][None, :] == np.arange(len(basis) + 1)[:, None]))
            flat = np.moveaxis(np.tensordot(basis, flat, axes=(1, axis)), 0, axis)
        designs.append(design / math.sqrt(each.variance))
        wanted.append(flat.ravel() / math.sqrt(each.variance))
        count += flat.size
    matrix, target = np.concatenate(designs), np.concatenate(wanted)
    scale = np.linalg.norm(matrix, axis=1).max() or 1.0
    u, values, _ = np.linalg.svd(matrix / scale, full_matrices=False)
    basis = u[:, values > 1e-9 * max(matrix.shape) * (values[0] if len(values) else 0.0)]
    return float(((target - basis @ (basis.T @ target)) ** 2).sum()), count - basis.shape[1]


def _basis(size: int) -> Array:
    """Return orthonormal rows that are orthogonal to ones (Helmert's), shape (size - 1, size)."""
    k = np.arange(1, size)[:, None]
    at = np.arange(size)[None, :]
    return np.asarray((np.where(at < k, 1.0, 0.0) - np.where(at == k, k, 0.0)) / np.sqrt(k * (k + 1)))


def chi_square(x: float, dof: float) -> float:
    """Return P(chi-square of `dof` <= x): a series below the middle, a continued fraction above."""
    a, x = dof / 2, x / 2
    if x <= 0:
        return 0.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        n = a
        while term > total * 1e-16:
            n += 1
            term *= x / n
            total += term
        return min(1.0, front * total)
    b, c, at = x + 1 - a, 1e300, 0
    d = h = 1 / b
    while at < 1_000_000:
        at += 1
        b += 2
        d = 1 / (at * (a - at) * d + b)
        c = b + at * (a - at) / c
        h *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return max(0.0, 1 - front * h)


def quantile(share: float, dof: float) -> float:
    """Return where a chi-square of `dof` lies with probability `share`, by bisection."""
    low, high = 0.0, dof + 40 * math.sqrt(2 * dof) + 100
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if chi_square(middle, dof) < share else (low, middle)
    return (low + high) / 2


def judged(square: float, dof: int, wider: float, how: str) -> Check:
    """Return the verdict on a sum of squares: two-sided at LEVEL, with the power to see a factor of 2."""
    low, high = (dof >= FEW) * quantile(LEVEL / 2, dof) / wider, quantile(1 - LEVEL / 2, dof) * wider
    power = min(chi_square(low * 4, dof), 1 - chi_square(high / 4, dof))
    ratio = math.sqrt(square / dof)
    figures: dict[str, float | int | str] = {
        "statistic": square, "dof": dof, "low": low, "high": high, "power": power, "scale": ratio,
    }  # fmt: skip
    said = f"noise is {ratio:.3f} of what is claimed ({dof} degrees of freedom; {how}); "
    said += f"a factor of 2 is seen with probability {power:.4f}"
    if not low <= square <= high:
        return Check("noise", "failed", f"not the claimed scale: {said}", figures)
    return Check("noise", "passed" if power >= POWER else "could not have seen it", said, figures)


def counted(found: Found) -> dict[int, list[Counted]]:
    """Return the measurements, attributes sorted, by what one unit adds: counts of units, or of rows."""
    tables: dict[int, list[Counted]] = {}
    events = {event["id"]: event for event in found.events}
    for at, facts in enumerate(found.trees["measurements.json"]):
        names = [str(axis["attribute"]) for axis in facts["axes"]]
        shape = [int(axis["size"]) for axis in facts["axes"]]
        groups = [
            found.arrays[f"{at}/levels/{j}"].astype(np.int64) if axis["grouped"] else np.arange(shape[j])
            for j, axis in enumerate(facts["axes"])
        ]
        order = sorted(range(len(names)), key=names.__getitem__)
        values = found.arrays[f"{at}/values"].astype(np.float64).reshape(shape).transpose(order)
        tables.setdefault(_adds(found.plan, events[facts["event"]]), []).append(
            Counted(tuple(names[i] for i in order), tuple(groups[i] for i in order), values,
                    float(facts["stddev"]) ** 2 + 1 / 12)
        )  # fmt: skip
    return tables


def _noise(found: Found) -> Check:
    if not found.trees["measurements.json"] or found.plan["source_public"]:
        return Check("noise", "not done", "no private rows were measured")
    square, dof, left_out = 0.0, 0, 0
    for level in counted(found).values():
        one, many, out = residuals([table for table in level if table.variance >= LEAST])
        square, dof, left_out = square + one, dof + many, left_out + out
    if not dof:
        return Check("noise", "could not have seen it", "no two measurements overlap", {"dof": 0})
    grouped = any(axis["grouped"] for each in found.trees["measurements.json"] for axis in each["axes"])
    chosen = grouped or any(event["mechanism"]["kind"] == "exponential" for event in found.events)
    how = f"tables chosen on the way, so wider by {WIDER - 1:.0%}" if chosen else "tables fixed in advance"
    how += f"; {left_out} overlaps too large to solve" if left_out else ""
    return judged(square, dof, WIDER if chosen else 1.0, how)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
