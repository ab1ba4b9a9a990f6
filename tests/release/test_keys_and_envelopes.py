"""Public keys as lines, and envelopes: one form each, and nothing else is taken for one."""

from __future__ import annotations

import base64
import json

import pytest

from synthspec.errors import ReleaseError
from synthspec.release.dsse import Envelope, Signed
from synthspec.release.public_key import PublicKey, read_keys
from synthspec.release.statement import is_role

RAW = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
LINE = "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo= ana"


def test_a_key_is_a_line_and_back() -> None:
    key = PublicKey.of(LINE)
    assert key == PublicKey(RAW, "ana")
    assert key.line == LINE
    assert key.fingerprint == "21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9"
    assert PublicKey.of(key.text).line == key.text


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ana",
        LINE.replace("ed25519", "rsa"),
        LINE.replace("=", ""),
        LINE.replace("URo=", "URp="),  # the same bytes, written in another way
        LINE.replace("11q", "11q\n"),
        "ed25519:" + base64.b64encode(RAW[:31]).decode(),
        "ed25519:" + base64.b64encode((1).to_bytes(32, "little")).decode() + " neutral",
        "ed25519:" + base64.b64encode(b"\xff" * 32).decode(),
        LINE + "<script>",
        LINE + "\x1b[31m",
        LINE + "x" * 101,
    ],
)
def test_what_is_not_exactly_a_key_is_none(line: str) -> None:
    with pytest.raises(ReleaseError, match="Q643"):
        PublicKey.of(line)


def test_a_file_of_keys_has_one_a_line_and_comments() -> None:
    found = read_keys(f"# trusted here\n\n{LINE}\n  {LINE.replace('ana', 'ben')}  # of the clinic\n")
    assert [key.name for key in found] == ["ana", "ben"]
    assert read_keys("# nobody\n") == ()


@pytest.mark.parametrize("role", ["operator", "data-protection officer", "a2"])
def test_roles_are_plain_words(role: str) -> None:
    assert is_role(role)


@pytest.mark.parametrize("role", ["", "Operator", " x", "x ", "x\n", "a" * 65, "<b>", "ä"])
def test_other_words_are_no_roles(role: str) -> None:
    assert not is_role(role)


def test_the_signed_bytes_are_those_of_the_protocol() -> None:
    envelope = Envelope(b"hello world", "http://example.com/HelloWorld")
    assert envelope.message == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_lengths_are_those_of_bytes() -> None:
    assert Envelope("ä".encode(), "ü").message == b"DSSEv1 2 \xc3\xbc 2 \xc3\xa4"


ENVELOPE = Envelope(b'{"a": 1}', signatures=(Signed("k1", b"one"), Signed("k2", b"two!")))


def test_an_envelope_is_a_line_and_back() -> None:
    line = ENVELOPE.line()
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert Envelope.of(line) == ENVELOPE


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"null\n",
        b"[]\n",
        b"{}\n",
        ENVELOPE.line()[:-1],
        ENVELOPE.line() + b"\n",
        ENVELOPE.line() * 2,
        ENVELOPE.line().replace(b":", b": ", 1),
        ENVELOPE.line().replace(b'"payload"', b'"extra":1,"payload"'),
        ENVELOPE.line().replace(b'"sig":"b25l"', b'"sig":"b25l","x":1'),
        ENVELOPE.line().replace(b"dHdvIQ==", b"dHdvIR=="),  # other bits in the padding, the same bytes
        ENVELOPE.line().replace(b"dHdvIQ==", b"dHdv-Q=="),
        ENVELOPE.line().replace(b'"k2"', b'"k1"'),
        ENVELOPE.line().replace(b'"k1"', b'"\\u006b1"'),
        b'{"payload":' + b"[" * 100_000,
    ],
)
def test_an_envelope_has_one_form_only(line: bytes) -> None:
    with pytest.raises(ValueError, match="envelope"):
        Envelope.of(line)


def test_a_second_signature_of_the_same_key_takes_the_place_of_the_first() -> None:
    key = PublicKey(RAW)
    once = Envelope(b"x").with_signature(key, b"1")
    assert once.with_signature(key, b"2").signatures == (Signed(key.fingerprint, b"2"),)


def test_a_signature_under_the_id_of_a_key_must_be_that_of_the_key() -> None:
    key = PublicKey(RAW)
    assert not Envelope(b"x").signed_by(key)
    assert not Envelope(b"x").with_signature(key, bytes(64)).signed_by(key)


def test_the_line_is_plain_json_that_other_programs_read() -> None:
    tree = json.loads(ENVELOPE.line())
    assert set(tree) == {"payload", "payloadType", "signatures"}
    assert base64.b64decode(tree["payload"]) == ENVELOPE.payload
    assert tree["payloadType"] == "application/vnd.in-toto+json"
