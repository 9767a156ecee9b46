import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.journal.encode import canonical_json

texts = st.text(st.characters(exclude_categories=("Cs",)))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
)


@given(values)
def test_value_survives_and_encodes_the_same_again(value):
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


def test_text_is_sorted_tight_and_readable():
    assert canonical_json({"b": [1, 0.1], "a": "é\n€"}) == '{"a":"é\\n€","b":[1,0.1]}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), "\ud800"])
def test_what_json_cannot_say_is_refused(value):
    with pytest.raises(ValueError, match=r"."):
        canonical_json({"a": [value]})


def test_unknown_type_is_refused():
    with pytest.raises(TypeError):
        canonical_json({"a": object()})


def test_text_does_not_depend_on_the_hash_seed():
    code = (
        "from gpt_trader.journal.encode import canonical_json as c;"
        "print(c({k: i for i, k in enumerate({'x', 'yy', 'zzz', 'w'})}.keys().__len__()),"
        "c({k: 1 for k in {'x', 'yy', 'zzz', 'w'}}))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert runs == {b'4 {"w":1,"x":1,"yy":1,"zzz":1}\n'}
