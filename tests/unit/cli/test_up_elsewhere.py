"""`labelloop up` where people answer in another oracle than Argilla."""

from pathlib import Path

from tests.support.command import error_line, labelloop


def test_argilla_is_not_started_where_another_oracle_is_chosen(tmp_path: Path) -> None:
    home = tmp_path / "home"

    told = error_line(labelloop("up", "--home", home, environment={"LABELLOOP_ORACLE": "office"}))

    assert told.startswith("LABELLOOP_ORACLE is office")
    assert not home.exists()
