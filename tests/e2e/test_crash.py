"""Killed, stopped, resumed, started twice: nothing is lost and nothing comes twice."""

import json
import os
import signal
import subprocess

import pytest

from tests.session_helpers import COMMAND, CROSS, call, fills_in, lines_of, shell, write_market


@pytest.fixture
def flags(tmp_path):
    data = write_market(tmp_path / "SOL-USD_1h.csv", n=400)
    return ("run", "-p", "dev", *CROSS, "--order-style", "taker", "--data", str(data))


def started(flags, *more):
    """Start the bot on its own; its stdout is lines of JSON."""
    return subprocess.Popen(
        [str(COMMAND), *flags, "--json", *map(str, more)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def after_lines(bot, n):
    return [json.loads(bot.stdout.readline()) for _ in range(n)]


def undisturbed(capsys, flags, tmp_path):
    file = tmp_path / "whole.csv"
    code, out, _ = call(capsys, *flags, "--json", "--fills", file, "--state-dir", tmp_path / "w")
    assert code == 0
    return fills_in(file), lines_of(out)


def test_a_killed_session_resumes_with_nothing_lost_and_nothing_twice(capsys, flags, tmp_path):
    whole, _ = undisturbed(capsys, flags, tmp_path)
    with started(flags, "--speed", "300") as bot:
        after_lines(bot, 120)
        bot.send_signal(signal.SIGKILL)
    file = tmp_path / "fills.csv"
    code, out, _ = call(capsys, *flags, "--json", "--fills", file)
    summary = lines_of(out)[-1]
    assert code == 0
    assert summary["resumed"] is True
    assert 0 < summary["cycles"] < summary["session_cycles"]
    assert fills_in(file) == whole
    assert len(whole) > 5
    code, out, _ = call(capsys, "replay")
    assert code == 0
    assert out.startswith("identical: ")


def test_sigterm_ends_with_the_state_saved_and_the_same_command_goes_on(capsys, flags, tmp_path):
    whole, cycles = undisturbed(capsys, flags, tmp_path)
    with started(flags, "--speed", "300") as bot:
        seen = after_lines(bot, 100)
        bot.send_signal(signal.SIGTERM)
        rest = lines_of(bot.stdout.read())
        error = bot.stderr.read()
    assert bot.returncode == 130
    assert "Traceback" not in error
    assert rest[-1]["type"] == "summary"
    assert rest[-1]["interrupted"] is True
    file = tmp_path / "fills.csv"
    code, out, _ = call(capsys, *flags, "--json", "--fills", file)
    assert code == 0
    again = lines_of(out)
    both = [*seen, *rest[:-1], *again[:-1]]
    assert [line["cycle"] for line in both] == list(range(1, len(cycles)))
    assert fills_in(file) == whole


def test_a_second_instance_is_refused_and_status_shows_the_first(capsys, flags):
    with started(flags, "--speed", "20") as bot:
        after_lines(bot, 2)
        code, _, err = call(capsys, *flags, "--once")
        assert code == 9
        assert err.startswith("error: portfolio dev")
        assert f"process {bot.pid}" in err
        code, out, _ = call(capsys, "status", "--json")
        assert code == 0
        assert f"process {bot.pid}" in json.loads(out)["data"]["running"]
        bot.terminate()
        bot.communicate()


def test_lesson_24_another_time_zone_and_hash_seed_change_nothing(capsys, flags, tmp_path):
    outputs, heads = [], []
    for zone, seed in (("UTC", "1"), ("Pacific/Kiritimati", "2")):
        env = os.environ | {"TZ": zone, "PYTHONHASHSEED": seed}
        state = ("--state-dir", str(tmp_path / seed))
        done = shell(*flags, "--cycles", "150", *state, "--json", env=env)
        assert done.returncode == 0
        outputs.append([line for line in done.stdout.splitlines() if '"cycle"' in line])
        verified = call(capsys, "journal", "verify", *state, "--json")[1]
        heads.append(json.loads(verified)["data"]["head"])
    assert outputs[0][:-1] == outputs[1][:-1]
    assert len(outputs[0]) > 100
    assert heads[0] == heads[1]
