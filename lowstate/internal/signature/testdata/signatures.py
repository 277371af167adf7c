"""
Prints, as JSON, the signatures of a Salt's own runner functions as
salt.minion.load_args_and_kwargs looks at them: the names of the arguments,
and whether the function takes any others beside (**kwargs).

Run it by the Python that has the Salt.
"""

import json
import os
import sys
import tempfile

import salt.config
import salt.loader
import salt.utils.args

with tempfile.TemporaryDirectory() as root:
    opts = salt.config.master_config(os.path.join(root, "master"))
    opts["cachedir"] = opts["extension_modules"] = root
    signatures = {}
    for name, function in salt.loader.runner(opts).items():
        spec = salt.utils.args.get_function_argspec(function)
        signatures[name] = {"args": list(spec.args), "any": bool(spec.keywords)}
json.dump(signatures, sys.stdout)
