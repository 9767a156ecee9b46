"""The reader of the documentation finds what is there, so that the tests on it can fail."""

from tests.docs.markdown import Step, anchors, console_blocks, relative_links, tables

PAGE = """\
# Two words, and `code`

See [the other](other.md#part), [outside](https://example.com/) and `[not](a-link.md)`.

<!-- exact -->
```console
$ gpt-trader --version
gpt-trader 0.1.0
$ gpt-trader backtest \\
    --demo
```

<!-- not-run: needs an account -->
```console
$ gpt-trader account
```

Text ends the reach of a marker.

<!-- exit: 6 -->
```console
$ gpt-trader run --once
```

```sh
$ ignored
[also](ignored.md)
```

## Two words, and code
"""


def test_blocks_carry_commands_output_and_markers():
    exact, skipped, failing = console_blocks(PAGE)
    assert exact.steps == (
        Step("gpt-trader --version", "gpt-trader 0.1.0\n"),
        Step("gpt-trader backtest --demo", ""),
    )
    assert exact.exact
    assert exact.line == 6
    assert exact.not_run is None
    assert skipped.not_run == "needs an account"
    assert not skipped.exact
    assert failing.exit_code == 6
    assert failing.not_run is None


def test_links_leave_out_code_and_the_outside():
    assert relative_links(PAGE) == ["other.md#part"]


def test_anchors_are_numbered_when_repeated():
    assert anchors(PAGE) == {"two-words-and-code", "two-words-and-code-1"}


def test_a_row_that_is_longer_than_its_head_is_counted_in_full():
    assert tables("| a | b |\n| --- | --- |\n| `x\\|y` | 2 | 3 |\n\nno | table") == [[2, 2, 3]]
