"""An eauth module for tests: a directory of users who are in groups."""

MEMBERS = {"anna": ["cn=web", "cn=staff"], "carl": ["cn=mail"], "dora": ["cn=staff"]}


def auth(username, password):
    return username in MEMBERS and password == "open sesame"


def groups(username, **kwargs):
    return MEMBERS[username]
