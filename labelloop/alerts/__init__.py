"""Alerts: who gets them, and when."""

from labelloop.alerts.settings import ALERT, RULE, AlertSettings
from labelloop.alerts.targets import Message, Target, targets

__all__ = ["ALERT", "RULE", "AlertSettings", "Message", "Target", "targets"]
