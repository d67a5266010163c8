"""Names and ids of projects."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.projects.create import default_name, new_id


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ("data/mail.csv", "mail"),
        ("SetFit/TREC-QC", "TREC-QC"),
        ("/saved/folder/", "folder"),
        ("v1.2.jsonl", "v1.2"),
        ("mail.csv.gz", "mail"),
    ],
)
def test_a_project_is_named_after_its_data_set(dataset: str, name: str) -> None:
    assert default_name(dataset) == name


@given(st.text())
def test_an_id_is_a_name_that_argilla_and_a_folder_take(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*-[0-9a-f]{6}", new_id(name))
    assert len(new_id(name)) < 100


def test_an_id_tells_its_name_and_is_another_each_time() -> None:
    assert new_id("Café Mails!").startswith("cafe-mails-")
    assert new_id("mail") != new_id("mail")
