"""The log on Kafka: one topic for all projects. Services can run on many machines."""

import logging

from labelloop.log.kafka.log import KafkaLog
from labelloop.log.kafka.settings import KafkaSettings, read_settings
from labelloop.log.kafka.topics import create_topic, exists

# What aiokafka says of every try is said once, by those who wait.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

__all__ = ["KafkaLog", "KafkaSettings", "create_topic", "exists", "read_settings"]
