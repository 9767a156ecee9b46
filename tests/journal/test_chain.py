import hashlib

from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.journal.chain import GENESIS, link

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)


def test_link_is_the_documented_bytes():
    documented = (
        GENESIS
        + (-5).to_bytes(8, "big", signed=True)
        + (3).to_bytes(8, "big")
        + b"bar"
        + (2).to_bytes(8, "big")
        + "é".encode()
        + (0).to_bytes(8, "big")
        + (2).to_bytes(8, "big")
        + b"[]"
    )
    assert link(GENESIS, -5, "bar", "é", "", "[]") == hashlib.sha256(documented).digest()


@given(st.tuples(texts, texts, texts, texts), st.tuples(texts, texts, texts, texts))
def test_different_texts_never_share_a_digest(one, other):
    assert (link(GENESIS, 0, *one) == link(GENESIS, 0, *other)) == (one == other)


def test_digest_covers_predecessor_and_time():
    assert link(GENESIS, 0, "a") != link(bytes(31) + b"\1", 0, "a")
    assert link(GENESIS, 0, "a") != link(GENESIS, 1, "a")
