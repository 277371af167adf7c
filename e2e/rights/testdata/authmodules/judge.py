"""A module that only says what users of others may do, for eauth_acl_module."""


def acl(username, **kwargs):
    return ["test.ping", "@wheel"]
