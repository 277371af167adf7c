"""An eauth module for tests: acl() allows more than external_auth, to who has the password."""


def auth(username, password):
    return password == "open sesame"


def acl(username, **kwargs):
    return [".*", "@runner", "@wheel"] if kwargs["password"] == "open sesame" else []
