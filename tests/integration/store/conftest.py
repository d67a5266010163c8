"""An S3 server for the session, a bucket for each test."""

from tests.support.s3 import bucket, s3_server

__all__ = ["bucket", "s3_server"]
