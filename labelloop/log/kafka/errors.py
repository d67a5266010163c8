"""Translate aiokafka's errors to labelloop's."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka import errors as kafka

from labelloop.errors import Unavailable, UserError, one_line
from labelloop.log.kafka.settings import KafkaSettings

REFUSED = (
    kafka.AuthenticationFailedError,
    kafka.SaslAuthenticationFailed,
    kafka.AuthenticationMethodNotSupported,
    kafka.UnsupportedSaslMechanismError,
    kafka.TopicAuthorizationFailedError,
    kafka.GroupAuthorizationFailedError,
    kafka.ClusterAuthorizationFailedError,
    kafka.TransactionalIdAuthorizationFailed,
)
TOO_LARGE = (kafka.MessageSizeTooLargeError, kafka.RecordTooLargeError)
FENCED = (
    kafka.ProducerFenced,
    kafka.InvalidProducerEpoch,
    kafka.InvalidProducerIdMapping,
    kafka.OutOfOrderSequenceNumber,
    kafka.IllegalOperation,
    kafka.ProducerClosed,
)


@contextmanager
def translated(settings: KafkaSettings) -> Iterator[None]:
    """Replace Kafka's errors by Unavailable, or by UserError if a retry cannot help."""
    try:
        yield
    except REFUSED as error:
        raise UserError(
            f"{settings.where} refuses this client ({_line(error)}): "
            "check LABELLOOP_KAFKA_SASL_… and what its ACLs allow"
        ) from error
    except TOO_LARGE as error:
        raise UserError(
            f"{settings.where} refuses so large an event ({_line(error)}): use smaller batches"
        ) from error
    except ssl.SSLCertVerificationError as error:
        raise UserError(
            f"{settings.where} has a certificate that is not trusted ({error.verify_message}): "
            "name the CA's certificate file in LABELLOOP_KAFKA_SSL_CAFILE"
        ) from error
    except (kafka.KafkaError, TimeoutError, OSError) as error:
        raise away(settings, _line(error)) from error


def away(settings: KafkaSettings, how: str) -> Unavailable:
    remedy = "start it, or check its address and the network; `labelloop doctor` checks them"
    return Unavailable(f"{settings.where} does not answer ({how})", settings.where, remedy)


def _line(error: BaseException) -> str:
    return one_line(error)[:300]
