"""Where a topic of texts is, and where its partitions are read on."""

import pytest

from labelloop.errors import UserError
from labelloop.log.kafka.topic_reader import address_of, begin_at

ON_SQLITE = "sqlite:///log.sqlite"


def test_a_topic_is_on_the_cluster_of_its_address_or_by_its_name_on_that_of_the_log() -> None:
    settings, topic = address_of("kafka://a:1,b:2/mail.incoming", ON_SQLITE)
    assert (settings.servers, topic) == (("a:1", "b:2"), "mail.incoming")

    for log in ("kafka://c:3/labelloop", "kafka://c:3"):
        settings, topic = address_of("mail.incoming", log)
        assert (settings.servers, topic) == (("c:3",), "mail.incoming")


@pytest.mark.parametrize(
    ("named", "log"),
    [
        ("mail", ON_SQLITE),
        ("kafka://a:1", ON_SQLITE),
        ("kafka://a:1/", ON_SQLITE),
        ("kafka://a/mail", ON_SQLITE),
        ("mail/incoming", "kafka://c:3/labelloop"),
        ("", "kafka://c:3/labelloop"),
        ("m\x1bail", "kafka://c:3/labelloop"),
    ],
)
def test_what_names_no_topic_is_refused(named: str, log: str) -> None:
    with pytest.raises(UserError):
        address_of(named, log)


def test_a_partition_is_read_on_or_from_the_oldest_that_is_left() -> None:
    assert begin_at(5, oldest=0, end=9) == 5
    assert begin_at(9, oldest=0, end=9) == 9
    assert begin_at(5, oldest=7, end=9) == 7
    with pytest.raises(ValueError, match="9"):
        begin_at(10, oldest=0, end=9)
