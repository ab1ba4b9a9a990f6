"""Ed25519 in plain Python: the published vectors, the published edge cases, and a second implementation."""

from __future__ import annotations

import hashlib

import pytest

from synthspec.release import ed25519
from synthspec.release.ed25519 import L, P, is_key, verifies

RFC_8032 = [  # 7.1: public key, message, signature
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
        "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]

SPECCHECK = [  # Chalkias, Garillot & Nikolaenko 2020; message, public key, signature; and what is wrong
    (
        "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
        "0000000000000000000000000000000000000000000000000000000000000000",
        "small A and R",
    ),
    (
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43"
        "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
        "small A",
    ),
    (
        "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"
        "8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e",
        "small R",
    ),
    (
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512"
        "5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
        "holds with the cofactor only",
    ),
    (
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7"
        "e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
        "holds with the cofactor only",
    ),
    (
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e"
        "547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
        "S above L",
    ),
    (
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa1942"
        "7e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
        "S far above L",
    ),
    (
        "fdaebc429f4a735932a160da1301080c13280eea8bc280d1b392c6b9e6ba3a5a",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
        "454d370c8d9fc323a41450f8d513eafeb5b0697390c1e505a0d4ddc71f566607",
        "R not canonical",
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_vectors_of_rfc_8032_hold(public: str, message: str, signature: str) -> None:
    key, text, sign = (bytes.fromhex(each) for each in (public, message, signature))
    assert verifies(key, text, sign)
    assert is_key(key)
    assert not verifies(key, text + b"x", sign)


@pytest.mark.parametrize(("message", "public", "signature", "why"), SPECCHECK)
def test_the_known_edge_cases_are_refused(message: str, public: str, signature: str, why: str) -> None:
    assert not verifies(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)), why


def test_the_one_edge_case_that_is_sound_holds() -> None:
    """A and R of mixed order, for which the equation without the cofactor holds."""
    message = "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79"
    public = "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"
    signature = (
        "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f"
        "87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009"
    )
    assert verifies(*(bytes.fromhex(each) for each in (public, message, signature)))


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_a_signature_has_no_second_form(public: str, message: str, signature: str) -> None:
    key, text, sign = (bytes.fromhex(each) for each in (public, message, signature))
    scalar = int.from_bytes(sign[32:], "little")
    for more in range(1, 2**256 // L):
        if scalar + more * L < 2**256:
            assert not verifies(key, text, sign[:32] + (scalar + more * L).to_bytes(32, "little"))


def test_the_eight_points_of_small_order_are_no_keys_and_no_commitments() -> None:
    order_eight = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
    point = ed25519._decoded(order_eight)
    assert point is not None
    seen = set()
    for times in range(8):
        x, y, z, _ = ed25519._times(times, point)
        inverse = pow(z, P - 2, P)
        x, y = x * inverse % P, y * inverse % P
        encoded = (y | (x & 1) << 255).to_bytes(32, "little")
        seen.add(encoded)
        assert not is_key(encoded)
        assert not verifies(encoded, b"m", encoded + bytes(32))
    assert len(seen) == 8


@pytest.mark.parametrize("y", [P, P + 1, 2**255 - 1])
def test_a_point_has_one_encoding(y: int) -> None:
    assert not is_key(y.to_bytes(32, "little"))
    assert not is_key((y | 1 << 255).to_bytes(32, "little"))


def test_zero_has_no_sign() -> None:
    assert ed25519._decoded((1 | 1 << 255).to_bytes(32, "little")) is None


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_key_has_32_bytes_and_a_signature_64(size: int) -> None:
    assert not is_key(bytes(size))
    assert not verifies(bytes(size), b"", bytes(64))
    assert not verifies(bytes.fromhex(RFC_8032[0][0]), b"", bytes(size if size < 64 else 65))


def test_it_agrees_with_another_implementation_on_honest_and_on_mutated_signatures() -> None:
    pytest.importorskip("cryptography", reason="the extra `sign` is not installed")
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    def theirs(key: bytes, text: bytes, sign: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(sign, text)
        except (InvalidSignature, ValueError):
            return False
        return True

    accepted = 0
    for trial in range(24):
        private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"key %d" % trial).digest())
        key, text = private.public_key().public_bytes_raw(), hashlib.sha512(b"%d" % trial).digest()[:trial]
        sign = private.sign(text)
        assert verifies(key, text, sign)
        assert theirs(key, text, sign)
        accepted += 1
        for part, where in ((0, 8 * trial % 256), (1, 0), (2, 8 * trial % 512), (2, (8 * trial + 259) % 512)):
            parts = [bytearray(key), bytearray(text or b"\0"), bytearray(sign)]
            parts[part][where // 8 % len(parts[part])] ^= 1 << (trial % 8)
            mutated = tuple(bytes(each) for each in parts)
            assert verifies(*mutated) == theirs(*mutated) is False
    assert accepted == 24
