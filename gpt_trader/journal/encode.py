"""The one text form of a value: equal values give equal bytes, in every process."""

import json


def canonical_json(value: object) -> str:
    """Encode a JSON value with sorted keys, no spaces and plain UTF-8 text.

    Raises ValueError on NaN and infinities (encode an undefined number as None) and on text
    that is not valid Unicode (lone surrogates), TypeError on anything JSON does not know.
    """
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    text.encode()
    return text
