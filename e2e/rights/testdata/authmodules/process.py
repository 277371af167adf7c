"""An eauth module for tests: process_acl() puts other rules in place of those of external_auth."""


def auth(username, password):
    return password == "open sesame"


def process_acl(auth_list, opts=None):
    return ["test.ping", "@wheel"]
