"""Calls methods of /rpc, the API of SaltStack Config, with the standard library alone.

    from rpc import APIClient

    client = APIClient(server="https://salt.example.com:8000", csp_api_token="saltern_api_...")
    print(client.api.job.get_jobs().ret["count"])
    client.api.cmd.route_cmd(cmd="local", fun="test.ping", tgt={"*": {"tgt": "*", "tgt_type": "glob"}})

The resources and methods are those that the server describes (api.discover). The answer to a
call is a tuple (riq, ret, error, warnings); an error of a method is raised as an RPCError.
A call is sent once more when the server does not accept the login any more, which is before
it is carried out, and never otherwise.
"""

import collections
import ipaddress
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request

RPCResponse = collections.namedtuple("RPCResponse", "riq ret error warnings")

MAX_ANSWER = 64 << 20  # bytes


class RequestFailure(Exception):
    """The server answered a request with an error, or not at all."""

    def __init__(self, message, status=None):
        super().__init__(message)
        self.status = status


class AuthenticationFailure(RequestFailure):
    """The credential is not valid."""


class RPCError(Exception):
    """A method answered with an error. code, detail and message are those of the answer."""

    def __init__(self, error):
        if not isinstance(error, dict):
            error = {"message": str(error)}
        super().__init__(error.get("message"))
        self.message = error.get("message")
        self.code = error.get("code")
        self.detail = error.get("detail") or {}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A credential goes to no other place."""

    def redirect_request(self, *args, **kwargs):
        return None


class APIClient:
    """A client with an API token, or with a name and a password."""

    def __init__(self, server, username=None, password=None, config_name="internal", timeout=60,
                 csp_api_token=None, ssl_cert=None, ssl_context=None, ssl_validate_cert=True):
        self._server = server.rstrip("/")
        self._check_url()
        if (username is None) == (csp_api_token is None):
            raise ValueError("either username and password are needed, or csp_api_token")
        self._login = {"username": username, "password": password, "config_name": config_name, "token_type": "jwt"}
        self._api_token = csp_api_token
        self._timeout = timeout
        context = ssl_context or ssl.create_default_context(cafile=ssl_cert)
        if not ssl_validate_cert:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        handlers = [urllib.request.HTTPSHandler(context=context), _NoRedirect]
        if self._server.startswith("http:"):
            handlers.append(urllib.request.ProxyHandler({}))  # a proxy would read the credentials
        self._opener = urllib.request.build_opener(*handlers)
        self._riq = 0
        self._bearer = None
        self.api = _API(self, self.call("api", "discover").ret)

    def call(self, resource, method, args=(), kwarg=None):
        """Calls a method by its name, with positional arguments or keywords."""
        self._riq += 1
        body = {"resource": resource, "method": method, "riq": self._riq, "kwarg": kwarg or {}}
        if args:
            body["arg"] = list(args)
        if self._bearer is None:
            self._sign_in()
        try:
            answer = self._post(body)
        except AuthenticationFailure:
            self._sign_in()
            answer = self._post(body)
        response = RPCResponse(answer.get("riq"), answer.get("ret"), answer.get("error"), answer.get("warnings") or [])
        if response.error:
            raise RPCError(response.error)
        return response

    def _check_url(self):
        try:
            parts = urllib.parse.urlsplit(self._server)
        except ValueError:
            raise ValueError("the URL of the server cannot be read") from None  # the cause may quote a password
        if set(self._server) & set("@?#"):
            raise ValueError("the URL of the server has more than a host and a path")
        if parts.scheme == "https" and parts.hostname:
            return
        try:
            loopback = parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
        except ValueError:
            loopback = False
        if parts.scheme != "http" or not loopback:
            raise ValueError("the server is not a URL of https")

    def _post(self, body):
        return self._send("/rpc", json.dumps(body).encode(), "application/json", {"Authorization": "Bearer " + self._bearer})[0]

    def _sign_in(self):
        self._bearer = None
        if self._api_token is not None:
            form = urllib.parse.urlencode({"api_token": self._api_token}).encode()
            path = "/csp/gateway/am/api/auth/api-tokens/authorize"
            try:
                self._bearer = self._send(path, form, "application/x-www-form-urlencoded", {})[0]["access_token"]
            except RequestFailure as e:
                raise AuthenticationFailure("the API token is not valid", e.status) if e.status in (400, 401) else e
            return
        xsrf = self._send("/account/login", None, None, {})[1].get("X-XSRFTOKEN") or ""
        headers = {"X-Xsrftoken": xsrf, "Cookie": "_xsrf=" + xsrf}
        self._bearer = self._send("/account/login", json.dumps(self._login).encode(), "application/json", headers)[0]["jwt"]

    def _send(self, path, body, kind, headers):
        """Sends a request, and returns the answer, which is a JSON object or nothing, and its headers."""
        request = urllib.request.Request(self._server + path, data=body, headers={"Accept": "application/json", **headers})
        if kind:
            request.add_header("Content-Type", kind)
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                text, answered = response.read(MAX_ANSWER + 1), response.headers
        except urllib.error.HTTPError as e:
            e.close()
            failure = AuthenticationFailure if e.code == 401 else RequestFailure
            raise failure("the server answered %d %s" % (e.code, e.reason), e.code) from None
        except urllib.error.URLError as e:
            raise RequestFailure("the server cannot be reached: %s" % e.reason) from None
        if len(text) > MAX_ANSWER:
            raise RequestFailure("the answer is larger than %d bytes: ask for less at once" % MAX_ANSWER)
        if not text:
            return {}, answered
        try:
            answer = json.loads(text)
        except ValueError:
            raise RequestFailure("the answer is not JSON") from None
        if not isinstance(answer, dict):
            raise RequestFailure("the answer is not an object")
        return answer, answered


class _API:
    """The resources that a server describes, each with its methods."""

    def __init__(self, client, described):
        for resource, methods in described.items():
            setattr(self, resource, _Resource(client, resource, methods))


class _Resource:
    def __init__(self, client, resource, methods):
        self.__doc__ = methods.get("__doc__")
        for name, about in methods.items():
            if not name.startswith("_"):
                setattr(self, name, _method(client, resource, name, about))


def _method(client, resource, name, about):
    def method(*args, **kwarg):
        return client.call(resource, name, args, kwarg)

    detailed = about.get("detailed", {})
    method.__name__ = name
    method.__doc__ = "%s%s\n\n%s" % (name, detailed.get("signature", ""), detailed.get("doc", ""))
    return method
