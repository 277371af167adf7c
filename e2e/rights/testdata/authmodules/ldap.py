"""An eauth module for tests: process_acl() expands OUs, as that of Salt does with a directory."""


def auth(username, password):
    return password == "open sesame"


def process_acl(auth_list, opts=None):
    expanded = []
    for entry in auth_list:
        if isinstance(entry, dict) and "ldap(OU=web)" in entry:
            entry = {"web1": entry["ldap(OU=web)"]}
        expanded.append(entry)
    return expanded
