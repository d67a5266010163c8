"""The log on Kafka: one topic for all projects, for services on many machines."""

from labelloop.log.kafka.log import KafkaLog
from labelloop.log.kafka.settings import KafkaSettings, read_settings

__all__ = ["KafkaLog", "KafkaSettings", "read_settings"]
