"""An eauth module for tests: its users have the rules of external_auth."""


def auth(username, password):
    return password == "open sesame"
