"""`--read NAME[=FILE]`: series that a run reads and does not trade."""

import pytest

from gpt_trader.app.reads import load_reads, parse_reads
from gpt_trader.errors import DataError, UsageError
from tests.market_files import rows_of, walk, write_rows

HOUR, DAY = 3_600_000, 86_400_000


@pytest.fixture
def days(tmp_path):
    return write_rows(tmp_path / "SOL-USD_1d.csv", rows_of(walk(40)))


def test_a_series_is_read_under_its_name(days):
    files = parse_reads([f"SOL-USD@1d={days}"])
    found = load_reads(files, None, None, HOUR)["SOL-USD@1d"]
    assert (len(found), found.product.product_id, found.interval_ms) == (40, "SOL-USD", DAY)
    cut = load_reads(files, None, int(found.time[9]), HOUR)["SOL-USD@1d"]
    assert len(cut) == 9


def test_one_without_an_interval_is_of_the_grid(days):
    assert len(load_reads(parse_reads([f"SOL-USD={days}"]), None, None, DAY)["SOL-USD"]) == 40
    with pytest.raises(DataError, match="SOL-USD is read, and"):
        load_reads(parse_reads([f"SOL-USD={days}"]), None, None, HOUR)


def test_one_without_a_file_is_of_the_store(tmp_path):
    assert parse_reads(["SOL-USD@1d"]) == {"SOL-USD@1d": None}
    with pytest.raises(DataError, match="SOL-USD"):
        load_reads({"SOL-USD@1d": None}, tmp_path, None, HOUR)


@pytest.mark.parametrize("text", ["", "=x.csv", "SOL-USD=", "SOL=x.csv", "SOL-USD@7h=x.csv"])
def test_what_names_no_series_is_refused(text):
    with pytest.raises(UsageError):
        parse_reads([text])


def test_a_name_is_given_once(days):
    with pytest.raises(UsageError, match="given twice"):
        parse_reads([f"SOL-USD={days}", "SOL-USD"])
