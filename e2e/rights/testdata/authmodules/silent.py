"""An eauth module for tests: acl() has nothing to say."""


def auth(username, password):
    return password == "open sesame"


def acl(username, **kwargs):
    return None
