"""Requests over plain HTTP, without the certificates, whose loading takes longer than a request."""

from functools import partial

import httpx

NO_TLS = False
"""`verify` of a client that speaks plain HTTP."""

get = partial(httpx.get, verify=NO_TLS)
post = partial(httpx.post, verify=NO_TLS)
