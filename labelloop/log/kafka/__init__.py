"""The log on Kafka: one topic for all projects. Services can run on many machines."""

from labelloop.log.kafka.log import KafkaLog
from labelloop.log.kafka.settings import KafkaSettings, read_settings
from labelloop.log.kafka.topics import has_topic

__all__ = ["KafkaLog", "KafkaSettings", "has_topic", "read_settings"]
