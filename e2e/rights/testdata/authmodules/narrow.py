"""An eauth module for tests: acl() allows less than external_auth."""


def auth(username, password):
    return password == "open sesame"


def acl(username, **kwargs):
    return ["test.ping"]
