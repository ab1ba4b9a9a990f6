"""The codes of family Q about keys, signatures and the commitment to the source."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "Q640": Entry(
        title="the signature of the release does not hold",
        text=(
            "attestation.intoto.jsonl says who signed which bytes. It is damaged, a signature in it is not "
            "that of its key, one that the statement names is missing, or it was made for other files than "
            "those that lie beside it. Whatever the release says, nobody vouches for these bytes."
        ),
        related=("Q604", "Q642"),
    ),
    "Q641": Entry(
        title="a signed release is not changed",
        text=(
            "A signature covers every file of the release. Adding a report to the folder, or putting another "
            "release in its place, would leave a signature that holds for nothing. A report can be written "
            "to another place; another release has another folder."
        ),
        bad="synthspec train hospital.yaml -o out/hospital --replace     # out/hospital is signed",
        good="synthspec train hospital.yaml -o out/hospital-2",
        related=("Q601",),
    ),
    "Q642": Entry(
        title="the release is signed already",
        text=(
            "Signing anew starts over: the statement is written again and the signatures of all others are "
            "dropped, because they were given to another statement. That is done only when asked for. A "
            "second signer who is named by the statement adds a signature with `release countersign`."
        ),
        bad="synthspec release sign out/hospital --key dpo     # the operator has signed",
        good="synthspec release countersign out/hospital --key dpo",
        related=("Q644",),
    ),
    "Q643": Entry(
        title="a key that cannot be used",
        text=(
            "A private key is a PEM file that only its owner may read; it is never overwritten. The public "
            "key is one line, `ed25519:` and base64, that `keys show` prints. The file is missing or taken, "
            "readable by others, needs a passphrase, or holds something else."
        ),
        bad="chmod 644 operator.pem; synthspec release sign out/hospital --key operator.pem",
        good="chmod 600 operator.pem; synthspec release sign out/hospital --key operator.pem",
    ),
    "Q644": Entry(
        title="a signer that the statement does not name",
        text=(
            "The statement that is signed lists who is to sign, with role and public key, so that a "
            "signature that was deleted is missed. Whoever countersigns must be on that list; the first "
            "signer puts them there. A release that nobody signed has no list yet."
        ),
        bad="synthspec release countersign out/hospital --key dpo     # the operator named nobody",
        good="synthspec release sign out/hospital --key operator --with 'data-protection officer=dpo.pub'",
        related=("Q642",),
    ),
    "Q645": Entry(
        title="a file that is not part of the release",
        text=(
            "Only the files that manifest.json names belong to a release. Others in its folder are covered "
            "by no digest and no signature, and a reader could take them for evidence."
        ),
        bad="cp notes.txt out/hospital; synthspec release sign out/hospital --key operator",
        good="mv out/hospital/notes.txt .; synthspec release sign out/hospital --key operator",
        related=("Q604",),
    ),
    "Q646": Entry(
        title="not the files that the release was made from",
        text=(
            "The release carries a commitment to the bytes of its source. These files have another one: "
            "they were changed since, are not all of them, or are others. Their names and their order do "
            "not count; each byte does."
        ),
        related=("Q647",),
    ),
    "Q647": Entry(
        title="the commitment to the source cannot be opened",
        text=(
            "The commitment hides the source: without its key nobody can test which files it was made "
            "from. The key is kept in the folder `inside` of the ledgers' home, on the machine that "
            "trained, and its keeper can hand it to an authorised auditor. A release of public rows, or of "
            "an early version, has no commitment."
        ),
        bad="synthspec release match out/hospital stays.csv     # on the auditor's machine",
        good="synthspec release match out/hospital stays.csv --commitment-key hospital.key",
        related=("Q646",),
    ),
    "Q648": Entry(
        title="signing needs the extra `sign`",
        text=(
            "Keys are made and releases signed by the package cryptography, which is not installed by "
            "default. Checking a signature needs nothing."
        ),
        bad="pip install synthspec; synthspec keys new operator",
        good="pip install 'synthspec[sign]'",
    ),
}
