"""Exchange an API token as the Versatile Data Kit does.

usage: exchange_as_vdk.py URL, with the token on standard input; prints the
access token, or the error.
"""

import sys

from vdk.plugin.control_api_auth.auth_config import InMemoryCredentialsCache
from vdk.plugin.control_api_auth.auth_exception import VDKAuthException
from vdk.plugin.control_api_auth.authentication import Authentication

(url,) = sys.argv[1:]
auth = Authentication(
    token=sys.stdin.read().strip(),
    authorization_url=url,
    auth_type="api-token",
    credentials_cache=InMemoryCredentialsCache(),
)
try:
    auth.authenticate()
except VDKAuthException as e:
    sys.exit(str(e))
print(auth.read_access_token())
