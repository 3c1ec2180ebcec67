"""What keeps a row out: near-duplicates, secrets, licences."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmcode_agent.synth.hygiene import (
    PERMISSIVE,
    LicenceGate,
    NearDuplicates,
    PatternSecretGate,
    licence_of,
    shingles,
    similarity,
)

WORDS = st.lists(st.sampled_from(["alpha", "beta", "gamma", "delta", "eps", "zeta"]), max_size=40)


@given(WORDS, WORDS)
def test_similarity_is_what_it_says(left: list[str], right: list[str]) -> None:
    """It lies between 0 and 1, is symmetric, and 1 for the same text with other spacing."""
    one, two = shingles(" ".join(left)), shingles("  ".join(right))
    assert 0.0 <= similarity(one, two) == similarity(two, one) <= 1.0
    if left:
        assert similarity(one, shingles("\n".join(left))) == 1.0


def test_near_duplicates_are_found_and_never_invented() -> None:
    """Against comparing all pairs: nothing is claimed that is not so, and next to none missed."""
    draw = random.Random(7)
    words = [f"w{n}" for n in range(400)]
    texts = [" ".join(draw.choices(words, k=60)) for _ in range(60)]
    for text in list(texts):
        changed = text.split()
        for _ in range(draw.randrange(4)):
            changed[draw.randrange(len(changed))] = "new"
        texts.append(" ".join(changed))
    near = NearDuplicates(0.8)
    found = set()
    for at, text in enumerate(texts):
        found |= {(int(other), at) for other in near.like(text)}
        near.add(str(at), text)
    pieces = [shingles(text) for text in texts]
    true = {
        (a, b)
        for b in range(len(texts))
        for a in range(b)
        if similarity(pieces[a], pieces[b]) >= 0.8
    }
    assert found <= true
    assert len(true) > 20
    assert len(true - found) <= 1


def test_empty_texts_repeat_nothing() -> None:
    """Nothing is like nothing."""
    near = NearDuplicates()
    near.add("a", "")
    assert list(near.like("")) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("AKIA" + "ABCDEFGHIJKLMNOP", "an AWS key"),
        ("x = 'ghp_" + "a1" * 18 + "'", "a GitHub token"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq\n", "a private key"),
        ("api_key = 'q8Zr2Lm9Xv4Tn7Wk1Pb6Yc3'", "a password or key"),
        ("password = 'correct-horse-battery-staple'", None),
        ("password = get_password('name of the account')", None),
        ("key = 'AKIA_NOT_A_KEY'", None),
    ],
)
def test_secrets(text: str, kind: str | None) -> None:
    """Shapes of known secrets and random text under telling names are secrets; words are not."""
    assert PatternSecretGate().found(text) == kind


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SPDX-License-Identifier: MIT-0", "MIT-0"),
        ("Permission is hereby granted,\n free of charge, to any", "MIT"),
        ("Apache License\n    Version 2.0, January 2004", "Apache-2.0"),
        ("GNU GENERAL PUBLIC LICENSE\n Version 3", "GPL-3.0"),
        ("GNU AFFERO GENERAL PUBLIC LICENSE", "AGPL-3.0"),
        ("Redistribution and use in source … Neither the name of", "BSD-3-Clause"),
        ("Redistribution and use in source and binary forms", "BSD-2-Clause"),
        ("All rights reserved.", ""),
    ],
)
def test_licences_are_named(text: str, name: str) -> None:
    """A licence is known by words that it alone has."""
    assert licence_of(text) == name


def test_the_licence_gate() -> None:
    """None allows all; a list refuses what is not on it, and what is not known."""
    assert LicenceGate().refusal([]) is None
    gate = LicenceGate(PERMISSIVE)
    assert gate.refusal(["GPL-3.0", "MIT"]) is None
    assert gate.refusal(["GPL-3.0"]) == "licence GPL-3.0 not allowed"
    assert gate.refusal([]) == "no licence found"
